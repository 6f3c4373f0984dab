// Steps of random sequences of administration: which tool, with which arguments, made of what is there when the step comes.

import fc from 'fast-check';
import type { JsonObject } from '#base/json.ts';
import { OPERATIONS } from '#operations/table.ts';
import { change, type Document, type Edit, edit, policyDocument } from '#test/policy/policy-pairs.ts';
import { AGENTS } from './laws-power.ts';
import { LOOSENINGS, TRICKS } from './laws-tricks.ts';
import { documentOf, type LawsWorld } from './laws-world.ts';

type Written = { readonly [key: string]: unknown };

const TOOL_NAMES = OPERATIONS.map(({ name }) => name);
const agent = fc.constantFrom(...AGENTS);
const actor = fc.constantFrom('ops', 'aide');
const rarely = <T>(values: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: values });
const key = rarely(fc.constantFrom('k1', 'k2', 'k3'));

/** What a token of the caller leaves, of one that came with such a one. By the admin API. */
const SCOPES = [['tools:smcp__policy_*'], ['tools:demo_*', 'doors:admin'], ['doors:mcp'], ['tools:*', 'doors:stdio']];
const scopes = rarely(fc.constantFrom(...SCOPES));

export type Step = {
  readonly actor: string;
  readonly operation: string;
  readonly key: string | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly whom: string;
  readonly edits: readonly Edit[];
  readonly trick: number | undefined;
  readonly number: number;
};

/** Edits by themselves, tricks by themselves, or both: what does two things is refused for either. */
const none: fc.Arbitrary<readonly Edit[]> = fc.constant([]);
const changes = fc.oneof(
  { weight: 9, arbitrary: fc.record({ edits: none, trick: fc.nat(LOOSENINGS.length - 1) }) },
  { weight: 3, arbitrary: fc.record({ edits: none, trick: fc.nat(TRICKS.length - 1) }) },
  {
    weight: 3,
    arbitrary: fc.record({ edits: fc.array(edit, { minLength: 1, maxLength: 2 }), trick: fc.constant(undefined) }),
  },
  { weight: 1, arbitrary: fc.record({ edits: fc.array(edit, { maxLength: 2 }), trick: fc.nat(TRICKS.length - 1) }) },
);

const WRITES = OPERATIONS.filter(({ effect }) => effect === 'write').map(({ name }) => name);

const operation = fc.oneof(
  { weight: 16, arbitrary: fc.constant('policy_apply') },
  { weight: 3, arbitrary: fc.constantFrom('policy_rollback', 'config_set') },
  { weight: 4, arbitrary: fc.constantFrom('approvals_approve', 'ask') },
  // Each of the table, those that only people may do too.
  { weight: 4, arbitrary: fc.constantFrom(...WRITES) },
  { weight: 1, arbitrary: fc.constantFrom(...TOOL_NAMES) },
);

const stepOf = (operations: fc.Arbitrary<string>): fc.Arbitrary<Step> =>
  fc
    .record({ ...{ actor, operation: operations, key, scopes, changes }, whom: agent, number: fc.nat(1000) })
    .map(({ changes: made, ...rest }) => ({ ...rest, ...made }));

export const step = stepOf(operation);

/** Each operation of the table once, in any order. */
export const eachOnce: fc.Arbitrary<readonly Step[]> = fc
  .shuffledSubarray(TOOL_NAMES, { minLength: TOOL_NAMES.length })
  .chain((names) => fc.tuple(...names.map((name) => stepOf(fc.constant(name)))));

/** The rights that a person gave: any document, and the admin tools of the two that act, some of them after approval. */
export const given = fc
  .tuple(policyDocument, fc.subarray(TOOL_NAMES, { minLength: TOOL_NAMES.length - 2 }), fc.subarray(TOOL_NAMES))
  .map(([document, ops, aide]) => withAdmins(document, { ops, aide }));

/** One bound each, of tools that no other rule is likely to decide about: what takes it away is seen. */
const BOUNDED: Document['deny'] = [
  { tools: ['bound__when'], when: 'args.a == 1' },
  { tools: ['bound__hours'], hours: { days: ['mon'], from: '08:00', to: '20:00', timezone: 'UTC' } },
  { tools: ['bound__expires'], expires: '2027-01-01T00:00:00Z' },
  { tools: ['bound__capabilities'], capabilities: { clock: true } },
  { tools: ['bound__session'], session: { forbid: ['private'] } },
];

function withAdmins(document: Document, granted: { readonly [name: string]: readonly string[] }): Document {
  const text = JSON.stringify(document);
  // What would deny or decide the admin tools of the two before their own grants do is left out.
  const plain = JSON.parse(
    text.replaceAll('"smcp__*"', '"demo_*"').replaceAll(/"smcp__queue_\w+"/g, '"demo_math__add"'),
  ) as Document;
  Object.assign(plain, { people: { ana: { role: 'approver' }, ben: { role: 'admin' } } });
  plain.budgets = plain.budgets.map((budget) => ({ tools: ['demo_*'], ...(budget as Written) }));
  plain.defaults = { timeout: '20s', loop: { repeats: 3, per: '1m' }, ...plain.defaults };
  plain.agents['zephyrus'] = { grants: structuredClone(BOUNDED), deny: [] };
  for (const [name, operations] of Object.entries(granted)) {
    const admin = operations.map((one) => `smcp__${one}`);
    const asked = { tools: ['demo_text__slugify'], approval: { ttl: '1h', wait: '0s' } };
    const byPeople = { tools: ['demo_text__echo'], approval: { ttl: '1h', wait: '0s', by: ['ana', 'ben'], people: 2 } };
    // Its own limits stand in place of the default ones: a sequence is longer than they let it be.
    const limits = { calls: 1_000_000, per: '1d' };
    plain.agents[name] = { grants: [{ tools: ['smcp__policy_apply', ...admin] }, asked, byPeople], deny: [], limits };
  }
  return plain;
}

/** What the step sends, of what is there now. */
export function inputOf({ services }: LawsWorld, { operation: name, whom, edits, trick, number }: Step): JsonObject {
  const { tokens, policy, approvals, catalog } = services;
  const pick = <T>(all: readonly T[]): T | undefined => all[number % Math.max(all.length, 1)];
  const requests = approvals.list();
  const request = pick(requests.filter(({ state }) => state === 'pending')) ?? pick(requests);
  const plugin = pick(catalog.reports());
  const text = JSON.stringify(edited(documentOf(services) as unknown as Document, { edits, trick, whom }));
  const inputs: { readonly [operation: string]: JsonObject } = {
    policy_apply: { text },
    policy_check: { text },
    policy_diff: { text },
    policy_simulate: { text, last: 10 },
    policy_rollback: { version: 1 + (number % policy.show().policy.version) },
    policy_show: {},
    // Who acts is not stopped, so that a sequence goes on.
    freeze: pick([{ agent: 'zoe' }, { plugin: 'demo_math' }]) ?? {},
    policy_suggest: { agent: whom },
    policy_who_can: { tool: 'demo_text__echo' },
    agent_add: { name: whom },
    agent_token: { name: whom },
    agent_revoke: { id: pick(tokens.list())?.id ?? 'none' },
    token_revoke: { subject: whom },
    can: { agent: whom, tool: 'demo_text__echo' },
    config_set: pick([
      { key: 'policy.apply', value: 'auto' },
      { key: 'logging.level', value: pick(['debug', 'silent', 'error']) ?? '' },
      { key: 'workspaces.bytesMax', value: String(number * 1_000_000 + 1) },
      { key: 'workspaces.filesMax', value: String(number * 100 + 1) },
      { key: 'net.privateHosts', value: 'git.lan' },
    ]) ?? { key: '', value: '' },
    secret_set: { name: 'TOKEN', value: 'another value, long enough' },
    person_invite: { name: 'ben' },
    person_revoke: { name: 'ben' },
    labels_clear: { agent: whom, why: 'nothing of it is left' },
    secret_rm: { name: 'TOKEN' },
    approvals_approve: { id: request?.id ?? 'none', digest: request?.digest ?? `sha256:${'0'.repeat(64)}` },
    approvals_show: { id: request?.id ?? 'none' },
    approvals_deny: { id: request?.id ?? 'none' },
    plugin_review: { name: plugin?.name ?? '' },
    plugin_approve: { name: plugin?.name ?? '', digest: plugin?.digest ?? '', without: 'none' },
    plugin_enable: { name: plugin?.name ?? '' },
    plugin_disable: { name: plugin?.name ?? '' },
    queue_cancel: { id: 'none' },
    unfreeze: number % 2 === 0 ? {} : { agent: whom },
    log_show: { id: '0' },
    log_prove: { id: '0' },
    log_disclose: { id: String(number) },
    log_replay: { id: '0' },
  };
  return inputs[name] ?? {};
}

function edited(document: Document, { edits, trick, whom }: Pick<Step, 'edits' | 'trick' | 'whom'>): Document {
  // One that an agent has emptied has nothing left for random edits.
  const isWhole = document.roles?.reader?.grants !== undefined && document.deny !== undefined;
  if (isWhole) for (const one of edits) change(document, one);
  if (trick !== undefined) TRICKS[trick]?.(document, whom);
  return document;
}
