// The law of administration by agents: whatever admin tools a person granted, no sequence of them gives any agent more than it had.
// Its controls are in admin-laws-controls.test.ts: a build with one weakened check each, which the same sequences find.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { OPERATIONS } from '#operations/table.ts';
import { checkLaw, type LawResult } from './laws-property.ts';
import { LAW } from './laws-seed.ts';
import { type LawsWorld, openLawsWorld } from './laws-world.ts';

let world: LawsWorld;

beforeAll(async () => {
  world = await openLawsWorld();
});

afterAll(() => world.close());

/** That it held; else what broke it, at its shortest, and the seed. */
function expectKept({ failed, seed, error, steps }: LawResult): void {
  expect({ seed, failed, error, steps }).toEqual({ seed, failed: false, error: '', steps: [] });
}

const operationsIn = ({ outcomes }: LawResult): ReadonlySet<string> =>
  new Set(Object.keys(outcomes).map((label) => label.split(' ')[0] ?? ''));

test('no sequence of granted admin tools gives any agent more than it had', async () => {
  const result = await checkLaw(world, { ...LAW, shrinks: true });
  expectKept(result);
  // The law is not empty: changes were made, and ways to more were tried and refused.
  const labels = Object.keys(result.outcomes);
  for (const label of ['policy_apply value', 'policy_apply POLICY_WIDENS', 'policy_rollback POLICY_WIDENS']) {
    expect(labels).toContain(label);
  }
  for (const code of ['PERSON_NEEDED', 'APPROVAL_OWN', 'INSUFFICIENT_SCOPE', 'DENIED']) {
    expect(labels.filter((label) => label.endsWith(` ${code}`))).not.toEqual([]);
  }
});

test('nor do sequences that were never tried before', async () => {
  expectKept(await checkLaw(world, { numRuns: 6, shrinks: true }));
});

test('nor does any operation of the table, each of them once in any order', async () => {
  const result = await checkLaw(world, { numRuns: 2, shrinks: true, isEachOnce: true });
  expectKept(result);
  const seen = operationsIn(result);
  expect(OPERATIONS.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([]);
});
