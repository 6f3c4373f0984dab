import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { type Capabilities, kindsOf } from '#domain/capability.ts';
import { narrow } from '#domain/narrow.ts';
import { decide, mayCall } from '#policy/decide.ts';
import { agentName, ask, NOW_MS, policyOf, question, REF } from './policies.ts';

const TOOLS = ['demo_math__add', 'demo_math__calculate', 'demo_text__echo', 'files__delete_all', 'smcp__queue_flush'];
const PATTERNS = ['*', 'demo_*', '*__delete_*', 'demo_math__add', 'demo_text__*', 'smcp__*', '*a*', 'nothing__here'];
const CONDITIONS = [
  'true',
  'false',
  'args.a == 1',
  'args.a > 0 && args.b',
  'args.missing.deep',
  'has(args.a)',
  'args.a + 1 > 1',
];
/** The time that is asked about is a Sunday, 10:00 in UTC: open, closed, open over midnight. */
const HOURS = [
  { days: ['sun'], timezone: 'UTC' },
  { days: ['mon', 'tue'], from: '08:00', to: '20:00', timezone: 'Europe/Lisbon' },
  { days: ['sat'], from: '22:00', to: '12:00', timezone: 'UTC' },
];
const TIMES = ['2026-01-01T00:00:00Z', '2026-11-22T10:00:00Z', '2030-01-01T00:00:00Z'];

const rule = fc.record(
  {
    tools: fc.array(fc.constantFrom(...PATTERNS), { minLength: 1, maxLength: 2 }),
    when: fc.constantFrom(...CONDITIONS),
    hours: fc.constantFrom(...HOURS),
    expires: fc.constantFrom(...TIMES),
  },
  { requiredKeys: ['tools'] },
);
const rules = fc.array(rule, { maxLength: 3 });
const body = fc.record({ grants: rules, deny: rules });
const policy = fc.record({
  version: fc.constant(1),
  deny: rules,
  roles: fc.record({ reader: body, writer: body }),
  agents: fc.record({
    athena: fc.record({
      roles: fc.subarray(['reader', 'writer']),
      grants: rules,
      deny: rules,
    }),
    boreas: body,
  }),
});
const args = fc.oneof(fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue()), fc.record({ a: fc.integer() }));
const tool = fc.constantFrom(...TOOLS);
const RUNS = { numRuns: 150 };

type Written = typeof policy extends fc.Arbitrary<infer T> ? T : never;

const kindOf = (written: Written, toolName: string, given: unknown) =>
  ask(policyOf(written), toolName, given as JsonObject).kind;

describe('laws of decisions', () => {
  test('adding a deny anywhere never allows anything', () => {
    const place = fc.constantFrom('top', 'agent', 'reader', 'writer');
    fc.assert(
      fc.property(policy, rule, place, fc.nat(3), tool, args, (written, added, where, at, toolName, given) => {
        fc.pre(kindOf(written, toolName, given) === 'deny');
        const changed = structuredClone(written);
        const lists = {
          top: changed.deny,
          agent: changed.agents.athena.deny,
          reader: changed.roles.reader.deny,
          writer: changed.roles.writer.deny,
        };
        lists[where as keyof typeof lists].splice(at, 0, added);
        expect(kindOf(changed, toolName, given)).toBe('deny');
      }),
      RUNS,
    );
  });

  test('a rule in shadow, wherever it is put, changes no decision and shows no tool', () => {
    const place = fc.constantFrom('top', 'deny', 'grants', 'reader');
    fc.assert(
      fc.property(policy, rule, place, fc.nat(3), tool, args, (written, added, where, at, toolName, given) => {
        const changed = structuredClone(written);
        const lists = {
          top: changed.deny,
          deny: changed.agents.athena.deny,
          grants: changed.agents.athena.grants,
          reader: changed.roles.reader.grants,
        };
        // By their places rules without an id have other names.
        const decided = (each: Written) => {
          const { kind, rule: name } = ask(policyOf(each), toolName, given as JsonObject);
          return [kind, name === 'default-deny', mayCall(policyOf(each), 'athena', toolName, { nowMs: NOW_MS })];
        };
        const before = decided(written);
        lists[where as keyof typeof lists].splice(at, 0, { ...added, shadow: true } as typeof added);
        expect(decided(changed)).toEqual(before);
      }),
      RUNS,
    );
  });

  test('an unconditional deny for the tool denies, whatever the rest says', () => {
    fc.assert(
      fc.property(policy, tool, args, (written, toolName, given) => {
        const changed = { ...written, deny: [...written.deny, { tools: [toolName] }] };
        expect(kindOf(changed, toolName, given)).toBe('deny');
        expect(mayCall(policyOf(changed), 'athena', toolName, { nowMs: NOW_MS })).toBe(false);
      }),
      RUNS,
    );
  });

  test('no grant, no call', () => {
    fc.assert(
      fc.property(policy, tool, args, (written, toolName, given) => {
        const none = { grants: [], deny: written.roles.reader.deny };
        const agents = { ...written.agents, athena: { ...written.agents.athena, grants: [] } };
        const changed = { ...written, roles: { reader: none, writer: none }, agents };
        expect(kindOf(changed, toolName, given)).toBe('deny');
      }),
      RUNS,
    );
  });

  test('a condition that fails never grants, and in a deny always denies', () => {
    const failing = fc.constantFrom(
      'args.missing',
      'args.missing == 1',
      '1 / 0 == 1',
      '"text"',
      'args',
      'int("x") == 1',
    );
    fc.assert(
      fc.property(policy, failing, tool, (written, when, toolName) => {
        const failed = (list: Written['deny']) => list.map((each) => ({ ...each, when }));
        const { athena } = written.agents;
        const roles = {
          reader: { ...written.roles.reader, grants: failed(written.roles.reader.grants) },
          writer: { ...written.roles.writer, grants: failed(written.roles.writer.grants) },
        };
        const agents = { ...written.agents, athena: { ...athena, grants: failed(athena.grants) } };
        expect(kindOf({ ...written, roles, agents }, toolName, {})).toBe('deny');
        const denied = { ...written, deny: [{ tools: [toolName], when }] };
        expect(kindOf(denied, toolName, {})).toBe('deny');
      }),
      RUNS,
    );
  });

  test('other agents, and their order, change nothing', () => {
    fc.assert(
      fc.property(policy, body, tool, args, (written, other, toolName, given) => {
        const { athena, boreas } = written.agents;
        const alone = { ...written, agents: { athena } };
        const after = { ...written, agents: { zephyrus: other, boreas, athena } };
        const decision = ask(policyOf(alone), toolName, given as JsonObject);
        expect(ask(policyOf(after), toolName, given as JsonObject)).toEqual(decision);
        expect(ask(policyOf(written), toolName, given as JsonObject)).toEqual(decision);
      }),
      RUNS,
    );
  });

  test('what is allowed now is shown: a call is never allowed where mayCall says no', () => {
    fc.assert(
      fc.property(policy, tool, args, (written, toolName, given) => {
        const ready = policyOf(written);
        const isAllowed = ask(ready, toolName, given as JsonObject).kind === 'allow';
        expect(!isAllowed || mayCall(ready, 'athena', toolName, { nowMs: NOW_MS })).toBe(true);
      }),
      RUNS,
    );
  });

  test('a decision is made for any JSON, tool name, session and time, and never throws', () => {
    const ready = CONDITIONS.map((when) =>
      policyOf({
        version: 1,
        agents: { athena: { grants: [{ tools: ['*'], when }] } },
        deny: [{ tools: ['x*'], when }],
      }),
    );
    fc.assert(
      fc.property(
        fc.object({ withNullPrototype: false, maxDepth: 3, values: [fc.jsonValue(), fc.string()] }),
        fc.string(),
        fc.option(fc.string(), { nil: undefined }),
        fc.double(),
        (given, toolName, session, nowMs) => {
          for (const each of ready) {
            const more = { nowMs, ...(session === undefined ? {} : { session }) };
            const query = question(toolName, JSON.parse(JSON.stringify(given)) as JsonObject, more);
            expect(['allow', 'deny']).toContain(decide(each, REF, query).kind);
          }
        },
      ),
      RUNS,
    );
  });
});

describe('capabilities that a grant narrows', () => {
  const asked: Capabilities = {
    net: [{ host: 'api.github.com' }],
    files: [{ path: 'workspace', access: 'read' }],
    tools: ['demo_text__slugify'],
    clock: true,
    random: true,
  };
  const granted = fc.oneof(
    fc.constant([]),
    fc.record(
      {
        net: fc.constantFrom([], ['api.github.com:443']),
        files: fc.constantFrom([], ['workspace:read', 'workspace/x:write']),
        secrets: fc.constantFrom([], ['KEY']),
        store: fc.constantFrom([], { bytesMax: 1 }),
        clock: fc.constantFrom([], true),
        random: fc.constantFrom([], true),
      },
      { requiredKeys: [] },
    ),
  );

  test('are always a subset of what was asked, and nothing where the grant says nothing', () => {
    fc.assert(
      fc.property(granted, (capabilities) => {
        const decision = ask(
          policyOf({ version: 1, agents: { athena: { grants: [{ tools: ['*'], capabilities }] } } }),
          'a__b',
        );
        const given = decision.kind === 'allow' ? decision.capabilities : undefined;
        const effective = kindsOf(narrow(asked, given));
        expect(kindsOf(asked)).toEqual(expect.arrayContaining(effective));
        const named = Array.isArray(capabilities)
          ? []
          : Object.entries(capabilities).filter(([, value]) => !Array.isArray(value) || value.length > 0);
        expect(kindsOf(given ?? {}).toSorted()).toEqual(named.map(([kind]) => kind).toSorted());
      }),
      RUNS,
    );
  });

  test('are as approved where the grant has no capabilities', () => {
    const decision = ask(policyOf({ version: 1, agents: { athena: { grants: [{ tools: ['*'] }] } } }), 'a__b');
    expect(narrow(asked, decision.kind === 'allow' ? decision.capabilities : {})).toEqual(asked);
  });
});

test('the policy of ten thousand agents decides as fast for one as a policy of one', () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`agent${n}`, { roles: ['reader'] }]));
  const ready = policyOf({ version: 1, roles: { reader: { grants: [{ tools: ['demo_*'] }] } }, agents: many });
  const rulesOfFirst = ready.agents.get('agent0');
  const rulesOfLast = ready.agents.get('agent9999');
  expect(rulesOfLast).toEqual(rulesOfFirst);
  expect(rulesOfLast?.grants[0]).toBe(rulesOfFirst?.grants[0]);
  expect(ask(ready, 'demo_x__y', {}, { agent: agentName('agent9999') }).kind).toBe('allow');
});
