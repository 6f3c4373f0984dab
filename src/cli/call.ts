// smcp call: one tool call, as an agent.

import type { Json } from '#base/json.ts';
import { visibleLines } from '#base/visible.ts';
import { type Command, EXIT, text } from './command.ts';
import { withMcpClient } from './mcp-client.ts';
import { readJsonOption } from './operation-command.ts';

export const callCommand: Command = {
  words: ['call'],
  arguments: ['TOOL'],
  options: {
    args: { type: 'string', placeholder: 'JSON|@FILE', help: 'the arguments, a JSON object; {} if absent' },
    agent: { type: 'string', placeholder: 'NAME', help: 'as this agent; may be left out when there is only one' },
    'idempotency-key': {
      type: 'string',
      placeholder: 'K',
      help: 'a name for this call: the same key again gives its answer again, and runs nothing',
    },
    approval: { type: 'string', placeholder: 'ID', help: 'the request for approval that lets this very call through' },
  },
  summary: 'Calls a tool as an agent, through the policy, the sandbox and the log.',
  isLocal: false,
  run: async (context, input) => {
    const args = readJsonOption('--args', text(input, 'args') ?? '{}');
    const key = text(input, 'idempotency-key');
    const approval = text(input, 'approval');
    const meta = {
      ...(key === undefined ? {} : { 'smcp/idempotencyKey': key }),
      ...(approval === undefined ? {} : { 'smcp/approval': approval }),
    };
    const result = await withMcpClient(context, input, (client) =>
      client.callTool({ name: input.positionals[0] ?? '', arguments: args, _meta: meta }),
    );
    context.print(result as unknown as Json, () =>
      result.content.map((item) => (item.type === 'text' ? visibleLines(item.text) : `[${item.type}]\n`)).join(''),
    );
    return result.isError === true ? EXIT.no : EXIT.done;
  },
};
