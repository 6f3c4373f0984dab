import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { wideningsOf } from '#policy/attenuation.ts';
import { callThatGetsMore } from './gets-more.ts';
import { policyOf } from './policies.ts';

/** athena's own rules, and whatever else. */
const athena = (rules: object, more: object = {}) => ({ version: 1, agents: { athena: rules }, ...more });
const grants = (...list: object[]) => athena({ grants: list });
const widenings = (before: object, after: object) => wideningsOf(policyOf(before), policyOf(after));

const SOME = { tools: ['a__*'] };
const DAY = { from: '08:00', to: '20:00', timezone: 'UTC' };
const NARROW = { tools: ['a__b'], capabilities: [] };

describe('a policy gives nobody more when it', () => {
  test.each<[string, object, object]>([
    ['is the same', grants(NARROW, SOME), grants(NARROW, SOME)],
    [
      'says the same in other words',
      grants({ tools: ['a__*', 'b__c'] }),
      grants({ tools: ['b__c'] }, { id: 'x', tools: ['a__*'] }),
    ],
    ['has no agents any more', grants(SOME), { version: 1 }],
    [
      'names an agent that may do nothing',
      grants(SOME),
      { ...grants(SOME), agents: { athena: { grants: [SOME] }, new: {} } },
    ],
    ['covers fewer tools', grants(SOME), grants({ tools: ['a__b', 'a__c*'] })],
    ['has a condition where there was none', grants(SOME), grants({ ...SOME, when: 'args.x == 1' })],
    ['ends earlier', grants(SOME), grants({ ...SOME, expires: '2030-01-01T00:00:00Z' })],
    [
      'ends at the same time, written otherwise',
      grants({ ...SOME, expires: '2030-01-01T01:00:00+01:00' }),
      grants({ ...SOME, expires: '2030-01-01T00:00:00Z' }),
    ],
    ['has hours where there were none', grants(SOME), grants({ ...SOME, hours: DAY })],
    [
      'has shorter hours',
      grants({ ...SOME, hours: DAY }),
      grants({ ...SOME, hours: { ...DAY, days: ['mon'], to: '12:00' } }),
    ],
    [
      'denies for longer in the day',
      { ...grants(SOME), deny: [{ tools: ['a__b'], hours: DAY }] },
      { ...grants(SOME), deny: [{ tools: ['a__b'], hours: { ...DAY, to: '21:00' } }] },
    ],
    ['gives fewer capabilities', grants(SOME), grants({ ...SOME, capabilities: { clock: true } })],
    [
      'gives a part of a place',
      grants({ ...SOME, capabilities: { net: [{ host: 'a.b', ports: [1, 2] }] } }),
      grants({ ...SOME, capabilities: { net: ['a.b:2'] } }),
    ],
    [
      'gives less room',
      grants({ ...SOME, capabilities: { store: { bytesMax: 20 } } }),
      grants({ ...SOME, capabilities: { store: { bytesMax: 10 } } }),
    ],
    ['lets calls run shorter', grants(SOME), { ...grants(SOME), defaults: { timeout: '30s' } }],
    ['denies more', grants(SOME), { ...grants(SOME), deny: [{ tools: ['a__b'], when: 'args.x == 1' }] }],
    [
      'denies without a condition what it denied with one',
      { ...grants(SOME), deny: [{ tools: ['a__b'], when: 'args.x == 1' }] },
      { ...grants(SOME), deny: [{ tools: ['a__*'] }] },
    ],
    ['removes the last grant', grants(NARROW, SOME), grants(NARROW)],
    [
      'removes an earlier grant whose place one takes that gives as little',
      grants(NARROW, { ...SOME, capabilities: [] }),
      grants({ ...SOME, capabilities: [] }),
    ],
    ['has a grant more that is never reached', grants(SOME), grants(SOME, { tools: ['a__b'], when: 'args.x == 1' })],
    [
      'takes a role away',
      athena({ roles: ['r'], grants: [NARROW] }, { roles: { r: { grants: [SOME] } } }),
      athena({ grants: [NARROW] }),
    ],
  ])('%s', (_what, before, after) => {
    expect(widenings(before, after)).toEqual([]);
    expect(callThatGetsMore(policyOf(before), policyOf(after))).toBeUndefined();
  });
});

describe('a policy gives more when it', () => {
  test.each<[string, object, object, string]>([
    [
      'names a new agent with a grant',
      { version: 1 },
      grants(SOME),
      'agent athena: the grant /agents/athena/grants/0 gives "a__*" which no grant surely gave before',
    ],
    [
      'covers more tools',
      grants({ tools: ['a__b'] }),
      grants(SOME),
      'agent athena: the grant /agents/athena/grants/0 gives "a__*" which no grant surely gave before',
    ],
    [
      'covers the server’s own tools',
      grants({ tools: ['*'] }),
      grants({ tools: ['*'] }, { tools: ['smcp__*'] }),
      'the grant /agents/athena/grants/1 gives "smcp__*" which no grant surely gave before',
    ],
    [
      'drops a condition',
      grants({ ...SOME, id: 'x', when: 'args.x == 1' }),
      grants(SOME),
      'gives "a__*" under another condition than the grant x has (conditions are not compared)',
    ],
    [
      'has another condition, even one that says less',
      grants({ ...SOME, id: 'x', when: 'args.x <= 3' }),
      grants({ ...SOME, when: 'args.x <= 2' }),
      'under another condition than the grant x has',
    ],
    [
      'has longer hours',
      grants({ ...SOME, id: 'x', hours: DAY }),
      grants({ ...SOME, id: 'x', hours: { ...DAY, to: '20:01' } }),
      'gives "a__*" outside of the hours of the grant x',
    ],
    [
      'has hours no more',
      grants({ ...SOME, id: 'x', hours: DAY }),
      grants({ ...SOME, id: 'x' }),
      'gives "a__*" outside of the hours of the grant x',
    ],
    [
      'has hours of another zone, even shorter ones',
      grants({ ...SOME, id: 'x', hours: DAY }),
      grants({ ...SOME, id: 'x', hours: { from: '12:00', to: '13:00', timezone: 'Europe/Lisbon' } }),
      'gives "a__*" outside of the hours of the grant x',
    ],
    [
      'denies for shorter in the day',
      { ...grants(SOME), deny: [{ id: 'x', tools: ['a__b'], hours: DAY }] },
      { ...grants(SOME), deny: [{ id: 'x', tools: ['a__b'], hours: { ...DAY, to: '19:59' } }] },
      '"a__b" is no longer denied as the rule x denied it',
    ],
    [
      'has hours before a grant that gives more',
      grants({ ...SOME, id: 'x', capabilities: [] }, { ...SOME, id: 'y' }),
      grants({ ...SOME, id: 'x', capabilities: [], hours: DAY }, { ...SOME, id: 'y' }),
      'the grant y gives "a__*" more capabilities than the grant x',
    ],
    [
      'ends later',
      grants({ ...SOME, id: 'x', expires: '2029-01-01T00:00:00Z' }),
      grants({ ...SOME, expires: '2030-01-01T00:00:00Z' }),
      'gives "a__*" for longer than the grant x did',
    ],
    [
      'never ends',
      grants({ ...SOME, id: 'x', expires: '2029-01-01T00:00:00Z' }),
      grants(SOME),
      'for longer than the grant x did',
    ],
    [
      'gives more capabilities',
      grants({ ...SOME, id: 'x', capabilities: { clock: true } }),
      grants({ ...SOME, capabilities: { clock: true, random: true } }),
      'gives "a__*" more capabilities than the grant x, which may have decided before',
    ],
    [
      'gives all capabilities',
      grants({ ...SOME, id: 'x', capabilities: [] }),
      grants(SOME),
      'more capabilities than the grant x',
    ],
    [
      'exposes a wider grant by removing the one before it',
      grants({ ...NARROW, id: 'x' }, SOME),
      grants(SOME),
      'the grant /agents/athena/grants/0 gives "a__*" more capabilities than the grant x, which may have decided before',
    ],
    [
      'exposes it by a condition',
      grants({ ...NARROW, id: 'x' }, SOME),
      grants({ ...NARROW, when: 'args.x == 1' }, SOME),
      'the grant /agents/athena/grants/1 gives "a__*" more capabilities than the grant x',
    ],
    [
      'exposes it by letting the one before end',
      grants({ ...NARROW, id: 'x' }, SOME),
      grants({ ...NARROW, expires: '2030-01-01T00:00:00Z' }, SOME),
      'gives "a__*" more capabilities than the grant x',
    ],
    [
      'exposes it by another order',
      grants({ ...NARROW, id: 'x' }, SOME),
      grants(SOME, NARROW),
      'gives "a__*" more capabilities than the grant x',
    ],
    [
      'exposes a role’s grant by removing the agent’s own',
      athena({ roles: ['r'], grants: [{ ...NARROW, id: 'x' }] }, { roles: { r: { grants: [SOME] } } }),
      athena({ roles: ['r'] }, { roles: { r: { grants: [SOME] } } }),
      'the grant /roles/r/grants/0 gives "a__*" more capabilities than the grant x',
    ],
    [
      'gives a role',
      athena({}, { roles: { r: { grants: [SOME] } } }),
      athena({ roles: ['r'] }, { roles: { r: { grants: [SOME] } } }),
      'the grant /roles/r/grants/0 gives "a__*" which no grant surely gave before',
    ],
    [
      'drops a deny',
      { ...grants(SOME), deny: [{ id: 'x', tools: ['a__b'] }] },
      grants(SOME),
      'agent athena: "a__b" is no longer denied as the rule x denied it',
    ],
    [
      'narrows a deny',
      { ...grants(SOME), deny: [{ id: 'x', tools: ['a__*'] }] },
      { ...grants(SOME), deny: [{ tools: ['a__b*'] }] },
      '"a__*" is no longer denied as the rule x denied it',
    ],
    [
      'lets a deny end',
      { ...grants(SOME), deny: [{ id: 'x', tools: ['a__b'] }] },
      { ...grants(SOME), deny: [{ tools: ['a__b'], expires: '2030-01-01T00:00:00Z' }] },
      'is no longer denied as the rule x denied it',
    ],
    [
      'puts a condition on a deny',
      { ...grants(SOME), deny: [{ id: 'x', tools: ['a__b'] }] },
      { ...grants(SOME), deny: [{ tools: ['a__b'], when: 'args.x == 1' }] },
      'is no longer denied as the rule x denied it',
    ],
    [
      'lets calls run longer',
      { ...grants(SOME), defaults: { timeout: '10s' } },
      { ...grants(SOME), defaults: { timeout: '1m' } },
      'defaults.timeout: calls may run for 60000 ms, 10000 ms before',
    ],
    [
      'lets calls run as long as they like',
      { ...grants(SOME), defaults: { timeout: '10s' } },
      grants(SOME),
      'defaults.timeout: calls may run as long as their tool says, 10000 ms before',
    ],
  ])('%s', (_what, before, after, sentence) => {
    const found = widenings(before, after);
    expect(
      found.some((each) => each.includes(sentence)),
      found.join('\n'),
    ).toBe(true);
  });

  test.each<[string, object, object]>([
    ['another kind', { clock: true }, { random: true }],
    ['another place', { net: ['a.b:1'] }, { net: ['a.c:1'] }],
    ['a place more', { net: ['a.b:1'] }, { net: ['a.b:1', 'a.c:1'] }],
    ['another port', { net: [{ host: 'a.b', ports: [1] }] }, { net: [{ host: 'a.b', ports: [1, 2] }] }],
    ['any port', { net: [{ host: 'a.b', ports: [1] }] }, { net: [{ host: 'a.b' }] }],
    ['to write', { files: ['workspace:read'] }, { files: ['workspace:write'] }],
    ['a secret in the open', { secrets: [{ name: 'K' }] }, { secrets: [{ name: 'K', expose: 'env' }] }],
    ['any arguments', { run: [{ program: 'git', args: ['status'] }] }, { run: ['git'] }],
    [
      'other arguments',
      { run: [{ program: 'git', args: ['status', '-s'] }] },
      { run: [{ program: 'git', args: ['status'] }] },
    ],
    ['more room', { store: { bytesMax: 10 } }, { store: { bytesMax: 11 } }],
    ['room to write', { store: { bytesMax: 10, access: 'read' } }, { store: { bytesMax: 10, access: 'write' } }],
    ['room without a bound', { store: { bytesMax: 10 } }, { store: {} }],
  ])('gives %s', (_what, before, after) => {
    const with_ = (capabilities: object) => grants({ ...SOME, capabilities });
    expect(widenings(with_(before), with_(after))).toHaveLength(1);
    expect(widenings(with_(before), with_(before))).toEqual([]);
  });
});

describe('a comparison is bounded', () => {
  const many = <T>(count: number, each: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => each(n));

  test('of large policies that differ everywhere it says that they are too large', () => {
    const patterns = (letter: string) => many(256, (n) => ({ tools: many(256, (m) => `${letter}${n}_${m}*`) }));
    const found = widenings(grants(...patterns('a')), grants(...patterns('b')));
    expect(found).toEqual(['the two policies are too large to be compared']);
  });

  test('but agents that stay as they are, and roles that many share, cost nothing', () => {
    const role = { grants: many(100, (n) => ({ tools: [`a${n}_*`], capabilities: [] })) };
    const agents = Object.fromEntries(many(5_000, (n) => [`agent${n}`, { roles: ['r'] }]));
    const before = { version: 1, roles: { r: role }, agents };
    const after = { version: 1, roles: { r: { grants: role.grants.slice(0, -1) } }, agents: { ...agents, agent0: {} } };
    expect(widenings(before, after)).toEqual([]);
    const found = widenings(after, before);
    expect(found).toHaveLength(LIMITS.policyWideningsMax);
    expect(found[0]).toContain('agent agent0: ');
  });
});
