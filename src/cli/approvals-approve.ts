// smcp approvals approve: shows the whole request, and lets exactly that call begin. **Trust:** arguments are an agent's words:
// what is invisible in them is made visible.

import type { JsonObject } from '#base/json.ts';
import { ADMIN_PREFIX } from '#operations/operation.ts';
import { findServer, requestJson } from './admin-client.ts';
import { saysYes } from './ask-person.ts';
import { type Command, EXIT, text } from './command.ts';
import { object, str } from './render.ts';
import { requestText, sizeOf } from './render-approvals.ts';

export const approvalsApproveCommand: Command = {
  words: ['approvals', 'approve'],
  arguments: ['ID'],
  options: {
    digest: { type: 'string', placeholder: 'D', help: 'approves only what this digest names, as it was shown before' },
    yes: { type: 'boolean', help: 'approves what is shown without asking' },
  },
  summary: 'Shows a call that waits to be approved, and lets exactly this one begin.',
  isLocal: false,
  run: async ({ home, isJson, terminal, print }, input) => {
    const path = `${ADMIN_PREFIX}/approvals/${encodeURIComponent(input.positionals[0] ?? '')}`;
    const given = text(input, 'digest');
    const server = await findServer(home, terminal);
    const request = object(await requestJson(server, 'GET', path));
    if (!isJson) terminal.out(requestText(request));
    // Whoever gives the command by a script has looked before: an id is of one call for ever.
    const canAsk = !isJson && process.stdin.isTTY && request['state'] === 'pending';
    const isSure = given !== undefined || input.options['yes'] === true || !canAsk;
    if (!isSure && !(await saysYes(questionOf(request)))) {
      terminal.err('not approved\n');
      return EXIT.no;
    }
    const answer = await requestJson(server, 'POST', `${path}/approve`, { digest: given ?? String(request['digest']) });
    print(answer, () => `approved: ${String(object(answer)['id'])}\n`);
    return EXIT.done;
  },
};

/** With what may have scrolled out of sight. */
function questionOf({ agent, tool, shown }: JsonObject): string {
  const size = typeof shown === 'string' ? ` with ${sizeOf(shown)} of arguments` : '';
  return `Approve exactly this: ${str(agent)} calls ${str(tool)}${size}? [y/N] `;
}
