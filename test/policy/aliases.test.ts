// Aliases tie what stands at two places together. No rules of one agent may be another's by one: a person's, or a command's,
// next edit would be of both.

import { describe, expect, test } from 'vitest';
import { parseYaml } from '#base/yaml.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { NOW_MS } from './policies.ts';

const check = createPolicyChecker();
const errors = (text: string) =>
  check(text, [], NOW_MS)
    .filter(({ severity }) => severity === 'error')
    .map(({ line, column, message }) => `${line}:${column} ${message}`);

const MESSAGE = 'an alias may stand for a text only: whoever edits these rules would edit those of others';
const GRANT = 'grants: [{ tools: ["demo_text__*"] }]';

describe('an alias is refused that stands for', () => {
  test.each([
    ['an agent', `agents:\n  athena: &reader\n    ${GRANT}\n  boreas: *reader\n`, '5:11'],
    ['all agents', `roles: &all\n  reader: {}\nagents: *all\n`, '4:9'],
    ['an agent, in a role', `agents:\n  athena: &a {}\nroles:\n  reader: *a\n`, '5:11'],
    ['grants', `agents:\n  athena:\n    grants: &g []\n  boreas:\n    grants: *g\n`, '6:13'],
    ['tools', `roles:\n  reader:\n    grants: [{ tools: &t [x] }]\nagents:\n  a:\n    deny: [{ tools: *t }]\n`, '7:21'],
  ])('%s, and the place is told', (_what, rest, at) => {
    expect(errors(`version: 1\n${rest}`)).toEqual([`${at} ${MESSAGE}`]);
  });

  // The trap, sprung: read as YAML means it, one edit would have given both.
  test('an agent, since an edit of the one is an edit of the other (control)', () => {
    const text = `version: 1\nagents:\n  athena: &reader\n    ${GRANT}\n  boreas: *reader\n`;
    const outcome = parseYaml(text.replace('demo_text__*', '*'));
    const all = { grants: [{ tools: ['*'] }] };
    expect(outcome).toMatchObject({ document: { value: { agents: { athena: all, boreas: all } } } });
  });
});

test('an alias for a text is taken, and an anchor that nothing stands for', () => {
  const rules = (first: string, second: string) =>
    `version: 1\nagents:\n  athena: &a { grants: [{ tools: [x], when: ${first} }, { tools: [y], when: ${second} }] }\n`;
  const when = 'args.text.size() < 100';
  expect(errors(rules(`&short ${when}`, '*short'))).toEqual([]);
});
