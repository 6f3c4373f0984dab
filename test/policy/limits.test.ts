import { describe, expect, test } from 'vitest';
import type { AgentName } from '#domain/agent.ts';
import { createLimitedWorld, kinds } from './limited-world.ts';
import { NOW_MS } from './policies.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const boreas = { agent: 'boreas' as AgentName };

const times = (count: number, call: () => ReturnType<ReturnType<typeof createLimitedWorld>['call']>) =>
  kinds(Array.from({ length: count }, call));

/** athena and boreas may call everything. */
const both = (more: object, ofAthena: object = {}) => ({
  version: 1,
  agents: { athena: { grants: [{ tools: ['*'] }], ...ofAthena }, boreas: { grants: [{ tools: ['*'] }] } },
  ...more,
});

describe('a grant with limits', () => {
  const POLICY = {
    version: 1,
    agents: {
      athena: {
        grants: [
          { id: 'few', tools: ['mail__*'], limits: { calls: 2, per: '1h' } },
          { id: 'any', tools: ['*'] },
        ],
      },
    },
  };

  test('allows as many calls in a window as it says, and says why no more', () => {
    const world = createLimitedWorld(POLICY);
    expect(times(3, () => world.call('mail__send'))).toBe('aad');
    expect(world.call('mail__send')).toEqual({
      kind: 'deny',
      rule: 'few',
      reason: 'the limit few is reached: 2 of 2 calls in 1h are used',
      remedy:
        'wait until 2026-11-22T11:00:00.000Z, or have a person raise the limit at /agents/athena/grants/0/limits in the policy',
      exceeded: { unit: 'calls', limit: 2, used: 2, perMs: HOUR_MS, resetsMs: NOW_MS + HOUR_MS },
      policy: expect.anything(),
    });
  });

  test('does not fall through to a grant that has none', () => {
    const world = createLimitedWorld(POLICY);
    times(2, () => world.call('mail__send'));
    expect(world.call('mail__send')).toMatchObject({ kind: 'deny', rule: 'few' });
    expect(world.call('files__read')).toMatchObject({ kind: 'allow', rule: 'any' });
  });

  test('counts only what it decides', () => {
    const world = createLimitedWorld(POLICY);
    times(5, () => world.call('files__read'));
    expect(times(2, () => world.call('mail__send'))).toBe('aa');
  });

  test('begins anew with the next window', () => {
    const world = createLimitedWorld(POLICY);
    expect(times(3, () => world.call('mail__send'))).toBe('aad');
    world.state.nowMs += HOUR_MS - 1;
    expect(world.call('mail__send').kind).toBe('deny');
    world.state.nowMs += 1;
    expect(times(3, () => world.call('mail__send'))).toBe('aad');
  });

  test('counts nothing before the turn of a call, and nothing for one that was asked about only', () => {
    const world = createLimitedWorld(POLICY);
    for (let n = 0; n < 5; n++) expect(world.ask('mail__send').kind).toBe('allow');
    expect(times(3, () => world.call('mail__send'))).toBe('aad');
    // A call that runs already has its part: it is not ended for it.
    expect(world.ask('mail__send', { stage: 'under-way' }).kind).toBe('allow');
  });

  test('of a role counts each agent by itself', () => {
    const grants = [{ id: 'few', tools: ['*'], limits: { calls: 1, per: '1d' } }];
    const agents = { athena: { roles: ['reader'] }, boreas: { roles: ['reader'] } };
    const world = createLimitedWorld({ version: 1, roles: { reader: { grants } }, agents });
    expect(times(2, () => world.call('a__b'))).toBe('ad');
    expect(times(2, () => world.call('a__b', boreas))).toBe('ad');
  });
});

describe('limits of agents and roles', () => {
  test('by default hold for all calls of each agent together', () => {
    const world = createLimitedWorld(both({ defaults: { limits: { calls: 2, per: '1m' } } }));
    expect(kinds([world.call('a__b'), world.call('c__d'), world.call('e__f')])).toBe('aad');
    expect(world.call('e__f')).toMatchObject({ rule: '/defaults/limits' });
    expect(times(3, () => world.call('a__b', boreas))).toBe('aad');
  });

  test('of an agent take the place of the default ones', () => {
    const limits = { calls: 3, per: '1m' };
    const world = createLimitedWorld(both({ defaults: { limits: { calls: 1, per: '1m' } } }, { limits }));
    expect(times(4, () => world.call('a__b'))).toBe('aaad');
    expect(world.call('a__b')).toMatchObject({ rule: '/agents/athena/limits' });
    expect(times(2, () => world.call('a__b', boreas))).toBe('ad');
  });

  test('of a role hold beside them, for each agent that has it', () => {
    const policy = both({ roles: { careful: { limits: { calls: 1, per: '1h' } } } }, { roles: ['careful'] });
    const world = createLimitedWorld(policy);
    expect(times(2, () => world.call('a__b'))).toBe('ad');
    expect(world.call('a__b')).toMatchObject({ rule: '/roles/careful/limits' });
    expect(times(2, () => world.call('a__b', boreas))).toBe('aa');
  });

  test('count what a call moves, in bytes: arguments before, the rest after', () => {
    const world = createLimitedWorld(both({}, { limits: { bytes: 100, per: '1h' } }));
    const args = { text: 'x'.repeat(50) };
    expect(world.call('a__b', { args, movedBytes: 30 }).kind).toBe('allow');
    // 61 bytes of arguments and 30 of the answer.
    expect(world.call('a__b', { args })).toMatchObject({
      kind: 'deny',
      exceeded: { unit: 'bytes', limit: 100, used: 91 },
    });
    // A small one still fits; what it moves may go over, once.
    expect(world.call('a__b', { movedBytes: 1_000 }).kind).toBe('allow');
    expect(world.call('a__b')).toMatchObject({ kind: 'deny', exceeded: { used: 1_093 } });
  });
});

describe('a limit of calls that run at the same time', () => {
  const POLICY = both({}, { limits: { concurrent: 2 } });

  test('refuses one more at its turn, and takes it when one has ended', () => {
    const world = createLimitedWorld(POLICY);
    const [first] = [world.begin('a__b'), world.begin('a__b')];
    const third = world.begin('a__b');
    expect(third.decision).toMatchObject({
      kind: 'deny',
      rule: '/agents/athena/limits',
      reason: 'the limit /agents/athena/limits is reached: 2 of 2 calls that run at the same time are used',
      exceeded: { unit: 'concurrent', limit: 2, used: 2 },
    });
    first.taken?.end();
    first.taken?.end();
    expect([world.begin('a__b'), world.begin('a__b')].map(({ decision }) => decision.kind)).toEqual(['allow', 'deny']);
  });

  test('is not asked when a call is admitted: there may be room when its turn comes', () => {
    const world = createLimitedWorld(POLICY);
    world.begin('a__b');
    world.begin('a__b');
    expect(world.ask('a__b').kind).toBe('allow');
    expect(world.ask('a__b', { stage: 'turn' }).kind).toBe('deny');
  });

  test('counts what a call makes other tools do as a part of that call', () => {
    const world = createLimitedWorld(both({}, { limits: { concurrent: 1 } }));
    const parent = world.begin('a__b');
    const holds = parent.taken?.held ?? [];
    expect(holds.length).toBe(1);
    const child = world.begin('a__b', { holds });
    expect([child.decision.kind, child.taken?.held]).toEqual(['allow', []]);
    child.taken?.end();
    // Another call of the agent is none of its own.
    expect(world.begin('a__b').decision.kind).toBe('deny');
    parent.taken?.end();
    expect(world.begin('a__b').decision.kind).toBe('allow');
  });
});

describe('budgets', () => {
  test('of an agent are its own, by tool', () => {
    const budgets = [{ id: 'models', tools: ['llm__*'], calls: 1, per: '1d' }];
    const world = createLimitedWorld(both({}, { budgets }));
    expect(kinds([world.call('llm__ask'), world.call('llm__draw'), world.call('a__b')])).toBe('ada');
    expect(world.call('llm__ask')).toMatchObject({ rule: 'models', exceeded: { perMs: DAY_MS } });
  });

  test('of a role are shared by the agents that have it', () => {
    const roles = { team: { grants: [{ tools: ['*'] }], budgets: [{ calls: 3, per: '1d' }] } };
    const agents = { athena: { roles: ['team'] }, boreas: { roles: ['team'] }, chione: { grants: [{ tools: ['*'] }] } };
    const world = createLimitedWorld({ version: 1, roles, agents });
    expect(
      kinds([world.call('a__b'), world.call('a__b', boreas), world.call('a__b'), world.call('a__b', boreas)]),
    ).toBe('aaad');
    expect(world.call('a__b', { agent: 'chione' as AgentName }).kind).toBe('allow');
  });

  test('at the top are shared by everybody', () => {
    const world = createLimitedWorld(both({ budgets: [{ tools: ['sms__*'], calls: 1, per: '1d' }] }));
    expect(kinds([world.call('sms__send'), world.call('sms__send', boreas), world.call('a__b', boreas)])).toBe('ada');
    expect(world.call('sms__send')).toMatchObject({ rule: '/budgets/0' });
  });

  test('of cost count what tools declare', () => {
    const world = createLimitedWorld(both({ budgets: [{ id: 'money', cost: 1, per: '1d' }] }));
    const tool = { name: 'llm__ask', effect: 'write', costMicros: 400_000 } as const;
    expect(times(3, () => world.call('llm__ask', { tool }))).toBe('aad');
    expect(world.call('llm__ask', { tool }).reason).toBe(
      'the limit money is reached: 0.8 of 1 of cost in 1d are used, and this call takes 0.4',
    );
    expect(world.call('a__b').kind).toBe('allow');
  });
});

describe('the loop breaker', () => {
  const loop = { repeats: 2, per: '1m' };
  const POLICY = both({ defaults: { loop } });
  const send = (world: ReturnType<typeof createLimitedWorld>, args: object, more = {}) =>
    world.call('mail__send', { args: args as never, ...more });

  test('stops the same call with the same arguments, however they are written', () => {
    const world = createLimitedWorld(POLICY);
    const decisions = [send(world, { a: 1, b: 2 }), send(world, { b: 2, a: 1 }), send(world, { a: 1.0, b: 2 })];
    expect(kinds(decisions)).toBe('aad');
    expect(decisions[2]).toMatchObject({
      rule: '/defaults/loop',
      reason: 'the same call, with the same arguments, was made 2 times in 1m: this looks like a loop',
      exceeded: { unit: 'repeats', limit: 2, used: 2, perMs: 60_000, resetsMs: NOW_MS + 60_000 },
    });
  });

  test('not other arguments, another tool or another agent', () => {
    const world = createLimitedWorld(POLICY);
    expect(kinds([send(world, {}), send(world, {}), send(world, {})])).toBe('aad');
    expect(send(world, { a: 1 }).kind).toBe('allow');
    expect(world.call('mail__read').kind).toBe('allow');
    expect(send(world, {}, boreas).kind).toBe('allow');
  });

  test('ends by itself, also while the agent goes on to ask', () => {
    const world = createLimitedWorld(POLICY);
    expect(kinds([send(world, {}), send(world, {})])).toBe('aa');
    for (let n = 0; n < 5; n++) {
      world.state.nowMs += 11_000;
      expect(send(world, {}).kind).toBe('deny');
    }
    world.state.nowMs += 5_000;
    expect(kinds([send(world, {}), send(world, {}), send(world, {})])).toBe('aad');
  });

  test('stands at 1,000 in a minute where the policy says nothing, for calls that may change something', () => {
    const world = createLimitedWorld(both({}));
    expect(times(1_001, () => world.call('a__b'))).toBe(`${'a'.repeat(1_000)}d`);
    const pure = { tool: { name: 'a__c', effect: 'pure' } } as const;
    expect(times(1_001, () => world.call('a__c', pure))).toBe('a'.repeat(1_001));
  });

  test('counts calls that can change nothing, too, where the policy has one', () => {
    const world = createLimitedWorld(POLICY);
    const pure = { tool: { name: 'a__c', effect: 'pure' } } as const;
    expect(times(3, () => world.call('a__c', pure))).toBe('aad');
  });

  test('can be switched off', () => {
    const world = createLimitedWorld(both({ defaults: { loop: 'off' } }));
    expect(times(50, () => world.call('a__b'))).toBe('a'.repeat(50));
  });
});
