import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AgentName } from '#domain/agent.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { importProfiles } from '#policy/import-profiles.ts';
import { agentName, ask, policyOf } from './policies.ts';

const athena = agentName('athena');
const check = createPolicyChecker();
const imported = (profiles: object | string, agents: readonly AgentName[] = [athena]) =>
  importProfiles(typeof profiles === 'string' ? profiles : JSON.stringify(profiles), agents);
/** Whether athena, who gets the default profile, may call a tool. */
const may = (profile: unknown, tool: string) => {
  const { policy } = imported({ default_profile: 'it', profiles: { it: profile } });
  return ask(policyOf(policy ?? ''), tool).kind === 'allow';
};
const told = (profiles: object | string, agents?: readonly AgentName[]) =>
  imported(profiles, agents).findings.map(({ severity, pointer, message }) => [severity, pointer, message]);

describe('a profile of each mode becomes a role that gives the same tools', () => {
  test.each([
    ['all', { mode: 'all' }, ['demo_math__add', 'x__y'], []],
    [
      'prefix',
      { mode: 'prefix', prefixes: ['demo_', 'git__'] },
      ['demo_math__add', 'git__log'],
      ['mydemo_x__y', 'gitx__y'],
    ],
    [
      'glob',
      { mode: 'glob', globs: ['*__list_*', 'git__log'] },
      ['db__list_all', 'git__log'],
      ['db__drop', 'git__logs'],
    ],
    ['explicit', { mode: 'explicit', tools: ['a__b'] }, ['a__b'], ['a__bc', 'x__a__b']],
    ['a list, which names tools', ['a__b'], ['a__b'], ['a__c']],
    ['the word all', 'all', ['a__b'], []],
    ['a prefix under tools', { mode: 'PREFIX', tools: 'demo_' }, ['demo_x__y'], ['x__demo_']],
    ['a list without a mode', { globs: ['a__*'] }, ['a__b'], ['b__a']],
    ['nothing', { mode: 'explicit', tools: [] }, [], ['a__b']],
  ])('%s', (_, profile, allowed, denied) => {
    for (const tool of allowed) expect([tool, may(profile, tool)]).toEqual([tool, true]);
    for (const tool of denied) expect([tool, may(profile, tool)]).toEqual([tool, false]);
    expect(told({ default_profile: 'it', profiles: { it: profile } })).toEqual([]);
  });

  test('and never the tools that administer the server', () => {
    for (const profile of [
      { mode: 'all' },
      { mode: 'prefix', prefixes: ['s', 'smcp', 'smcp_', 'smcp__'] },
      { mode: 'glob', globs: ['*', 'smcp*', 'smcp__*', '*__status'] },
      { mode: 'explicit', tools: ['smcp__status'] },
    ]) {
      expect(may(profile, 'smcp__status')).toBe(false);
    }
    expect(told({ profiles: { it: { mode: 'glob', globs: ['smcp__*'] } } })).toEqual([
      ['error', '/profiles/it/globs/0', expect.stringContaining('tools that administer this server')],
    ]);
  });
});

describe('the default profile', () => {
  const profiles = { some: ['a__b'], all: 'all' };

  test('is that of the agents that are named, and of nobody else', () => {
    const { policy = '' } = imported({ default_profile: 'some', profiles }, [athena, agentName('boreas')]);
    expect(ask(policyOf(policy), 'a__b', {}, { agent: agentName('boreas') }).kind).toBe('allow');
    expect(ask(policyOf(policy), 'a__b', {}, { agent: agentName('calypso') }).kind).toBe('deny');
    expect(told({ default_profile: 'some', profiles }, [])).toEqual([
      ['warning', '/default_profile', expect.stringContaining('here each agent has a name')],
    ]);
  });

  test('gives nothing where no profile has its name, and says which is meant', () => {
    const { policy = '', findings } = imported({ default_profile: 'soem', profiles });
    expect(ask(policyOf(policy), 'a__b').kind).toBe('deny');
    expect(findings).toMatchObject([{ severity: 'error', line: 1, remedy: 'did you mean "some"?' }]);
  });

  test('may be missing: then agents get nothing', () => {
    expect(ask(policyOf(imported({ profiles }).policy ?? ''), 'a__b').kind).toBe('deny');
    expect(told({ profiles })).toEqual([]);
  });
});

describe('what can not be carried over is left out and told, with its place', () => {
  test.each([
    ['a sign that no pattern has', { mode: 'glob', globs: ['a__[bc]', 'x__?', 'c__*'] }, ['/globs/0', '/globs/1']],
    [
      'a name that is none',
      { mode: 'explicit', tools: ['a.b', 'a__*', '', 7] },
      ['/tools/0', '/tools/1', '/tools/2', '/tools/3'],
    ],
    ['a key that may take rights away', { mode: 'all', exclude: ['a__b'] }, ['/exclude']],
    ['an unknown mode', { mode: 'regex', tools: ['a__b'] }, ['/mode']],
    ['two lists and no mode', { prefixes: ['a'], globs: ['b'] }, ['/mode']],
    ['no list', { mode: 'prefix' }, ['']],
    ['no profile', 7, ['']],
  ])('%s', (_, profile, places) => {
    const { findings } = imported({ profiles: { it: profile } });
    expect(findings.map(({ severity, pointer }) => [severity, pointer])).toEqual(
      places.map((place) => ['error', `/profiles/it${place}`]),
    );
    expect(may(profile, 'a__b')).toBe(false);
  });

  test('also names of profiles, and keys beside them', () => {
    expect(
      told({
        default_profile: 'A b',
        profiles: [{ name: 'A b', mode: 'all' }, { name: 'a-b' }, { mode: 'all' }],
        mode: 1,
      }),
    ).toEqual([
      ['error', '/profiles/1', 'two profiles would be the role a-b'],
      ['error', '/profiles/2', '"" can\'t be the name of a role'],
      ['error', '/mode', 'nobody knows what "mode" does'],
    ]);
  });

  test.each([
    ['no profiles', '{}'],
    ['a list', '[]'],
    ['no YAML', '[1'],
    ['a profile twice', 'profiles: { a: all, a: [] }'],
  ])('and %s make no policy at all', (_, text) => {
    const { policy, findings } = imported(text);
    expect([policy, findings[0]?.severity]).toEqual([undefined, 'error']);
  });
});

test('whatever the profiles are, the policy is one without errors, and gives no tool of the server itself', () => {
  const name = fc.oneof(fc.constantFrom('smcp__*', 'smcp__', '*', 'a__b', 'smcp_'), fc.string());
  const profile = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        mode: fc.constantFrom('all', 'prefix', 'glob', 'explicit', 'x'),
        tools: fc.array(name),
        prefixes: fc.array(name),
      },
      { requiredKeys: [] },
    ),
  );
  const text = fc.record({
    default_profile: fc.string(),
    profiles: fc.dictionary(fc.string({ minLength: 1 }), profile, { maxKeys: 4 }),
  });
  fc.assert(
    fc.property(text, (profiles) => {
      const { policy } = imported(profiles);
      if (policy === undefined) return;
      expect(check(policy, []).filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(ask(policyOf(policy), 'smcp__status').kind).toBe('deny');
    }),
    { numRuns: 300 },
  );
});
