// Random policies and what edits make of them, for the laws of attenuation. Small worlds, so that rules meet each other often.

import fc from 'fast-check';
import type { JsonObject } from '#base/json.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { Allow, Ask } from '#domain/decision.ts';
import { decide } from '#policy/decide.ts';
import type { Policy } from '#policy/rules.ts';
import { agentName, question, REF } from './policies.ts';

const TOOLS = ['demo_math__add', 'demo_math__sub', 'demo_text__echo', 'smcp__queue_flush', 'smcp__queue_list'];
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
const ARGS: readonly JsonObject[] = [{}, { a: 1 }, { a: 2 }, { b: 1 }, { a: 1, b: 1 }];
const EXPIRES = ['2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z', '2028-01-01T00:00:00Z'];
const HOURS = [
  { days: ['mon', 'tue'], timezone: 'UTC' },
  { days: ['mon'], from: '08:00', to: '20:00', timezone: 'UTC' },
  { from: '20:00', to: '08:00', timezone: 'UTC' },
  { days: ['mon', 'tue'], timezone: 'Europe/Lisbon' },
];
/** Before, at and after each expiry; then on a Monday and a Tuesday, by day and by night. */
const TIMES = EXPIRES.flatMap((time) => [-1, 0].map((ms) => Date.parse(time) + ms))
  .concat(Date.parse('2030-01-01'))
  .concat(['2026-06-01T12:00Z', '2026-06-01T21:00Z', '2026-06-02T12:00Z', '2026-06-02T23:30Z'].map(Date.parse));
const CAPABILITIES = [
  [],
  { clock: true },
  { clock: true, random: true },
  { net: ['a.b:1'] },
  { net: [{ host: 'a.b', ports: [1, 2] }] },
  { net: ['a.b:1', 'c.d:2'], clock: true },
  { store: { bytesMax: 10 } },
  { store: { bytesMax: 20 } },
];
const APPROVALS = [
  { ttl: '1m' },
  { ttl: '2m' },
  { ttl: '1m', trustClient: true },
  { ttl: '2m', trustClient: true, wait: '0s' },
];
const AGENTS = ['athena', 'boreas', 'zephyrus'];

type Written = {
  tools: string[];
  when?: string;
  hours?: unknown;
  expires?: string;
  capabilities?: unknown;
  approval?: unknown;
};
type Document = {
  version: number;
  defaults: { timeout?: string };
  deny: Written[];
  roles: { reader: { grants: Written[]; deny: Written[] } };
  agents: { [name: string]: { roles?: string[]; grants: Written[]; deny: Written[] } };
};

const deny = fc.record(
  {
    tools: fc.array(fc.constantFrom(...PATTERNS), { minLength: 1, maxLength: 2 }),
    when: fc.constantFrom(...CONDITIONS),
    hours: fc.constantFrom(...HOURS),
    expires: fc.constantFrom(...EXPIRES),
  },
  { requiredKeys: ['tools'] },
);
const grant = fc
  .tuple(
    deny,
    fc.option(fc.constantFrom(...CAPABILITIES), { nil: undefined }),
    fc.option(fc.constantFrom(...APPROVALS), { nil: undefined }),
  )
  .map(
    ([rule, capabilities, approval]): Written => ({
      ...rule,
      ...(capabilities === undefined ? {} : { capabilities }),
      ...(approval === undefined ? {} : { approval }),
    }),
  );
const lists = { grants: fc.array(grant, { maxLength: 4 }), deny: fc.array(deny, { maxLength: 1 }) };
const defaults = fc.constantFrom({}, { timeout: '10s' }, { timeout: '20s' });

export const policyDocument: fc.Arbitrary<Document> = fc.record({
  version: fc.constant(1),
  defaults,
  deny: fc.array(deny, { maxLength: 1 }),
  roles: fc.record({ reader: fc.record(lists) }),
  agents: fc.record({
    athena: fc.record({ roles: fc.subarray(['reader']), ...lists }),
    boreas: fc.record({ roles: fc.subarray(['reader']), ...lists }),
  }),
});

/** Every list of rules that an edit may change. */
const listsOf = ({ deny, roles, agents }: Document): Written[][] => [
  roles.reader.grants,
  ...Object.values(agents).flatMap((agent) => [agent.grants, agent.grants, agent.deny]),
  deny,
  roles.reader.deny,
];

const edit = fc.record({
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
    'approval',
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
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

function change(document: Document, { kind, list: listAt, at, to, with: rule, defaults: other }: Edit): void {
  const all = listsOf(document);
  const list = all[listAt % all.length] ?? [];
  const isDeny =
    document.deny === list ||
    Object.values({ ...document.roles, ...document.agents }).some((each) => each.deny === list);
  const { capabilities: _, approval: __, ...plain } = rule;
  const fitting: Written = isDeny ? plain : rule;
  const found = list[at % Math.max(list.length, 1)];
  if (kind === 'timeout') document.defaults = other;
  if (kind === 'role') Object.assign(document.agents['athena'] ?? {}, { roles: at % 2 === 0 ? [] : ['reader'] });
  if (kind === 'agent') document.agents['zephyrus'] = { grants: at % 2 === 0 ? [] : [rule], deny: [] };
  if (kind === 'insert') list.splice(to, 0, fitting);
  if (found === undefined) return;
  if (kind === 'remove') list.splice(list.indexOf(found), 1);
  if (kind === 'copy') list.splice(to, 0, structuredClone(found));
  if (kind === 'swap') list.splice(to, 0, ...list.splice(list.indexOf(found), 1));
  if (kind === 'tools') found.tools = fitting.tools;
  for (const key of ['when', 'hours', 'expires', 'capabilities', 'approval'] as const) {
    if (kind !== key || (isDeny && (key === 'capabilities' || key === 'approval'))) continue;
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

/** Single powers; undefined: all that can be asked for. */
function powersOf(capabilities: Capabilities | undefined): ReadonlySet<string> | undefined {
  if (capabilities === undefined) return undefined;
  return new Set([
    ...(capabilities.clock === true ? ['clock'] : []),
    ...(capabilities.random === true ? ['random'] : []),
    ...(capabilities.net ?? []).flatMap((entry) =>
      (entry['ports'] as number[]).map((port) => `${entry['host']}:${port}`),
    ),
    ...Array.from({ length: Number(capabilities.store?.['bytesMax'] ?? 0) }, (_, n) => `byte ${n}`),
  ]);
}

/** Whether a person is asked about the one, for no longer a time and with no more trust, where they were about the other. */
function asksNoLess({ terms: before }: Ask, now: Allow | Ask): boolean {
  if (now.kind === 'allow') return false;
  return now.terms.ttlMs <= before.ttlMs && (before.trustsClient || !now.terms.trustsClient);
}

/** The first call found that `after` gives more to than `before`; asked one by one, by deciding. */
export function callThatGetsMore(before: Policy, after: Policy): string | undefined {
  for (const agent of AGENTS) {
    for (const tool of TOOLS) {
      for (const args of ARGS) {
        for (const nowMs of TIMES) {
          const query = question(tool, args, { agent: agentName(agent), nowMs });
          const now = decide(after, REF, query);
          if (now.kind === 'deny') continue;
          const then = decide(before, REF, query);
          const call = `${agent} ${tool} ${JSON.stringify(args)} at ${new Date(nowMs).toISOString()}`;
          if (then.kind === 'deny') return `${call} was denied`;
          if (then.kind === 'ask' && !asksNoLess(then, now)) return `${call} was asked about`;
          const [mine, theirs] = [powersOf(now.capabilities), powersOf(then.capabilities)];
          const isWithin =
            theirs === undefined || (mine !== undefined && [...mine].every((power) => theirs.has(power)));
          if (!isWithin) return `${call} had fewer capabilities`;
          if ((now.timeoutMs ?? 1e9) > (then.timeoutMs ?? 1e9)) return `${call} had a shorter timeout`;
        }
      }
    }
  }
  return undefined;
}
