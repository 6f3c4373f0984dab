import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import type { LabelsSeen } from '#domain/label-ports.ts';
import type { SeenLabel } from '#domain/labels.ts';
import { checkAgentChange } from '#policy/agent-change.ts';
import { wideningsOf } from '#policy/attenuation.ts';
import { mayCall } from '#policy/decide.ts';
import { agentName, ask, NOW_MS, policyOf } from './policies.ts';

const seenLabel = (label: string): SeenLabel => ({
  ...{ label, agent: agentName('athena'), session: '', invocation: 'call-1', tool: 'notes__read', sinceMs: NOW_MS },
});
const seen = (...labels: readonly string[]): { readonly labels: LabelsSeen } => ({
  labels: { agent: labels.map(seenLabel), session: labels.map(seenLabel) },
});
const SENDS = { name: 'mail__send', sinks: ['external'] };
const policyWith = (deny: readonly JsonObject[], grant: JsonObject = { tools: ['*'] }, more: JsonObject = {}) =>
  policyOf({ version: 1, deny, agents: { athena: { grants: [grant] } }, ...more } as JsonObject);

describe('a deny after labels', () => {
  const policy = policyWith([{ id: 'no-leak', sink: 'external', after: ['private', 'untrusted'] }]);

  test('needs all of them, and a tool that sends there', () => {
    const decide = (tool: object, ...labels: string[]) =>
      ask(policy, 'mail__send', {}, { tool: tool as never, ...seen(...labels) }).kind;
    expect(decide(SENDS, 'private', 'untrusted', 'other')).toBe('deny');
    expect(decide(SENDS, 'private')).toBe('allow');
    expect(decide(SENDS)).toBe('allow');
    expect(decide({ name: 'mail__send', sinks: ['paper'] }, 'private', 'untrusted')).toBe('allow');
  });

  test('covers the server’s own tools too, where it names none', () => {
    const all = policyWith([{ sink: 'external', after: ['private'] }], { tools: ['smcp__*'] });
    const tool = { name: 'smcp__queue_flush', sinks: ['external'] };
    expect(ask(all, tool.name, {}, { tool, ...seen('private') }).kind).toBe('deny');
    expect(ask(all, tool.name, {}, { tool }).kind).toBe('allow');
  });

  test('hides no tool: another call of it may be allowed', () => {
    expect(mayCall(policy, 'athena', 'mail__send', { nowMs: NOW_MS })).toBe(true);
  });

  test('is not asked where an answer that was given is given again', () => {
    const again = { tool: SENDS, ignoresLabels: true, ...seen('private', 'untrusted') } as const;
    expect(ask(policy, 'mail__send', {}, again).kind).toBe('allow');
  });
});

describe('a grant with terms for the session', () => {
  const policy = policyWith([], {
    id: 'chat',
    tools: ['chat__*'],
    session: { forbid: ['private', 'secret'], require: ['reviewed'] },
  });

  test('holds while nothing was seen that it forbids, once all was that it requires', () => {
    expect(ask(policy, 'chat__say', {}, seen('reviewed')).kind).toBe('allow');
    expect(ask(policy, 'chat__say', {}, seen('reviewed', 'secret'))).toMatchObject({
      kind: 'deny',
      reason: expect.stringContaining('does not hold once the agent has seen secret (from notes__read, call call-1'),
      forbidden: [{ label: 'secret' }],
    });
    expect(ask(policy, 'chat__say', {}, seen('other'))).toMatchObject({
      kind: 'deny',
      reason: expect.stringContaining('holds only once the agent has seen reviewed'),
    });
  });

  test('where it does not, the next one is asked: a person may decide then', () => {
    const two = policyOf({
      version: 1,
      agents: {
        athena: {
          grants: [
            { tools: ['chat__*'], session: { forbid: ['private'] } },
            { tools: ['chat__*'], approval: { ttl: '15m' } },
          ],
        },
      },
    });
    expect(ask(two, 'chat__say').kind).toBe('allow');
    expect(ask(two, 'chat__say', {}, seen('private')).kind).toBe('ask');
  });
});

test('a condition looks at labels', () => {
  const policy = policyWith([], { tools: ['*'], when: '!("private" in labels) || args.to == "me"' });
  expect(ask(policy, 'mail__send', { to: 'you' }).kind).toBe('allow');
  expect(ask(policy, 'mail__send', { to: 'you' }, seen('private')).kind).toBe('deny');
  expect(ask(policy, 'mail__send', { to: 'me' }, seen('private')).kind).toBe('allow');
});

test('a policy says what tools carry and send to, and an allowed call tells it', () => {
  const labels = [
    { tools: ['mail__*'], carries: ['untrusted', 'private'], sink: 'external' },
    { tools: ['*__send'], carries: ['sent'] },
  ];
  const policy = policyWith([{ sink: 'external', after: ['secret'] }], { tools: ['*'] }, { labels });
  const tool = { name: 'mail__send', labels: ['own'] };
  expect(ask(policy, 'mail__send', {}, { tool })).toMatchObject({
    labels: { seen: [], carries: ['own', 'private', 'sent', 'untrusted'] },
  });
  expect(ask(policy, 'mail__send', {}, { tool, ...seen('secret') }).kind).toBe('deny');
  expect(ask(policy, 'notes__read')).not.toHaveProperty('labels');
});

describe('where sessions are separate, what counts is the session', () => {
  const policy = policyOf({
    version: 1,
    deny: [{ sink: 'external', after: ['private'] }],
    agents: { athena: { sessions: 'separate', grants: [{ tools: ['*'] }] } },
  });
  const elsewhere: LabelsSeen = { agent: [seenLabel('private')], session: [] };

  test('and not the agent; without that word it is the agent', () => {
    expect(ask(policy, 'mail__send', {}, { tool: SENDS, labels: elsewhere }).kind).toBe('allow');
    const joined = policyWith([{ sink: 'external', after: ['private'] }]);
    expect(ask(joined, 'mail__send', {}, { tool: SENDS, labels: elsewhere }).kind).toBe('deny');
  });
});

describe('an agent’s change of the policy', () => {
  const LEAK = { sink: 'external', after: ['private', 'untrusted'] };
  const rule = { tools: ['mail__*'], carries: ['private'], sink: 'external' };
  const grant = { tools: ['a__b'], session: { forbid: ['private'] } };
  const separate = { athena: { sessions: 'separate', grants: [{ tools: ['*'] }] } };

  test.each([
    [
      'a label more that a grant forbids',
      policyWith([], grant),
      policyWith([], { ...grant, session: { forbid: ['private', 'secret'] } }),
    ],
    ['a deny after labels', policyWith([]), policyWith([LEAK])],
    ['a deny that needs fewer of them', policyWith([LEAK]), policyWith([{ ...LEAK, after: ['private'] }])],
    ['a deny wherever tools send to', policyWith([LEAK]), policyWith([{ tools: ['*', 'smcp__*'], after: LEAK.after }])],
    ['what tools carry', policyWith([LEAK]), policyWith([LEAK], { tools: ['*'] }, { labels: [rule] })],
    [
      'sessions that are separate no more',
      policyWith([LEAK], { tools: ['*'] }, { agents: separate }),
      policyWith([LEAK]),
    ],
  ])('may add %s', (_, before, after) => {
    expect(wideningsOf(before, after)).toEqual([]);
    expect(() => checkAgentChange(before, after)).not.toThrow();
  });

  test.each([
    [
      'take a label out that a grant forbids',
      policyWith([], { ...grant, session: { forbid: ['private', 'secret'] } }),
      policyWith([], grant),
    ],
    [
      'take out one that it requires',
      policyWith([], { ...grant, session: { require: ['x'] } }),
      policyWith([], { tools: ['a__b'] }),
    ],
    [
      'require another one in its place',
      policyWith([], { ...grant, session: { require: ['x'] } }),
      policyWith([], { ...grant, session: { require: ['y'] } }),
    ],
    ['have a deny need more labels', policyWith([{ ...LEAK, after: ['private'] }]), policyWith([LEAK])],
    [
      'have a deny be for one sink',
      policyWith([{ tools: ['*'], after: ['private'] }]),
      policyWith([{ tools: ['*'], sink: 'x', after: ['private'] }]),
    ],
    ['have tools carry less', policyWith([], { tools: ['*'] }, { labels: [rule] }), policyWith([])],
    [
      'have fewer tools carry it',
      policyWith([], { tools: ['*'] }, { labels: [rule] }),
      policyWith([], { tools: ['*'] }, { labels: [{ ...rule, tools: ['mail__read'] }] }),
    ],
    ['have sessions be separate', policyWith([LEAK]), policyWith([LEAK], { tools: ['*'] }, { agents: separate })],
    [
      'give itself what a grant requires',
      policyWith([], { ...grant, session: { require: ['x'] } }),
      policyWith([], { ...grant, session: { require: ['x'] } }, { labels: [{ tools: ['*'], carries: ['x'] }] }),
    ],
    [
      'give itself what a condition looks for',
      policyWith([], { tools: ['*'], when: '"x" in labels' }),
      policyWith([], { tools: ['*'], when: '"x" in labels' }, { labels: [{ tools: ['*'], carries: ['x'] }] }),
    ],
  ])('may not %s', (_, before, after) => {
    expect(wideningsOf(before, after)).not.toEqual([]);
    expect(() => checkAgentChange(before, after)).toThrow(/would give more/);
  });
});
