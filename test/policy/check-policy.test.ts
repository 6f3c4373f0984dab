import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { NOW_MS } from './policies.ts';

const checkPolicyText = createPolicyChecker();

const TOOLS = [
  {
    name: 'devops__deploy',
    inputSchema: {
      type: 'object',
      required: ['environment'],
      properties: {
        environment: { type: 'string' },
        replicas: { type: 'integer' },
        ratio: { type: 'number' },
        target: {
          type: 'object',
          required: ['host'],
          properties: { host: { type: 'string' }, port: { type: 'integer' } },
        },
      },
    } as JsonObject,
  },
  {
    name: 'demo_text__echo',
    inputSchema: { type: 'object', required: ['text'], properties: { text: {} } } as JsonObject,
  },
  { name: 'any__thing', inputSchema: { type: 'object', additionalProperties: true } as JsonObject },
  { name: 'smcp__queue_flush', inputSchema: { type: 'object' } as JsonObject },
];

const check = (text: string) =>
  checkPolicyText(text, TOOLS, NOW_MS).map(
    ({ severity, line, column, message, remedy }) => `${line}:${column} ${severity}: ${message} (${remedy})`,
  );

const grant = (...lines: string[]) =>
  `version: 1\nagents:\n  athena:\n    grants:\n      - ${lines.join('\n        ')}\n`;
const deploy = (when: string) => grant('tools: ["devops__deploy"]', `when: ${when}`);

describe('an error names line, column and what would do', () => {
  test.each<[string, string, string]>([
    ['a syntax error', 'version: 1\nagents: [\n', '3:1 error: '],
    [
      'a duplicate key',
      'version: 1\nagents: {}\nagents: {}\n',
      '3:1 error: the key "agents" is there twice (remove one)',
    ],
    ['a misspelt key', 'version: 1\nagent: {}\n', '2:1 error: unknown key "agent" (did you mean "agents"?)'],
    [
      'a strange key',
      'version: 1\nxyzzy: {}\n',
      '2:1 error: unknown key "xyzzy" (the keys here are: $schema, version, defaults, budgets, roles, people, require, deny, labels, shares, agents)',
    ],
    [
      'a misspelt kind',
      grant('tools: ["a__b"]', 'capabilities: { secret: [] }'),
      '6:25 error: unknown key "secret" (did you mean "secrets"?)',
    ],
    [
      'a circle of roles',
      'version: 1\nroles:\n  a: { roles: [b] }\n  b: { roles: [a] }\n',
      '3:8 error: a role has no roles of its own (give each agent all of its roles, under agents.NAME.roles)',
    ],
    [
      'a misspelt role',
      'version: 1\nroles: { reader: {} }\nagents: { athena: { roles: [raeder] } }\n',
      '3:29 error: unknown role "raeder" (did you mean "reader"?)',
    ],
    [
      'a role where there are none',
      'version: 1\nagents: { athena: { roles: [reader] } }\n',
      '2:29 error: unknown role "reader" (there are no roles; add it under roles)',
    ],
    [
      'approval by nobody that there is',
      grant('tools: ["a__b"]', 'approval: { ttl: 15m, by: [approver] }'),
      '6:19 error: 1 person has to approve, and 0 may (name more of them in by, or add approvers under people)',
    ],
    [
      'a pattern that is none',
      grant('tools: ["a__[b]"]'),
      "5:17 error: this is not allowed here (expected: A tool's full name, such as demo_math__calculate, or a pattern such as demo_math__*; `*` is the only sign.)",
    ],
    [
      'an id that is used twice',
      `${grant('tools: ["devops__deploy"]', 'id: x')}      - { id: x, tools: ["devops__deploy"] }\n`,
      '7:15 error: the id "x" is used twice, first at /agents/athena/grants/0/id (choose another id: records name a rule by it)',
    ],
    [
      'the id that stands for no rule',
      grant('tools: ["a__b"]', 'id: default-deny'),
      '6:13 error: "default-deny" stands for no rule at all (choose another id)',
    ],
    [
      'a day that is none',
      grant('tools: ["a__b"]', 'expires: 2027-02-30T00:00:00Z'),
      '6:18 error: there is no such time (write it as 2027-01-01T00:00:00Z)',
    ],
    [
      'an hour that is none',
      grant('tools: ["a__b"]', 'expires: 2027-02-20T25:00:00Z'),
      '6:18 error: there is no such time (write it as 2027-01-01T00:00:00Z)',
    ],
    [
      'a timeout beyond the bound',
      'version: 1\ndefaults: { timeout: 11m }\n',
      '2:22 error: a call may run for 10 minutes at most (write a shorter time, such as 30s)',
    ],
    [
      'an approval that lives too short a time',
      grant('tools: ["a__b"]', 'approval: { ttl: 9s }'),
      '6:26 error: an approval lives for 10 seconds at least and 7 days at most (write a time between, such as 15m)',
    ],
    [
      'an approval that lives too long',
      grant('tools: ["a__b"]', 'approval: { ttl: 8d }'),
      '6:26 error: an approval lives for 10 seconds at least and 7 days at most (write a time between, such as 15m)',
    ],
    [
      'a wait that is too long',
      grant('tools: ["a__b"]', 'approval: { ttl: 1d, wait: 16m }'),
      '6:36 error: a call waits for 15 minutes at most (write a shorter time: the request stays for as long as ttl says)',
    ],
    [
      'a port that is none',
      grant('tools: ["a__b"]', 'capabilities: { net: ["a.b:70000"] }'),
      '6:31 error: there is no such port (1 to 65535)',
    ],
    [
      'a condition of broken CEL',
      deploy('args.x == 1 &&'),
      '6:27 error: in the condition: found & but expecting end of input',
    ],
    [
      'a condition with an unknown variable',
      deploy('"arg.x == 1"'),
      '6:15 error: in the condition: there is no variable "arg" (did you mean args?)',
    ],
    [
      'a condition with an unknown function',
      deploy("'args.x.startWith(agent)'"),
      '6:22 error: in the condition: there is no function "startWith" (did you mean startsWith?)',
    ],
  ])('%s', (_what, text, expected) => {
    const found = check(text);
    expect(found[0]).toContain(expected);
    expect(found.every((finding) => finding.includes(' error: '))).toBe(true);
  });

  test('and all of them, in the order of the text', () => {
    const found = check('version: 1\nagent: {}\ndeny:\n  - tols: []\nagents:\n  Athena: {}\n');
    expect(found.map((finding) => finding.split(' ')[0])).toEqual(['2:1', '4:5', '6:3']);
  });

  test('with a bound', () => {
    const found = check(`version: 1\n${Array.from({ length: 1_000 }, (_, n) => `key${n}: 1`).join('\n')}\n`);
    expect(found).toHaveLength(LIMITS.policyFindingsMax);
    expect(check(`version: 1\n#${'x'.repeat(LIMITS.policyBytesMax)}`)[0]).toContain('at most 1048576 bytes');
  });

  test('with names that may be meant for the first ones only: comparing every name with every other took minutes', () => {
    const roles = Array.from({ length: 1_500 }, (_, n) => `  role${n}: {}`);
    const agents = Array.from({ length: 300 }, (_, n) => `  a${n}: { roles: [rolle1, role1400] }`);
    const found = check(`version: 1\nroles:\n${roles.join('\n')}\nagents:\n${agents.join('\n')}\n`);
    expect(found).toHaveLength(LIMITS.policyFindingsMax);
    expect(found.filter((finding) => finding.includes('did you mean'))).toHaveLength(LIMITS.policySuggestionsMax);
    expect(found.at(0)).toContain('did you mean "role1"?');
    expect(found.at(-1)).toContain('unknown role "rolle1" (the roles are: role0, ');
    // A name far down the list is not looked at, and is no error where it is written right.
    expect(found.filter((finding) => finding.includes('role1400'))).toEqual([]);
  });
});

describe('a warning tells what is probably not meant', () => {
  test.each<[string, string, string]>([
    [
      'a pattern that matches nothing today',
      grant('tools: ["devops__deploy", "devop__*"]'),
      '5:35 warning: no tool of today is matched by "devop__*"',
    ],
    [
      'a misspelt name of an admin tool, or of one that is left to people',
      grant('tools: ["devops__deploy", "smcp__queue_flsh"]'),
      '5:35 warning: no tool of today is matched by "smcp__queue_flsh" (smcp docs lists the tools that can be granted; some acts are left to people)',
    ],
    [
      'an expired grant',
      grant('tools: ["devops__deploy"]', 'expires: 2026-11-22T10:00:00Z'),
      '6:18 warning: this grant has expired and gives nothing',
    ],
    [
      'an expired deny',
      'version: 1\ndeny:\n  - tools: ["devops__*"]\n    expires: 2026-01-01T00:00:00Z\n',
      '4:14 warning: this deny has expired and denies nothing',
    ],
    [
      'a grant behind one that covers it',
      `${grant('tools: ["devops__*"]')}      - tools: ["devops__deploy"]\n`,
      '6:9 warning: this grant is never reached: /agents/athena/grants/0 has always decided before it',
    ],
    [
      'a grant that is denied anyway',
      `${grant('tools: ["devops__deploy"]')}deny:\n  - tools: ["devops__*"]\n`,
      '5:9 warning: this grant is never reached: /deny/0 has always denied before it',
    ],
    [
      'a grant that a role of its agent denies',
      'version: 1\nroles: { r: { deny: [{ tools: ["devops__*"] }] } }\nagents:\n  athena: { roles: [r], grants: [{ tools: ["devops__deploy"] }] }\n',
      '4:34 warning: this grant is never reached: /roles/r/deny/0 has always denied before it (remove one of the two)',
    ],
    [
      'two agents that may approve calls, neither of which approves the other’s',
      'version: 1\nroles: { r: { grants: [{ tools: ["smcp__*"] }] } }\nagents:\n  athena: { roles: [r] }\n  bea: { grants: [{ tools: ["smcp__*"] }] }\n',
      '5:8 warning: 2 agents may approve calls (athena, bea): none of them can approve those of another, only people can (grant smcp__approvals_approve to one agent that a person drives, or to none)',
    ],
    [
      'a property that the schema lacks',
      deploy('args.enviroment == "x"'),
      '6:19 warning: the schema has no args.enviroment (devops__deploy) (did you mean environment?)',
    ],
    [
      'a nested property that the schema lacks',
      deploy('has(args.target) && args.target.hst == "x"'),
      '6:46 warning: the schema has no args.target.hst (devops__deploy) (did you mean host?)',
    ],
    [
      'an optional property without has()',
      deploy('args.replicas <= 3'),
      '6:19 warning: args.replicas is optional: a call without it makes the condition fail (devops__deploy) (write has(args.replicas) && … where the call may be without it)',
    ],
    [
      'arithmetic of mixed types',
      deploy('has(args.ratio) && args.ratio + 1 > 2.0'),
      '6:45 warning: + does not mix double and int (devops__deploy)',
    ],
    [
      'a remainder of doubles',
      deploy('has(args.ratio) && args.ratio % 2.0 == 0.0'),
      '6:45 warning: % is not defined for doubles (devops__deploy)',
    ],
  ])('%s', (_what, text, expected) => {
    const found = check(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  test.each<[string, string]>([
    ['a property that is required', deploy('args.environment == "staging"')],
    ['an optional property behind has()', deploy('has(args.replicas) && args.replicas + 1 <= 3')],
    ['an optional property behind in', deploy('\'"replicas" in args && args.replicas <= 3\'')],
    ['a double with a double', deploy('has(args.ratio) && args.ratio * 2.0 > 1.0')],
    ['any property of a tool that takes any', grant('tools: ["any__thing"]', 'when: args.x == 1')],
    ['a conditional grant before a broader one', `${deploy('args.environment == "x"')}      - tools: ["devops__*"]\n`],
    ['the server’s own tools', grant('tools: ["smcp__queue_*", "smcp__queue_flush"]')],
  ])('and is silent about %s', (_what, text) => {
    expect(check(text)).toEqual([]);
  });
});
