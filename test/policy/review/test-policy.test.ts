import { describe, expect, test } from 'vitest';
import { createPolicyTester } from '#policy/review/test-policy.ts';
import { NOW_MS } from '#test/policy/policies.ts';

const POLICY = `
version: 1
agents:
  athena:
    grants:
      - { id: small, tools: ["demo_math__add"], when: args.n + 1 < 10 }
      - { id: until, tools: ["demo_text__*"], expires: 2027-01-01T00:00:00Z }
    deny:
      - { id: no-deletes, tools: ["*__delete"], why: deletions are done by hand }
`;
const TOOLS = [
  { name: 'demo_math__add', inputSchema: { type: 'object', properties: { n: { type: 'integer' } } } },
  { name: 'demo_text__echo', inputSchema: { type: 'object' } },
];
const tester = createPolicyTester();
const tried = (expectations: string, policy = POLICY) => tester({ policy, expectations }, TOOLS, NOW_MS);

describe('what is expected of a policy', () => {
  test('is met where the decision is that, by that rule where one is named', () => {
    const { results, findings } = tried(`
- { agent: athena, tool: demo_math__add, args: { n: 1 }, expect: allow, rule: small }
- { agent: athena, tool: demo_math__add, args: { n: 9 }, expect: deny }
- { agent: athena, tool: files__delete, expect: deny, rule: no-deletes }
- { agent: athena, tool: demo_text__echo, expect: allow }
- { agent: athena, tool: demo_text__echo, expect: deny, at: 2027-01-01T00:00:00Z }
`);
    expect(findings).toEqual([]);
    expect(results.map(({ isMet }) => isMet)).toEqual([true, true, true, true, true]);
  });

  test('is tried after labels, with the sinks of the tools of today', () => {
    const policy = `${POLICY}      - { id: no-leak, sink: external, after: [private] }\n`;
    const tools = TOOLS.map((tool) => ({ ...tool, sinks: tool.name === 'demo_text__echo' ? ['external'] : [] }));
    const expectations = `
- { agent: athena, tool: demo_text__echo, labels: [private], expect: deny, rule: no-leak }
- { agent: athena, tool: demo_text__echo, labels: [untrusted], expect: allow }
- { agent: athena, tool: demo_math__add, args: { n: 1 }, labels: [private], expect: allow }
`;
    const { results } = tester({ policy, expectations }, tools, NOW_MS);
    expect(results.map(({ isMet }) => isMet)).toEqual([true, true, true]);
    expect(results[0]?.reason).toContain('after private');
  });

  test('is met where a person is asked, and not where the call is then expected to be allowed', () => {
    const asking = POLICY.replace('tools: ["demo_text__*"]', 'tools: ["demo_text__*"], approval: { ttl: 15m }');
    const { results } = tried(
      `
- { agent: athena, tool: demo_text__echo, expect: ask, rule: until }
- { agent: athena, tool: demo_text__echo, expect: allow }
`,
      asking,
    );
    expect(results.map(({ isMet, decision }) => [isMet, decision])).toEqual([
      [true, 'ask'],
      [false, 'ask'],
    ]);
  });

  test('is not met where the decision or the rule is another, and the decision is explained', () => {
    const { results } = tried(`
- { agent: athena, tool: files__delete, expect: allow }
- { agent: athena, tool: demo_text__echo, expect: allow, rule: small }
- { agent: athena, tool: demo_math__add, args: { n: 1 }, expect: ask }
`);
    expect(results.map(({ isMet, decision, decidedBy }) => [isMet, decision, decidedBy])).toEqual([
      [false, 'deny', 'no-deletes'],
      [false, 'allow', 'until'],
      [false, 'allow', 'small'],
    ]);
    expect(results[0]).toMatchObject({
      ...{ line: 2, column: 3 },
      reason: 'the rule no-deletes denies files__delete: deletions are done by hand',
      remedy: expect.stringContaining('no grant overrides a deny'),
    });
  });
});

describe('an expectation that could never fail', () => {
  test('is an error: of an agent that the policy does not name, with the one that is meant', () => {
    expect(tried('- { agent: atena, tool: demo_math__add, expect: deny }').findings).toMatchObject([
      { severity: 'error', line: 1, message: 'the policy names no agent "atena"', remedy: 'did you mean "athena"?' },
    ]);
  });

  test('is a warning where numbers have no types, and none where there are no arguments', () => {
    expect(tried('- { agent: athena, tool: x__y, args: { n: 1 }, expect: deny }').findings).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('no tool of today is called x__y') },
    ]);
    expect(tried('- { agent: athena, tool: x__y, expect: deny }').findings).toEqual([]);
  });
});

test('nothing is tried where one of the texts is wrong, and both are told', () => {
  expect(tried('- { agent: athena }', 'version: 2')).toEqual({
    policyFindings: [expect.objectContaining({ severity: 'error', line: 1, column: 10 })],
    findings: [expect.objectContaining({ severity: 'error', line: 1, column: 3 })],
    results: [],
  });
});
