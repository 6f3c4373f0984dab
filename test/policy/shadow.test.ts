import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Decision } from '#domain/decision.ts';
import { checkAgentChange } from '#policy/agent-change.ts';
import { wideningsOf } from '#policy/attenuation.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { decide, mayCall } from '#policy/decide.ts';
import { withShadows } from '#policy/shadow.ts';
import { NOW_MS, policyOf, question, REF } from './policies.ts';

const told = (policy: string | object, tool: string, args: JsonObject = {}) => {
  const ready = policyOf(policy);
  const query = question(tool, args);
  const { kind, rule, shadow } = withShadows(ready, query, decide(ready, REF, query));
  return [kind, rule, shadow];
};
const athena = (grants: readonly object[], deny: readonly object[] = []) => ({
  version: 1,
  agents: { athena: { grants, deny } },
});

const GRANT = { id: 'live', tools: ['demo_*'] };
const SHADOW_GRANT = { id: 'tried', tools: ['*'], shadow: true };
const SHADOW_DENY = { id: 'tried-deny', tools: ['*__echo'], shadow: true };

describe('a rule in shadow', () => {
  test('denies nothing, and what it would deny is told', () => {
    expect(told(athena([GRANT], [SHADOW_DENY]), 'demo_text__echo')).toEqual([
      ...['allow', 'live'],
      [{ rule: 'tried-deny', decision: 'deny' }],
    ]);
    expect(told(athena([GRANT], [SHADOW_DENY]), 'demo_math__add')).toEqual(['allow', 'live', undefined]);
  });

  test('allows nothing, shows no tool, and what it would allow is told', () => {
    const policy = athena([SHADOW_GRANT]);
    expect(told(policy, 'x__y')).toEqual(['deny', 'default-deny', [{ rule: 'tried', decision: 'allow' }]]);
    expect(mayCall(policyOf(policy), 'athena', 'x__y', { nowMs: NOW_MS })).toBe(false);
    // The same rule, out of shadow, gives and shows it.
    const live = athena([{ ...SHADOW_GRANT, shadow: false }]);
    expect(told(live, 'x__y')).toEqual(['allow', 'tried', undefined]);
    expect(mayCall(policyOf(live), 'athena', 'x__y', { nowMs: NOW_MS })).toBe(true);
  });

  test('that asks a person, would ask', () => {
    const asks = { ...SHADOW_GRANT, approval: { ttl: '15m' } };
    expect(told(athena([asks]), 'x__y')).toEqual(['deny', 'default-deny', [{ rule: 'tried', decision: 'ask' }]]);
  });

  test('is told only where it would have come to decide: not behind the grant, or the deny, that decided', () => {
    expect(told(athena([GRANT, SHADOW_GRANT]), 'demo_text__echo')).toEqual(['allow', 'live', undefined]);
    expect(told(athena([SHADOW_GRANT, GRANT]), 'demo_text__echo')[2]).toEqual([{ rule: 'tried', decision: 'allow' }]);
    const deny = { id: 'no', tools: ['demo_*'] };
    expect(told(athena([SHADOW_GRANT], [deny, SHADOW_DENY]), 'demo_text__echo')).toEqual(['deny', 'no', undefined]);
    expect(told(athena([], [SHADOW_DENY, deny]), 'demo_text__echo')[2]).toEqual([
      { rule: 'tried-deny', decision: 'deny' },
    ]);
  });

  test('is told only where its condition and its times say so; a deny whose condition fails would deny', () => {
    const when = (condition: string) => told(athena([{ ...SHADOW_GRANT, when: condition }]), 'x__y', { n: 1 })[2];
    expect(when('args.n == 1')).toEqual([{ rule: 'tried', decision: 'allow' }]);
    expect([when('args.n == 2'), when('args.missing.deep')]).toEqual([undefined, undefined]);
    const over = { ...SHADOW_GRANT, expires: '2020-01-01T00:00:00Z' };
    expect(told(athena([over]), 'x__y')[2]).toBeUndefined();
    const failing = { ...SHADOW_DENY, when: 'args.missing.deep' };
    expect(told(athena([], [failing]), 'demo_text__echo')[2]).toEqual([{ rule: 'tried-deny', decision: 'deny' }]);
  });

  test('of everybody or of a role is one of each agent that has it', () => {
    const policy = {
      ...{ version: 1, deny: [SHADOW_DENY] },
      roles: { r: { grants: [SHADOW_GRANT] } },
      agents: { athena: { roles: ['r'] } },
    };
    expect(told(policy, 'demo_text__echo')[2]).toEqual([
      { rule: 'tried-deny', decision: 'deny' },
      { rule: 'tried', decision: 'allow' },
    ]);
  });

  test('takes no steps from the conditions that decide', () => {
    const long = { tools: ['*'], shadow: true, when: 'args.list.all(a, args.list.all(b, a != b || a == b))' };
    const policy = athena([...Array.from({ length: 5 }, () => long), { ...GRANT, when: 'args.list.size() > 1' }]);
    const list = Array.from({ length: 900 }, (_, n) => n);
    expect(told(policy, 'demo_text__echo', { list })[0]).toBe('allow');
    // The same conditions, live, leave none.
    const live = athena([...Array.from({ length: 5 }, () => ({ ...long, shadow: false })), GRANT]);
    expect(told(live, 'demo_text__echo', { list })[0]).toBe('deny');
  });

  test('is told beside a limit that had no room as beside the grant that it limits', () => {
    const ready = policyOf(athena([GRANT, SHADOW_GRANT], [SHADOW_DENY]));
    const query = question('demo_text__echo');
    const full: Decision = {
      ...{ kind: 'deny' as const, rule: 'live', reason: 'full', remedy: 'wait', policy: REF },
      exceeded: { unit: 'calls', limit: 1, used: 1 },
    };
    const byRules = () => decide(ready, REF, query);
    expect(withShadows(ready, query, full, byRules)).toEqual({
      ...full,
      shadow: [{ rule: 'tried-deny', decision: 'deny' }],
    });
  });

  test('is one of a bounded number that are told', () => {
    const many = Array.from({ length: 100 }, (_, n) => ({ ...SHADOW_DENY, id: `s${n}` }));
    expect(told(athena([GRANT], many), 'demo_text__echo')[2]).toHaveLength(LIMITS.shadowRulesToldMax);
  });
});

describe('an agent that changes the policy', () => {
  const DENY = { id: 'tried-deny', tools: ['*__echo'] };
  const isTaken = (before: object, after: object) => wideningsOf(policyOf(before), policyOf(after)).length === 0;

  test.each([
    ['may not take a grant out of shadow', athena([SHADOW_GRANT]), athena([{ ...SHADOW_GRANT, shadow: false }])],
    ['may not put a deny into shadow', athena([GRANT], [DENY]), athena([GRANT], [SHADOW_DENY])],
    [
      'may not lay a grant in shadow, which a person may have decide later',
      athena([GRANT]),
      athena([GRANT, SHADOW_GRANT]),
    ],
    [
      'may not take a deny in shadow away, on which a person may count',
      athena([GRANT], [SHADOW_DENY]),
      athena([GRANT]),
    ],
  ])('%s', (_, before, after) => {
    expect(isTaken(before, after)).toBe(false);
  });

  test.each([
    ['may put a grant into shadow', athena([GRANT]), athena([{ ...GRANT, shadow: true }])],
    ['may take a deny out of shadow', athena([GRANT], [SHADOW_DENY]), athena([GRANT], [DENY])],
    ['may take a grant in shadow away', athena([GRANT, SHADOW_GRANT]), athena([GRANT])],
    ['may leave them as they are', athena([SHADOW_GRANT], [SHADOW_DENY]), athena([SHADOW_GRANT], [SHADOW_DENY])],
  ])('%s', (_, before, after) => {
    expect(isTaken(before, after)).toBe(true);
  });

  test('may not write words of its own into a rule in shadow either', () => {
    const after = athena([GRANT], [{ ...SHADOW_DENY, id: 'mine' }]);
    const change = () => checkAgentChange(policyOf(athena([GRANT])), policyOf(after));
    expect(change).toThrow(SmcpError);
    expect(change).toThrow(/an id that none had before/);
  });
});

describe('advice', () => {
  const check = createPolicyChecker();
  const advised = (policy: object) =>
    check(JSON.stringify(policy), [{ name: 'demo_text__echo', inputSchema: {} }]).map(({ message }) => message);

  test('knows that a rule in shadow stands before nothing', () => {
    expect(advised(athena([{ ...SHADOW_GRANT, tools: ['demo_*'] }, GRANT]))).toEqual([]);
    expect(advised(athena([{ ...GRANT, id: 'first' }, GRANT]))).toEqual([expect.stringContaining('never reached')]);
    expect(advised(athena([GRANT], [{ ...SHADOW_DENY, tools: ['demo_*'] }]))).toEqual([]);
  });

  test('tells a rule in shadow that would never be reached', () => {
    expect(advised(athena([GRANT, { ...SHADOW_GRANT, tools: ['demo_*'] }]))).toEqual([
      expect.stringContaining('never reached'),
    ]);
  });
});
