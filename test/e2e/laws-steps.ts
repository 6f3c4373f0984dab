// Steps of random sequences of administration: which tool, with which arguments, made of what is there when the step comes.

import fc from 'fast-check';
import type { JsonObject } from '#base/json.ts';
import { OPERATIONS } from '#operations/table.ts';
import { change, type Document, type Edit, edit, policyDocument } from '#test/policy/policy-pairs.ts';
import { AGENTS } from './laws-power.ts';
import { documentOf, type LawsWorld } from './laws-world.ts';

type Written = { readonly [key: string]: unknown };

/** Edits that random ones make seldom: each is a way to more, now or by a person's next edit. */
const TRICKS: readonly ((document: Document, agent: string) => unknown)[] = [
  (document, agent) => Object.assign(document.agents, { [agent]: { grants: [{ tools: ['smcp__*', '*'] }] } }),
  (document, agent) => Object.assign(document.agents[agent] ?? {}, { roles: ['reader'] }),
  (document, agent) => Object.assign(document.agents[agent] ?? {}, { workspace: 'boreas' }),
  (document) => Object.assign(document, { shares: [{ workspace: 'boreas', agents: ['athena', 'boreas'] }] }),
  (document, agent) => grantOf(document, agent, { tools: ['*'], shadow: true }),
  (document, agent) => grantOf(document, agent, { tools: ['demo_*'], when: 'true' }),
  (document, agent) => grantOf(document, agent, { tools: ['smcp__approvals_approve'], hours: { timezone: 'UTC' } }),
  (document, agent) => grantOf(document, agent, { id: 'urgent', why: 'a person said so', tools: ['demo_text__echo'] }),
  (document) => Object.assign(document, { people: { ana: { role: 'admin' }, eve: { role: 'approver' } } }),
  (document) => Object.assign(document, { people: {} }),
  (document) => askedOf(document, ['eve', 'role:admin'], 1),
  (document) => askedOf(document, ['ana'], 1),
  (document) => Object.assign(document, { deny: [] }),
  (document) => Object.assign(document, { budgets: [] }),
  (document) => Object.assign(document, { defaults: {} }),
  (document) => Object.assign(document, { roles: {} }),
  (document) => unlimited(document),
  (document) => asleep(document),
  (document, agent) => Reflect.deleteProperty(document.agents, agent),
];

/** An agent that was added by its name has no list yet. */
const grantOf = (document: Document, agent: string, rule: Written) => {
  const body = document.agents[agent];
  if (body !== undefined) body.grants = [rule as unknown as Document['deny'][number], ...(body.grants ?? [])];
};

/** Every approval, limit, condition and bound in time left out. */
function unlimited(document: Document): void {
  for (const rule of Object.values(document.agents).flatMap(({ grants }) => grants ?? [])) {
    for (const key of ['approval', 'limits', 'when', 'hours', 'expires'] as const) delete rule[key];
  }
}

/** Whoever had to approve, others or fewer have to. */
function askedOf(document: Document, by: readonly string[], people: number): void {
  for (const rule of Object.values(document.agents).flatMap(({ grants }) => grants ?? [])) {
    if (rule.approval !== undefined) rule.approval = { ttl: '1h', wait: '0s', by, people };
  }
}

/** Every deny put into shadow. */
function asleep(document: Document): void {
  for (const rule of Object.values(document.agents).flatMap(({ deny }) => deny ?? []))
    Object.assign(rule, { shadow: true });
}

const TOOL_NAMES = OPERATIONS.map(({ name }) => name);
const agent = fc.constantFrom(...AGENTS);
const actor = fc.constantFrom('ops', 'aide');
const key = fc.option(fc.constantFrom('k1', 'k2', 'k3', 'k4'), { nil: undefined, freq: 1 });

export type Step = {
  readonly actor: string;
  readonly operation: string;
  readonly key: string | undefined;
  readonly whom: string;
  readonly edits: readonly Edit[];
  readonly trick: number;
  readonly number: number;
};

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.constant('policy_apply') },
  { weight: 2, arbitrary: fc.constantFrom('policy_rollback', 'agent_add', 'config_set', 'approvals_approve', 'ask') },
  { weight: 3, arbitrary: fc.constantFrom(...TOOL_NAMES.filter((name) => name !== 'freeze')) },
);

export const step: fc.Arbitrary<Step> = fc.record({
  ...{ actor, operation, key },
  whom: agent,
  edits: fc.array(edit, { maxLength: 2 }),
  trick: fc.nat(4 * TRICKS.length),
  number: fc.nat(1000),
});

/** The rights that a person gave: any document, and the admin tools of the two that act, some of them after approval. */
export const given = fc
  .tuple(policyDocument, fc.subarray(TOOL_NAMES, { minLength: TOOL_NAMES.length - 2 }), fc.subarray(TOOL_NAMES))
  .map(([document, ops, aide]) => withAdmins(document, { ops, aide }));

function withAdmins(document: Document, granted: { readonly [name: string]: readonly string[] }): Document {
  const text = JSON.stringify(document);
  // What would deny or decide the admin tools of the two before their own grants do is left out.
  const plain = JSON.parse(
    text.replaceAll('"smcp__*"', '"demo_*"').replaceAll(/"smcp__queue_\w+"/g, '"demo_math__add"'),
  ) as Document;
  Object.assign(plain, { people: { ana: { role: 'approver' }, ben: { role: 'admin' } } });
  plain.budgets = plain.budgets.map((budget) => ({ tools: ['demo_*'], ...(budget as Written) }));
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
  const request = pick(approvals.list());
  const plugin = pick(catalog.reports());
  const text = JSON.stringify(edited(documentOf(services) as unknown as Document, { edits, trick, whom }));
  const inputs: { readonly [operation: string]: JsonObject } = {
    policy_apply: { text },
    policy_check: { text },
    policy_diff: { text },
    policy_simulate: { text, last: 10 },
    policy_rollback: { version: 1 + (number % policy.show().policy.version) },
    policy_show: {},
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
  TRICKS[trick]?.(document, whom);
  return document;
}
