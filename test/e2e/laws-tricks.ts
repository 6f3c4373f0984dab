// Edits of a policy's document that random ones make seldom: each is a way to more, now or by a person's next edit, and most take away one
// kind of bound everywhere, so that a check of that kind alone stands in their way.

import type { Document } from '#test/policy/policy-pairs.ts';

type Written = { readonly [key: string]: unknown };
export type Trick = (document: Document, agent: string) => unknown;

/** What a grant may have that bounds it. */
const BOUNDS = ['approval', 'limits', 'when', 'hours', 'expires', 'capabilities', 'session'] as const;

const grantsOf = ({ agents, roles }: Document) =>
  [...Object.values(agents), ...Object.values(roles ?? {})].flatMap(({ grants }) => grants ?? []);
const deniesOf = ({ agents, roles, deny }: Document) => [
  ...(deny ?? []),
  ...[...Object.values(agents), ...Object.values(roles ?? {})].flatMap((rules) => rules.deny ?? []),
];

/** An agent that was added by its name has no list yet. */
const grantOf = (document: Document, agent: string, rule: Written) => {
  const body = document.agents[agent];
  if (body !== undefined) body.grants = [rule as unknown as Document['deny'][number], ...(body.grants ?? [])];
};

/** In every grant. */
const without =
  (...keys: readonly (typeof BOUNDS)[number][]): Trick =>
  (document) => {
    for (const rule of grantsOf(document)) for (const key of keys) delete rule[key];
  };

/** In each grant that has no other bound: nothing else is in the way. */
const onlyWithout =
  (key: (typeof BOUNDS)[number]): Trick =>
  (document) => {
    const others = BOUNDS.filter((other) => other !== key);
    for (const rule of grantsOf(document)) if (others.every((other) => rule[other] === undefined)) delete rule[key];
  };

/** Whoever had to approve, others or fewer have to. */
function askedOf(document: Document, by: readonly string[], people: number): void {
  for (const rule of grantsOf(document)) {
    if (rule.approval !== undefined) rule.approval = { ttl: '1h', wait: '0s', by, people };
  }
}

/** One person suffices where more had to approve. */
const fewerPeople: Trick = (document) => {
  for (const { approval } of grantsOf(document)) {
    if (typeof approval === 'object' && approval !== null && 'people' in approval)
      Object.assign(approval, { people: 1 });
  }
};

/** One kind of bound taken away. */
export const LOOSENINGS: readonly Trick[] = [
  ...BOUNDS.map((key) => without(key)),
  ...BOUNDS.map(onlyWithout),
  (document) => Object.assign(document, { deny: [] }),
  (document) => Object.assign(document, { budgets: [] }),
  (document) => Object.assign(document, { labels: [] }),
  (document) => Object.assign(document.agents['zephyrus'] ?? {}, { workspace: 'elsewhere' }),
  (document) => Reflect.deleteProperty(document.defaults, 'timeout'),
  (document) => Reflect.deleteProperty(document.defaults, 'loop'),
  fewerPeople,
  (document, agent) => grantOf(document, agent, { tools: ['*'], shadow: true }),
  (document) => Object.assign(document, { people: { ana: { role: 'admin' }, ben: { role: 'admin' } } }),
];

export const TRICKS: readonly Trick[] = [
  ...LOOSENINGS,
  (document) => askedOf(document, ['ana'], 1),
  without(...BOUNDS),
  (document, agent) => Object.assign(document.agents, { [agent]: { grants: [{ tools: ['smcp__*', '*'] }] } }),
  (document, agent) => Object.assign(document.agents[agent] ?? {}, { roles: ['reader'] }),
  (document, agent) => Object.assign(document.agents[agent] ?? {}, { workspace: 'boreas' }),
  (document, agent) => Object.assign(document.agents[agent] ?? {}, { workspace: 'elsewhere' }),
  (document) => Object.assign(document, { shares: [{ workspace: 'boreas', agents: ['athena', 'boreas'] }] }),
  (document, agent) => grantOf(document, agent, { tools: ['demo_*'], when: 'true' }),
  (document, agent) => grantOf(document, agent, { tools: ['demo_*'] }),
  (document, agent) => grantOf(document, agent, { tools: ['smcp__approvals_approve'], hours: { timezone: 'UTC' } }),
  (document, agent) => grantOf(document, agent, { id: 'urgent', why: 'a person said so', tools: ['demo_text__echo'] }),
  (document) => Object.assign(document, { people: { ana: { role: 'admin' }, eve: { role: 'approver' } } }),
  (document) => Object.assign(document, { people: {} }),
  (document) => askedOf(document, ['eve', 'role:admin'], 1),
  (document) => askedOf(document, ['ana', 'ben'], 1),
  (document) => {
    for (const rules of Object.values(document.agents)) Object.assign(rules, { deny: [] });
  },
  (document) => {
    for (const rules of Object.values(document.agents)) delete rules.limits;
  },
  (document) => Object.assign(document, { defaults: {} }),
  (document) => Object.assign(document, { roles: {} }),
  (document) => {
    for (const rule of deniesOf(document)) Object.assign(rule, { shadow: true });
  },
  (document, agent) => Object.assign(document.agents[agent] ?? {}, { sessions: 'separate' }),
  (document, agent) => Reflect.deleteProperty(document.agents, agent),
];
