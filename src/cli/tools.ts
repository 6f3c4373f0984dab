// smcp tools: what an agent sees.

import { isJsonObject, type Json } from '#base/json.ts';
import { visible } from '#base/visible.ts';
import { type Command, EXIT } from './command.ts';
import { withMcpClient } from './mcp-client.ts';
import { table } from './render.ts';

export const toolsCommand: Command = {
  words: ['tools'],
  arguments: [],
  options: {
    agent: { type: 'string', placeholder: 'NAME', help: 'as this agent; may be left out when there is only one' },
  },
  summary: 'Lists the tools that an agent may call, as it sees them.',
  isLocal: false,
  run: async (context, input) => {
    const { tools } = await withMcpClient(context, input, (client) => client.listTools());
    const rows = tools.map(({ name, description, inputSchema, _meta }) => ({
      name,
      description: description ?? '',
      inputSchema: inputSchema as Json,
      effect: isJsonObject(_meta) && typeof _meta['smcp/effect'] === 'string' ? _meta['smcp/effect'] : 'write',
    }));
    context.print(rows, () =>
      table(
        rows.map(({ name, effect, description }) => [visible(name), effect, visible(description)]),
        'no tools: the policy grants this agent none',
      ),
    );
    return EXIT.done;
  },
};
