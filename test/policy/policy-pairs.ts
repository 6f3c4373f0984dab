// Random policies and what edits make of them, for the laws of attenuation. Small worlds, so that rules meet each other often.

import fc from 'fast-check';

export const TOOLS = ['demo_math__add', 'demo_math__sub', 'demo_text__echo', 'smcp__queue_flush', 'smcp__queue_list'];
const PATTERNS = [
  '*',
  'demo_*',
  '*_math__*',
  '*__add',
  'demo_math__add',
  'demo_text__echo',
  'smcp__*',
  'smcp__queue_flush',
];
const CONDITIONS = ['args.a == 1', 'args.b == 1', 'has(args.a)'];
export const EXPIRES = ['2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z'];
const HOURS = [
  { days: ['mon', 'tue'], timezone: 'UTC' },
  { days: ['mon'], from: '08:00', to: '20:00', timezone: 'UTC' },
  { from: '20:00', to: '08:00', timezone: 'UTC' },
  { days: ['mon', 'tue'], timezone: 'Europe/Lisbon' },
];
const CAPABILITIES = [
  [],
  { clock: true },
  { clock: true, random: true },
  { net: ['a.b:1'] },
  { net: [{ host: 'a.b', ports: [1, 2] }] },
  { net: ['a.b:1', 'c.d:2'], clock: true },
  { net: ['a.b:1', 'localhost:1'] },
  { net: ['localhost:1'] },
  { store: { bytesMax: 10 } },
  { store: { bytesMax: 20 } },
];
const APPROVALS = [
  { ttl: '1m' },
  { ttl: '2m' },
  { ttl: '1m', trustClient: true },
  { ttl: '2m', trustClient: true, wait: '0s' },
];
const AFTER = [['private'], ['untrusted'], ['private', 'untrusted']];
const SESSIONS = [{ forbid: ['private'] }, { require: ['reviewed'] }, { forbid: ['private'], require: ['reviewed'] }];
const LABEL_RULES = [
  { tools: ['demo_math__*'], carries: ['private'] },
  { tools: ['demo_math__add'], carries: ['private', 'reviewed'] },
  { tools: ['*'], sink: 'external' },
];
export const AGENTS = ['athena', 'boreas', 'zephyrus'];

const BOUNDS = [{ calls: 1, per: '1h' }, { calls: 2, per: '1h' }, { calls: 1, per: '1d' }, { concurrent: 1 }];
const BUDGETS = [
  { calls: 1, per: '1h' },
  { id: 'b', tools: ['demo_*'], calls: 2, per: '1h' },
];
const LOOPS = ['off', { repeats: 2, per: '1m' }, { repeats: 3, per: '1m' }];

type Written = {
  tools: string[];
  when?: string;
  hours?: unknown;
  expires?: string;
  capabilities?: unknown;
  limits?: unknown;
  approval?: unknown;
  session?: unknown;
  sink?: string;
  after?: string[];
};
export type Document = {
  version: number;
  defaults: { timeout?: string; limits?: unknown; loop?: unknown };
  budgets: unknown[];
  labels: unknown[];
  deny: Written[];
  roles: { reader: { grants: Written[]; deny: Written[]; limits?: unknown } };
  agents: {
    [name: string]: { roles?: string[]; grants: Written[]; deny: Written[]; limits?: unknown; sessions?: unknown };
  };
};

const rule = fc.record(
  {
    tools: fc.array(fc.constantFrom(...PATTERNS), { minLength: 1, maxLength: 2 }),
    when: fc.constantFrom(...CONDITIONS),
    hours: fc.constantFrom(...HOURS),
    expires: fc.constantFrom(...EXPIRES),
  },
  { requiredKeys: ['tools'] },
);
const rarely = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 3 });
const deny = fc.tuple(rule, rarely(['external']), rarely(AFTER)).map(
  ([plain, sink, after]): Written => ({
    ...plain,
    ...(sink === undefined ? {} : { sink }),
    ...(after === undefined ? {} : { after }),
  }),
);
const grant = fc
  .tuple(
    rule,
    fc.option(fc.constantFrom(...CAPABILITIES), { nil: undefined }),
    fc.option(fc.constantFrom(...APPROVALS), { nil: undefined, freq: 2 }),
    fc.option(fc.constantFrom(...BOUNDS), { nil: undefined, freq: 2 }),
    rarely(SESSIONS),
  )
  .map(
    ([plain, capabilities, approval, limits, session]): Written => ({
      ...plain,
      ...(session === undefined ? {} : { session }),
      ...(capabilities === undefined ? {} : { capabilities }),
      ...(approval === undefined ? {} : { approval }),
      ...(limits === undefined ? {} : { limits }),
    }),
  );
const bounds = fc.option(fc.constantFrom(...BOUNDS), { nil: undefined });
const limited = <T extends object>(body: fc.Arbitrary<T>) =>
  fc.tuple(body, bounds).map(([rest, limits]) => ({ ...rest, ...(limits === undefined ? {} : { limits }) }));
const lists = { grants: fc.array(grant, { maxLength: 4 }), deny: fc.array(deny, { maxLength: 1 }) };
const defaults = fc
  .tuple(fc.constantFrom({}, { timeout: '10s' }, { timeout: '20s' }), fc.option(fc.constantFrom(...LOOPS)), bounds)
  .map(([rest, loop, limits]) => ({
    ...rest,
    ...(loop === null ? {} : { loop }),
    ...(limits === undefined ? {} : { limits }),
  }));

export const policyDocument: fc.Arbitrary<Document> = fc.record({
  version: fc.constant(1),
  defaults,
  deny: fc.array(deny, { maxLength: 1 }),
  budgets: fc.subarray(BUDGETS),
  labels: fc.subarray(LABEL_RULES),
  roles: fc.record({ reader: limited(fc.record(lists)) }),
  agents: fc.record({
    athena: limited(fc.record({ roles: fc.subarray(['reader']), ...lists })),
    boreas: limited(fc.record({ roles: fc.subarray(['reader']), ...lists })),
  }),
});

/** Every list of rules that an edit may change. */
const listsOf = ({ deny, roles, agents }: Document): Written[][] => [
  roles.reader.grants,
  ...Object.values(agents).flatMap((agent) => [agent.grants, agent.grants, agent.deny]),
  deny,
  roles.reader.deny,
];

export const edit = fc.record({
  kind: fc.constantFrom(
    'remove',
    'swap',
    'insert',
    'copy',
    'tools',
    'when',
    'hours',
    'expires',
    'capabilities',
    'limits',
    'bounds',
    'budgets',
    'approval',
    'session',
    'labels',
    'sessions',
    'timeout',
    'role',
    'agent',
  ),
  list: fc.nat(20),
  at: fc.nat(5),
  to: fc.nat(5),
  with: grant,
  defaults,
});
export type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

/** What no deny has. */
const OF_GRANTS: readonly string[] = ['capabilities', 'approval', 'limits', 'session'];

/** Makes one edit, in place. */
export function change(document: Document, { kind, list: listAt, at, to, with: given, defaults: other }: Edit): void {
  const all = listsOf(document);
  const list = all[listAt % all.length] ?? [];
  const isDeny =
    document.deny === list ||
    Object.values({ ...document.roles, ...document.agents }).some((each) => each.deny === list);
  const { capabilities: _, approval: __, limits: ___, session: ____, ...plain } = given;
  const fitting: Written = isDeny ? plain : given;
  const found = list[at % Math.max(list.length, 1)];
  if (kind === 'timeout') document.defaults = other;
  if (kind === 'budgets') document.budgets = BUDGETS.slice(at % 2, to % 3);
  if (kind === 'bounds') {
    const body = at % 2 === 0 ? document.roles.reader : document.agents['athena'];
    const bound = BOUNDS[to];
    if (body !== undefined) delete body.limits;
    if (bound !== undefined) Object.assign(body ?? {}, { limits: bound });
  }
  if (kind === 'role') Object.assign(document.agents['athena'] ?? {}, { roles: at % 2 === 0 ? [] : ['reader'] });
  if (kind === 'agent') document.agents['zephyrus'] = { grants: at % 2 === 0 ? [] : [given], deny: [] };
  if (kind === 'labels') document.labels = LABEL_RULES.slice(at % 2, to % 4);
  const athena = document.agents['athena'];
  if (kind === 'sessions' && athena !== undefined) {
    delete athena.sessions;
    if (at % 2 === 0) athena.sessions = 'separate';
  }
  if (kind === 'insert') list.splice(to, 0, fitting);
  if (found === undefined) return;
  if (kind === 'remove') list.splice(list.indexOf(found), 1);
  if (kind === 'copy') list.splice(to, 0, structuredClone(found));
  if (kind === 'swap') list.splice(to, 0, ...list.splice(list.indexOf(found), 1));
  if (kind === 'tools') found.tools = fitting.tools;
  for (const key of ['when', 'hours', 'expires', 'capabilities', 'approval', 'limits', 'session'] as const) {
    if (kind !== key || (isDeny && OF_GRANTS.includes(key))) continue;
    delete found[key];
    if (fitting[key] !== undefined) Object.assign(found, { [key]: fitting[key] });
  }
}

/** A policy, and the same after one to three edits. */
export const policyPair = fc
  .tuple(policyDocument, fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([before, edits]) => {
    const after = structuredClone(before);
    for (const each of edits) change(after, each);
    return { before, after };
  });
