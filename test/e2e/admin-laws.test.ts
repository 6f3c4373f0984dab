// The law of administration by agents: whatever admin tools a person granted, no sequence of them gives any agent more than it had.
// Controls: the same sequences in a person's hands do give more, so that the ways are open and the law would see it.

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { supposedSeen } from '#domain/labels.ts';
import { agentName } from '#test/policy/policies.ts';
import { moreThan, powerOf } from './laws-power.ts';
import { given, inputOf, type Step, step } from './laws-steps.ts';
import { type LawsWorld, openLawsWorld } from './laws-world.ts';

const athena = agentName('athena');

let world: LawsWorld;

beforeAll(async () => {
  world = await openLawsWorld();
});

afterAll(() => world.close());

type Sequence = { readonly wide: object; readonly now: object; readonly steps: readonly Step[] };

const sequence: fc.Arbitrary<Sequence> = fc.record({
  wide: given,
  now: given,
  steps: fc.array(step, { minLength: 4, maxLength: 10 }),
});

const SETTINGS: readonly (readonly [string, string])[] = [
  ['logging.level', 'warn'],
  ['policy.apply', 'manual'],
  ['workspaces.bytesMax', '500000000'],
  ['workspaces.filesMax', '50000'],
];

/** What a person had in force before, what is in force, and what is stopped. What is so already stays. */
async function prepare({ wide, now }: Sequence): Promise<void> {
  const { freezes, catalog, secrets, settings, labels } = world.services;
  const held = JSON.stringify(freezes.list().map(({ scope }) => scope));
  if (held !== '[{"kind":"agent","name":"athena"}]') {
    await world.act('unfreeze', {});
    await world.act('freeze', { agent: 'athena' });
  }
  for (const { name, state } of catalog.reports()) {
    if (state === 'disabled' && name !== 'demo_math') await world.act('plugin_enable', { name });
    if (state === 'ready' && name === 'demo_math') await world.act('plugin_disable', { name });
  }
  for (const [key, value] of SETTINGS) {
    const isSo = settings.show().settings.some((one) => one.key === key && String(one.value) === value);
    if (!isSo) await world.act('config_set', { key, value });
  }
  if (secrets.list().length === 0)
    await world.act('secret_set', { name: 'TOKEN', value: 'a value that is long enough' });
  if (labels.list().length === 0) labels.join({ agent: athena }, supposedSeen(athena, ['private']));
  await world.act('queue_pause', {});
  for (const document of [wide, now]) {
    expect(await world.act('policy_apply', { text: JSON.stringify(document) })).toBe('value');
  }
}

type Doer = (one: Step) => Promise<string>;

const byAgent: Doer = (one) =>
  one.operation === 'ask'
    ? world.call(one.actor, 'demo_text__slugify', { title: `number ${one.number}` })
    : world.call(one.actor, `smcp__${one.operation}`, inputOf(world, one), one.key);

/** The same act under the same name, with a person's rights: what stands between is off. */
const byPerson: Doer = (one) =>
  one.operation === 'ask' ? byAgent(one) : world.act(one.operation, inputOf(world, one), one.actor);

const outcomes = new Map<string, number>();

/** The first step after which somebody can do more than before all of them; undefined: none. */
async function widened(given: Sequence, doer: Doer): Promise<string | undefined> {
  await prepare(given);
  const before = powerOf(world.services);
  for (const one of given.steps) {
    const outcome = `${one.operation} ${await doer(one)}`;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const more = moreThan(before, powerOf(world.services));
    if (more !== undefined) return `${one.actor}: ${outcome}: ${more}`;
  }
  return undefined;
}

test('no sequence of granted admin tools gives any agent more than it had', async () => {
  await fc.assert(
    fc.asyncProperty(sequence, async (one) => {
      expect(await widened(one, byAgent)).toBeUndefined();
    }),
    { numRuns: 20 },
  );
  // The law is not empty: changes were made, and ways to more were tried and refused.
  const seen = [...outcomes.keys()];
  for (const outcome of ['policy_apply value', 'policy_apply POLICY_WIDENS', 'PERSON_NEEDED']) {
    expect([outcome, seen.some((one) => one.endsWith(outcome))]).toEqual([outcome, true]);
  }
});

test('and the same sequences with the rights of a person do give more', async () => {
  const found = await fc.check(
    fc.asyncProperty(sequence, async (one) => {
      expect(await widened(one, byPerson)).toBeUndefined();
    }),
    { numRuns: 40, endOnFailure: true },
  );
  expect(found.failed).toBe(true);
});
