// smcp call: one tool call, as an agent.

import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { visible } from '#base/visible.ts';
import { type Command, EXIT, text } from './command.ts';
import { withMcpClient } from './mcp-client.ts';
import { readJsonOption } from './operation-command.ts';

export const callCommand: Command = {
  words: ['call'],
  arguments: ['TOOL'],
  options: {
    args: { type: 'string', placeholder: 'JSON|@FILE', help: 'the arguments, a JSON object; {} if absent' },
    agent: { type: 'string', placeholder: 'NAME', help: 'as this agent; may be left out when there is only one' },
  },
  summary: 'Calls a tool as an agent, through the policy, the sandbox and the log.',
  isLocal: false,
  run: async (context, input) => {
    const args = readJsonOption('args', text(input, 'args') ?? '{}');
    const result = await withMcpClient(context, input, async (client) => {
      try {
        return await client.callTool({ name: input.positionals[0] ?? '', arguments: args });
      } catch (thrown) {
        throw protocolError(thrown);
      }
    });
    context.print(result as unknown as Json, () =>
      result.content
        .map((item) =>
          item.type === 'text' ? `${item.text.split('\n').map(visible).join('\n')}\n` : `[${item.type}]\n`,
        )
        .join(''),
    );
    return result.isError === true ? EXIT.no : EXIT.done;
  },
};

/** A JSON-RPC error carries our code in its data. */
function protocolError(thrown: unknown): unknown {
  const data = (thrown as { data?: { code?: unknown; details?: { remedy?: unknown } } } | null)?.data;
  if (data?.code !== 'TOOL_UNKNOWN') return thrown;
  return new SmcpError('TOOL_UNKNOWN', 'no tool has this name', { details: { remedy: 'see smcp tools' } });
}
