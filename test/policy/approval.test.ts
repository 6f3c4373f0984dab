// Grants that ask a person: what they decide, what a request is bound to, and what an agent may make of them.

import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import type { Ask } from '#domain/decision.ts';
import { checkAgentChange } from '#policy/agent-change.ts';
import { wideningsOf } from '#policy/attenuation.ts';
import { createPolicyChecker } from '#policy/check-policy.ts';
import { mayCall } from '#policy/decide.ts';
import { whoCan } from '#policy/review/who-can.ts';
import { agentName, ask, NOW_MS, policyOf, REF } from './policies.ts';

const SOME = { id: 'x', tools: ['a__*'] };
const ASKS = { ...SOME, approval: { ttl: '15m' } };
const grants = (...list: object[]) => ({ version: 1, agents: { athena: { grants: list } } });
const widenings = (before: object, after: object) => wideningsOf(policyOf(before), policyOf(after));
const digestOf = (grant: object, ...before: object[]) =>
  (ask(policyOf(grants(...before, grant)), 'a__b') as Ask).ruleDigest;

describe('a grant with approval', () => {
  test('asks, with its terms, and gives what any grant gives', () => {
    const asked = { ...ASKS, capabilities: { clock: true }, approval: { ttl: '15m', trustClient: true, wait: '0s' } };
    const policy = policyOf({ ...grants(asked), defaults: { timeout: '30s' } });
    expect(ask(policy, 'a__b')).toEqual({
      kind: 'ask',
      rule: 'x',
      reason: 'the grant x covers a__b, and a person approves each call',
      remedy: expect.stringContaining('smcp approvals'),
      ruleDigest: expect.stringMatching(/^sha256:/),
      ruleText: expect.stringContaining('"tools":["a__*"]'),
      terms: { ttlMs: 900_000, trustsClient: true, waitMs: 0 },
      capabilities: { clock: true },
      timeoutMs: 30_000,
      policy: REF,
    });
    expect(ask(policyOf(grants(ASKS)), 'a__b')).toMatchObject({ terms: { ttlMs: 900_000, trustsClient: false } });
  });

  test('is one like any other: a deny wins, the first that matches decides, and its tools are shown', () => {
    const policy = policyOf({
      version: 1,
      deny: [{ tools: ['a__drop'] }],
      agents: { athena: { grants: [{ ...ASKS, when: 'args.n > 1' }, { tools: ['a__*'] }] } },
    });
    expect(ask(policy, 'a__drop', { n: 2 }).kind).toBe('deny');
    expect(ask(policy, 'a__b', { n: 2 }).kind).toBe('ask');
    expect(ask(policy, 'a__b', { n: 1 }).kind).toBe('allow');
    expect(mayCall(policyOf(grants(ASKS)), 'athena', 'a__b', { nowMs: NOW_MS })).toBe(true);
    expect(mayCall(policyOf(grants(ASKS)), 'athena', 'b__b', { nowMs: NOW_MS })).toBe(false);
  });

  test('has its text, which the digest is of, where it is short enough to be read; and why it asks', () => {
    const asked = { ...ASKS, approval: { ttl: '15m', why: 'echoes are heard' } };
    const { ruleText = '', ruleDigest, why } = ask(policyOf(grants(asked)), 'a__b') as Ask;
    expect([JSON.parse(ruleText), sha256(ruleText), why]).toEqual([asked, ruleDigest, 'echoes are heard']);
    const tools = Array.from({ length: 100 }, (_, n) => `a__a_name_of_some_length_${n}`);
    const long = ask(policyOf(grants({ ...asked, tools: ['a__b', ...tools] })), 'a__b');
    expect(long).toMatchObject({ kind: 'ask', why: 'echoes are heard' });
    expect(long).not.toHaveProperty('ruleText');
  });

  test('is told why it asks by people only: who approves takes it for their word', () => {
    const said = policyOf(grants({ ...ASKS, approval: { ttl: '15m', why: 'it is safe' } }));
    expect(() => checkAgentChange(policyOf(grants(ASKS)), said)).toThrow('a why that none had before');
    expect(() => checkAgentChange(said, policyOf(grants(ASKS)))).not.toThrow();
  });

  test('is told why it asks of the tools that it was said of: an agent moves no reason to where it misleads', () => {
    const why = 'a daily backup, nothing to look at';
    const backup = { tools: ['a__backup', 'a__list'], approval: { ttl: '15m', why } };
    const drop = { tools: ['a__drop'], approval: { ttl: '15m' } };
    const before = policyOf(grants(backup, drop));
    const moved = policyOf(grants(backup, { ...drop, approval: { ttl: '15m', why } }));
    expect(() => checkAgentChange(before, moved)).toThrow('a why that was said of other tools');
    const joined = policyOf(grants({ ...backup, tools: ['a__backup', 'a__list', 'a__drop'] }));
    expect(() => checkAgentChange(before, joined)).toThrow('a why that was said of other tools');
    // The controls: nobody gets more by it, so that nothing else would refuse it; and less is said freely.
    expect([...wideningsOf(before, moved), ...wideningsOf(before, joined)]).toEqual([]);
    expect(() => checkAgentChange(before, policyOf(grants({ ...backup, tools: ['a__list'] }, drop)))).not.toThrow();
    expect(() =>
      checkAgentChange(before, policyOf(grants({ ...backup, approval: { ttl: '1m' } }, drop))),
    ).not.toThrow();
  });

  test('is known by the digest of all that it says, wherever it stands', () => {
    const digest = digestOf(ASKS);
    expect(digestOf(ASKS, { tools: ['b__c'] })).toBe(digest);
    expect(digestOf({ approval: { ttl: '15m' }, tools: ['a__*'], id: 'x' })).toBe(digest);
    for (const other of [
      { ...ASKS, approval: { ttl: '16m' } },
      { ...ASKS, approval: { ttl: '15m', trustClient: true } },
      { ...ASKS, tools: ['a__*', 'c__d'] },
      { ...ASKS, when: 'true' },
      { ...ASKS, capabilities: [] },
      { ...ASKS, expires: '2030-01-01T00:00:00Z' },
    ]) {
      expect(digestOf(other)).not.toBe(digest);
    }
  });

  test('is what `policy who-can` says of it, with arguments and without', () => {
    const policy = policyOf(grants(ASKS));
    const asked = { tool: { name: 'a__b' }, stopped: new Map(), nowMs: NOW_MS, countMax: 10 };
    for (const question of [asked, { ...asked, args: {} }]) {
      const { agents, counts } = whoCan(policy, REF, question);
      expect(agents).toMatchObject([{ agent: agentName('athena'), decision: 'ask', rule: 'x' }]);
      expect(counts).toEqual({ allow: 0, ask: 1, deny: 0 });
    }
  });

  test('that trusts the client is warned of; one that asks people is not', () => {
    const check = createPolicyChecker();
    const said = (grant: object) =>
      check(JSON.stringify(grants(grant)), [{ name: 'a__b', inputSchema: {} }], NOW_MS).map(({ message }) => message);
    expect(said({ ...ASKS, approval: { ttl: '15m', trustClient: true } })).toEqual([
      expect.stringContaining('some clients answer forms by themselves'),
    ]);
    expect(said(ASKS)).toEqual([]);
  });
});

describe('an agent that changes the policy', () => {
  test.each([
    ['leaves the approval out', grants(ASKS), grants(SOME)],
    ['lets it live longer', grants(ASKS), grants({ ...ASKS, approval: { ttl: '16m' } })],
    ['trusts its client', grants(ASKS), grants({ ...ASKS, approval: { ttl: '15m', trustClient: true } })],
    ['puts a grant that asks nobody before it', grants(ASKS), grants({ tools: ['a__b'] }, ASKS)],
    ['takes it away before one that asks nobody', grants(ASKS, { ...SOME, id: 'y' }), grants({ ...SOME, id: 'y' })],
    ['asks in a part of the cases only', grants(ASKS), grants({ ...ASKS, when: 'args.n > 1' }, { ...SOME, id: 'y' })],
  ])('widens it when it %s', (_what, before, after) => {
    expect(widenings(before, after)[0]).toContain('with less approval than the grant x');
  });

  test.each([
    ['asks a person where nobody was asked', grants(SOME), grants(ASKS)],
    ['lets it live shorter', grants(ASKS), grants({ ...ASKS, approval: { ttl: '14m' } })],
    ['changes how long calls wait', grants(ASKS), grants({ ...ASKS, approval: { ttl: '15m', wait: '10m' } })],
    [
      'asks people only where it trusted the client',
      grants({ ...ASKS, approval: { ttl: '15m', trustClient: true } }),
      grants(ASKS),
    ],
    ['denies what is asked', grants(ASKS), { ...grants(ASKS), deny: [{ tools: ['a__b'] }] }],
  ])('does not when it %s', (_what, before, after) => {
    expect(widenings(before, after)).toEqual([]);
  });
});
