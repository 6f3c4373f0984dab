// smcp policy test: tries what a policy is expected to decide, for people and their CI. Changes nothing.

import { basename, dirname, join } from 'node:path';
import { rfc3339 } from '#base/clock.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { visible, visibleJson, visibleLines } from '#base/visible.ts';
import type { TestedExpectation } from '#policy/review/test-policy.ts';
import { type Command, EXIT, text } from './command.ts';
import { readGiven } from './read-given.ts';
import { plural } from './render.ts';
import { findingLines } from './render-findings.ts';
import { PLUGINS_OPTION, toolsOfToday } from './tools-of-today.ts';

export const policyTestCommand: Command = {
  words: ['policy', 'test'],
  arguments: ['FILE'],
  options: {
    expectations: {
      type: 'string',
      placeholder: 'FILE',
      help: 'what is expected; beside the policy if absent: policy.test.yaml for policy.yaml',
    },
    plugins: PLUGINS_OPTION,
  },
  summary: 'Tries what a policy is expected to decide, as a file beside it says: a list of calls with decisions.',
  isLocal: true,
  run: async (context, input) => {
    const file = input.positionals[0] ?? '';
    const beside = text(input, 'expectations') ?? besideOf(file);
    const texts = {
      policy: readGiven(file, LIMITS.policyBytesMax),
      expectations: readGiven(beside, LIMITS.policyBytesMax),
    };
    const { createPolicyTester } = await import('#policy/review/test-policy.ts');
    const { policyFindings, findings, results } = createPolicyTester()(texts, await toolsOfToday(context, input));
    const failed = results.filter(({ isMet }) => !isMet);
    const isGood =
      failed.length === 0 && [...policyFindings, ...findings].every(({ severity }) => severity !== 'error');
    const answer = {
      ok: isGood,
      passed: results.length - failed.length,
      failed: failed.length,
      policyFindings,
      findings,
      results: results.map((result) => resultView(result)),
    };
    context.print(answer as unknown as Json, () =>
      [
        ...findingLines(file, policyFindings),
        ...findingLines(beside, findings),
        ...failed.map((result) => failureText(beside, result)),
        results.length === 0
          ? 'nothing was tried\n'
          : `${plural(results.length - failed.length, 'expectation')} met, ${failed.length} not\n`,
      ].join(''),
    );
    return isGood ? EXIT.done : EXIT.invalid;
  },
};

/** `policy.test.yaml` for `policy.yaml`. */
function besideOf(file: string): string {
  const name = basename(file).replace(/\.(ya?ml|json)$/, '');
  return join(dirname(file), `${name}.test.yaml`);
}

function resultView({ atMs, rule, decidedBy, remedy, ...result }: TestedExpectation) {
  return {
    ...result,
    at: atMs === undefined ? null : rfc3339(atMs),
    expectedRule: rule ?? null,
    rule: decidedBy,
    remedy: remedy ?? null,
  };
}

/** What was asked and expected, and the decision explained. */
function failureText(file: string, result: TestedExpectation): string {
  const { line, column, agent, tool, args, expect, rule, why, decision, decidedBy, reason, remedy } = result;
  const expected = rule === undefined ? expect : `${expect} (${visible(rule)})`;
  return [
    `${visible(file)}:${line}:${column}: ${visible(agent)} ${visible(tool)} ${visibleJson(args)}\n`,
    why === undefined ? '' : `  for: ${visible(why)}\n`,
    `  expected ${expected}, got ${decision} (${visible(decidedBy)}): ${visible(reason)}\n`,
    remedy === undefined ? '' : indented(visibleLines(remedy)),
  ].join('');
}

const indented = (lines: string): string => lines.replace(/^(?=.)/gm, '  ');
