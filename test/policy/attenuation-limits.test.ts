import { describe, expect, test } from 'vitest';
import { checkAgentChange } from '#policy/agent-change.ts';
import { wideningsOf } from '#policy/attenuation.ts';
import { callThatGetsMore } from './gets-more.ts';
import { policyOf } from './policies.ts';

/** athena's own rules, and whatever else. */
const athena = (rules: object, more: object = {}) => ({ version: 1, agents: { athena: rules }, ...more });
const grants = (...list: object[]) => athena({ grants: list });
const widenings = (before: object, after: object) => wideningsOf(policyOf(before), policyOf(after));

const SOME = { tools: ['a__*'] };
const FEW = { calls: 10, per: '1h' };

describe('a policy lets nobody call more often when it', () => {
  test.each<[string, object, object]>([
    ['has a limit where there was none', grants(SOME), grants({ ...SOME, limits: FEW })],
    [
      'has a smaller limit',
      grants({ ...SOME, limits: FEW }),
      grants({ ...SOME, limits: { ...FEW, calls: 1, concurrent: 1 } }),
    ],
    [
      'has a limit of its own that is no larger than the default one',
      { ...grants(SOME), defaults: { limits: FEW } },
      athena({ grants: [SOME], limits: { ...FEW, calls: 2 } }, { defaults: { limits: FEW } }),
    ],
    [
      'has a budget more, and one for more tools',
      { ...grants(SOME), budgets: [{ id: 'b', tools: ['a__b'], ...FEW }] },
      {
        ...grants(SOME),
        budgets: [
          { id: 'b', tools: ['a__*'], ...FEW },
          { calls: 1, per: '1d' },
        ],
      },
    ],
    [
      'breaks loops where it broke none, or earlier',
      { ...grants(SOME), defaults: { loop: 'off' } },
      { ...grants(SOME), defaults: { loop: { repeats: 5, per: '1h' } } },
    ],
  ])('%s', (_what, before, after) => {
    expect(widenings(before, after)).toEqual([]);
    expect(callThatGetsMore(policyOf(before), policyOf(after))).toBeUndefined();
  });
});

describe('a policy lets somebody call more often when it', () => {
  test.each<[string, object, object, string]>([
    [
      'has a larger limit',
      grants({ ...SOME, id: 'x', limits: FEW }),
      grants({ ...SOME, id: 'x', limits: { ...FEW, calls: 11 } }),
      'gives "a__*" larger limits, or others, than the grant x, which may have decided before',
    ],
    [
      'has a limit no more',
      grants({ ...SOME, id: 'x', limits: { ...FEW, concurrent: 1 } }),
      grants({ ...SOME, id: 'x', limits: FEW }),
      'gives "a__*" larger limits, or others, than the grant x',
    ],
    [
      'has a limit of another window, even a shorter one',
      grants({ ...SOME, id: 'x', limits: FEW }),
      grants({ ...SOME, id: 'x', limits: { calls: 1, per: '1m' } }),
      'larger limits, or others, than the grant x',
    ],
    [
      'divides a limit among two rules, each of which counts for itself',
      grants({ tools: ['a__b', 'a__c'], limits: FEW }),
      grants({ tools: ['a__b'], limits: FEW }, { tools: ['a__c'], limits: FEW }),
      'larger limits, or others, than the grant /agents/athena/grants/0',
    ],
    [
      'lets an agent have more in all',
      athena({ grants: [SOME], limits: FEW }),
      athena({ grants: [SOME], limits: { ...FEW, calls: 11 } }),
      'agent athena: the limit /agents/athena/limits of 10 calls is gone, larger, or counted otherwise',
    ],
    [
      'takes away the default limit',
      { ...grants(SOME), defaults: { limits: FEW } },
      grants(SOME),
      'the limit /defaults/limits of 10 calls is gone',
    ],
    [
      'takes away a role with a limit',
      athena({ roles: ['r'], grants: [SOME] }, { roles: { r: { limits: FEW } } }),
      athena({ grants: [SOME] }, { roles: { r: { limits: FEW } } }),
      'the limit /roles/r/limits of 10 calls is gone',
    ],
    [
      'has a budget for fewer tools',
      { ...grants(SOME), budgets: [{ id: 'b', tools: ['a__*'], ...FEW }] },
      { ...grants(SOME), budgets: [{ id: 'b', tools: ['a__b'], ...FEW }] },
      'the limit b of 10 calls is gone',
    ],
    [
      'breaks loops later',
      { ...grants(SOME), defaults: { loop: { repeats: 5, per: '1m' } } },
      { ...grants(SOME), defaults: { loop: { repeats: 6, per: '1m' } } },
      'defaults.loop: the same call may be made more often than before',
    ],
    [
      'breaks none, where it said nothing',
      grants(SOME),
      { ...grants(SOME), defaults: { loop: 'off' } },
      'defaults.loop: the same call may be made more often than before',
    ],
  ])('%s', (_what, before, after, sentence) => {
    const found = widenings(before, after);
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).toContain(sentence);
  });
});

test('an agent may add a budget, but none with a name of its own, which others would take for a person’s', () => {
  const before = policyOf(grants(SOME));
  const after = (budget: object) => policyOf({ ...grants(SOME), budgets: [budget] });
  expect(() => checkAgentChange(before, after({ calls: 1, per: '1d' }))).not.toThrow();
  expect(() => checkAgentChange(before, after({ id: 'by-ana', calls: 1, per: '1d' }))).toThrow(
    expect.objectContaining({ code: 'PERSON_NEEDED' }),
  );
});
