// A rule about where a tool sends looks at what is left of the tool by the grant that decides, and never at more than it asks.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { DecisionQuery } from '#domain/decision.ts';
import { labelsOfTool, supposedSeen } from '#domain/labels.ts';
import { narrow } from '#domain/narrow.ts';
import { wideningsOf } from '#policy/attenuation.ts';
import { createReach } from '#policy/labels.ts';
import { whoCan } from '#policy/review/who-can.ts';
import { shadowsOf } from '#policy/shadow.ts';
import { agentName, ask, NOW_MS, policyOf, question, REF } from './policies.ts';

const ASKED: Capabilities = {
  net: [{ host: 'a.example' }, { host: 'b.example', methods: ['POST'] }, { host: 'localhost', ports: [8080] }],
  clock: true,
};
const WEB = { name: 'web__fetch', inputSchema: {}, ...labelsOfTool({}, ASKED) };
const privateSeen = supposedSeen(agentName('athena'), ['private']);
const AFTER_PRIVATE: Partial<DecisionQuery> = { tool: WEB, labels: { agent: privateSeen, session: privateSeen } };
const NO_LEAK: JsonObject = { id: 'no-leak', sink: 'external', after: ['private'] };

const policyWith = (grants: readonly JsonObject[], deny: readonly JsonObject[] = [NO_LEAK], more: JsonObject = {}) =>
  policyOf({ version: 1, deny, agents: { athena: { grants } }, ...more } as JsonObject);
const granted = (capabilities?: JsonObject | readonly never[], more: JsonObject = {}): JsonObject => ({
  ...{ tools: ['web__*'], ...more },
  ...(capabilities === undefined ? {} : { capabilities }),
});
const LOCAL = { net: ['localhost:8080'] };

describe('a deny by the sink that follows from requests', () => {
  test.each<[string, JsonObject | readonly never[] | undefined, 'allow' | 'deny']>([
    ['narrows nothing', undefined, 'deny'],
    ['leaves one of its hosts', { net: ['a.example:443'] }, 'deny'],
    ['leaves one host out there beside this machine', { net: ['localhost:8080', 'a.example:443'] }, 'deny'],
    ['leaves one method', { net: [{ host: 'b.example', methods: ['POST'] }] }, 'deny'],
    ['leaves this machine', LOCAL, 'allow'],
    ['leaves no power', [], 'allow'],
    ['leaves other powers', { clock: true }, 'allow'],
    ['names a host that the tool does not ask', { net: ['c.example:443'] }, 'allow'],
    ['names a port that it does not ask', { net: ['a.example:8443'] }, 'allow'],
  ])('holds by what the grant leaves, where it %s', (_, capabilities, expected) => {
    const policy = policyWith([granted(capabilities)]);
    const decision = ask(policy, 'web__fetch', {}, AFTER_PRIVATE);
    expect(decision.kind).toBe(expected);
    // What it brings back is as trusted as where it comes from.
    expect(ask(policy, 'web__fetch', {}, { tool: WEB }).labels?.carries ?? []).toEqual(
      expected === 'deny' ? ['untrusted'] : [],
    );
    // Whatever the grant leaves, a deny that names the tool denies it.
    const named = policyWith([granted(capabilities)], [{ tools: ['web__*'], after: ['private'] }]);
    expect(ask(named, 'web__fetch', {}, AFTER_PRIVATE).kind).toBe('deny');
  });

  test('looks at the grant that decides for these arguments', () => {
    const policy = policyWith([granted(LOCAL, { when: 'args.host == "here"' }), granted()]);
    expect(ask(policy, 'web__fetch', { host: 'here' }, AFTER_PRIVATE).kind).toBe('allow');
    expect(ask(policy, 'web__fetch', { host: 'there' }, AFTER_PRIVATE)).toMatchObject({
      kind: 'deny',
      rule: 'no-leak',
    });
  });

  test('does not look at a later grant than that', () => {
    const policy = policyWith([granted(), granted(LOCAL)]);
    expect(ask(policy, 'web__fetch', {}, AFTER_PRIVATE)).toMatchObject({ kind: 'deny', rule: 'no-leak' });
  });

  test('stands where no grant would decide', () => {
    const policy = policyWith([granted(LOCAL, { when: 'args.host == "here"' })]);
    expect(ask(policy, 'web__fetch', { host: 'there' }, AFTER_PRIVATE)).toMatchObject({ rule: 'no-leak' });
  });

  test('stands whatever the grant leaves, where the author or the policy says that it sends there', () => {
    const declared = { name: 'web__fetch', ...labelsOfTool({ sink: 'external' }, ASKED) };
    const policy = policyWith([granted(LOCAL)]);
    expect(ask(policy, 'web__fetch', {}, { ...AFTER_PRIVATE, tool: declared }).kind).toBe('deny');
    const added = policyWith([granted(LOCAL)], [NO_LEAK], { labels: [{ tools: ['web__*'], sink: 'external' }] });
    expect(ask(added, 'web__fetch', {}, AFTER_PRIVATE).kind).toBe('deny');
  });

  test('leaves the denies after it to be asked', () => {
    const other = { id: 'other', tools: ['web__*'], when: 'args.host == "here"' };
    const policy = policyWith([granted(LOCAL)], [NO_LEAK, other]);
    expect(ask(policy, 'web__fetch', { host: 'here' }, AFTER_PRIVATE)).toMatchObject({ kind: 'deny', rule: 'other' });
    expect(ask(policy, 'web__fetch', {}, AFTER_PRIVATE)).toMatchObject({ kind: 'deny', rule: 'other' });
    expect(ask(policy, 'web__fetch', { host: 'there' }, AFTER_PRIVATE).kind).toBe('allow');
  });

  test('in shadow tells what it would have denied, by the same measure', () => {
    const told = (capabilities?: JsonObject) => {
      const policy = policyWith([granted(capabilities)], [{ ...NO_LEAK, shadow: true }]);
      const decision = ask(policy, 'web__fetch', {}, AFTER_PRIVATE);
      return shadowsOf(policy, question('web__fetch', {}, AFTER_PRIVATE), decision);
    };
    expect(told()).toEqual([{ rule: 'no-leak', decision: 'deny' }]);
    expect(told(LOCAL)).toEqual([]);
  });

  test('is on the way of an agent only where a grant leaves the tool something that leaves', () => {
    const told = (grants: readonly JsonObject[]) =>
      whoCan(policyWith(grants), REF, { tool: WEB, stopped: new Map(), nowMs: NOW_MS, countMax: 9 }).agents[0];
    expect(told([granted(LOCAL)])).toMatchObject({ decision: 'allow', conditions: [] });
    expect(told([granted(LOCAL, { when: 'args.a == 1' }), granted()])?.conditions).toContainEqual(
      expect.objectContaining({ rule: 'no-leak' }),
    );
  });
});

describe('an agent that narrows its own grants', () => {
  const wide = granted({ net: ['a.example:443', 'localhost:8080'] });

  test.each<[string, JsonObject, JsonObject]>([
    ['to this machine', wide, granted(LOCAL)],
    ['to one host of two', granted({ net: ['a.example:443', 'b.example:443'] }), granted({ net: ['a.example:443'] })],
    ['from everything', granted(), granted({ net: ['a.example:443'] })],
  ])('%s gets a call back that a rule about sinks stopped, and needs a person', (_, before, after) => {
    expect(wideningsOf(policyWith([before]), policyWith([after]))).toEqual([
      expect.stringContaining('fewer requests out of this machine'),
    ]);
    // Without such a rule there is nothing to get back.
    expect(wideningsOf(policyWith([before], []), policyWith([after], []))).toEqual([]);
  });

  test('by what has nothing to do with requests out of this machine needs nobody', () => {
    const clock = granted({ net: ['a.example:443', 'localhost:8080'], clock: true });
    expect(wideningsOf(policyWith([clock]), policyWith([wide]))).toEqual([]);
    expect(wideningsOf(policyWith([wide]), policyWith([granted({ net: ['a.example:443'] })]))).toEqual([]);
  });
});

const host = fc.constantFrom('a.example', 'b.example', 'localhost', '127.0.0.1', 'x.localhost', 'localhost.example');
const entry = fc.record(
  {
    host,
    ports: fc.subarray([80, 443], { minLength: 1 }),
    methods: fc.subarray(['GET', 'POST'], { minLength: 1 }),
    paths: fc.subarray(['/*', '/a/*', '/b'], { minLength: 1 }),
  },
  { requiredKeys: ['host'] },
);
const net = fc.option(fc.array(entry, { minLength: 1, maxLength: 3 }), { nil: undefined });
const declared = fc.record(
  {
    sink: fc.constantFrom('external', 'paper'),
    labels: fc.subarray(['private', 'untrusted']),
  },
  { requiredKeys: [] },
);

test('whatever is asked and granted, what counts is within what is asked, and is what the run can do', () => {
  fc.assert(
    fc.property(net, net, declared, (askedNet, grantedNet, says) => {
      const asked: Capabilities = askedNet === undefined ? {} : { net: askedNet };
      const tool = labelsOfTool(says, asked);
      const given: Capabilities = grantedNet === undefined ? {} : { net: grantedNet };
      const effective = labelsOfTool(says, narrow(asked, given));
      const policy = policyWith([{ tools: ['*'], capabilities: given as JsonObject }]);
      const query = { ...AFTER_PRIVATE, tool: { name: 'web__fetch', ...tool } };
      const decision = ask(policy, 'web__fetch', {}, query);
      expect(decision.kind).toBe(effective.sinks.includes('external') ? 'deny' : 'allow');
      expect(new Set(tool.sinks)).toEqual(new Set([...tool.sinks, ...effective.sinks]));
      if (decision.kind === 'allow') expect(decision.labels?.carries ?? []).toEqual(effective.labels);
    }),
    { numRuns: 500 },
  );
});

test('is worked out once for each tool that is served, and not for each call', () => {
  let asked = 0;
  const granted: Capabilities = {
    get net() {
      asked += 1;
      return [{ host: 'localhost' }];
    },
  };
  const reaches = createReach(granted);
  const { outward } = labelsOfTool({}, ASKED);
  if (outward === undefined) throw new Error('it asks for hosts out there');
  expect([reaches(outward), reaches(outward)]).toEqual([false, false]);
  expect(asked).toBe(1);
});
