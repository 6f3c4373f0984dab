// smcp policy import-profiles: takes over the profiles of the Python SMCP's governor. Writes a policy, and puts nothing in force.

import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visible } from '#base/visible.ts';
import { readAgentName } from '#operations/known.ts';
import { type Command, EXIT, text } from './command.ts';
import { readGiven } from './read-given.ts';
import { findingLines } from './render-findings.ts';
import { writeOut } from './write-out.ts';

export const policyImportProfilesCommand: Command = {
  words: ['policy', 'import-profiles'],
  arguments: ['FILE'],
  options: {
    agent: { type: 'string', multiple: true, placeholder: 'NAME', help: 'an agent that gets the default profile' },
    out: { type: 'string', placeholder: 'FILE', help: 'where to write the policy; standard output if absent' },
  },
  summary:
    "Makes a policy of the Python SMCP's profiles (modes all, prefix, glob, explicit), and tells what it leaves out.",
  isLocal: true,
  run: async (context, input) => {
    const file = input.positionals[0] ?? '';
    const named = Array.isArray(input.options['agent']) ? input.options['agent'].map(readAgentName) : [];
    const { importProfiles } = await import('#policy/import-profiles.ts');
    const { policy, findings } = importProfiles(readGiven(file, LIMITS.policyBytesMax), [...new Set(named)]);
    const isWhole = findings.every(({ severity }) => severity !== 'error');
    const out = text(input, 'out');
    if (policy !== undefined && out !== undefined) writeOut(out, policy);
    if (!context.isJson) context.terminal.err(findingLines(file, findings).join(''));
    context.print({ ok: isWhole, policy: policy ?? null, findings } as unknown as Json, () =>
      out === undefined || policy === undefined ? (policy ?? '') : `wrote ${visible(out)}\n`,
    );
    return isWhole ? EXIT.done : EXIT.invalid;
  },
};
