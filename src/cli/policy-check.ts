// smcp policy check: reads a policy as the server would, and changes nothing.

import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visible } from '#base/visible.ts';
import { type Command, EXIT } from './command.ts';
import { readGiven } from './read-given.ts';
import { findingLines } from './render-findings.ts';
import { PLUGINS_OPTION, toolsOfToday } from './tools-of-today.ts';

export const policyCheckCommand: Command = {
  words: ['policy', 'check'],
  arguments: ['FILE'],
  options: {
    plugins: PLUGINS_OPTION,
  },
  summary: 'Checks a policy file: errors and warnings, each with line and column.',
  isLocal: true,
  run: async (context, input) => {
    const { print } = context;
    const file = input.positionals[0] ?? '';
    const { createPolicyChecker } = await import('#policy/check-policy.ts');
    const tools = await toolsOfToday(context, input);
    const findings = createPolicyChecker()(readGiven(file, LIMITS.policyBytesMax), tools);
    const isGood = findings.every(({ severity }) => severity !== 'error');
    print({ ok: isGood, findings } as unknown as Json, () =>
      [...findingLines(file, findings), isGood ? `${visible(file)} is a valid policy\n` : ''].join(''),
    );
    return isGood ? EXIT.done : EXIT.invalid;
  },
};
