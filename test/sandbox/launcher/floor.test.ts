import { describe, expect, test } from 'vitest';
import { floorOf } from '#sandbox/host/launcher/floor.ts';
import type { KernelOffers } from '#sandbox/host/launcher/launch-profile.ts';

const kernel = (changes: Partial<KernelOffers>): KernelOffers => ({
  arch: 'x64',
  landlockAbi: 7,
  hasSeccomp: true,
  uid: 1000,
  canChangeUser: false,
  ...changes,
});
const ROOT = { uid: 0, canChangeUser: true };

const standings = (changes: Partial<KernelOffers>, isRoot = false) =>
  floorOf(kernel(changes), { isRoot })
    .map(({ property, standing }) => `${property} ${standing}`)
    .join(', ');

/** The properties in the order of their names: L by the layer made for it, s by a substitute, - by nothing. */
const short = (changes: Partial<KernelOffers>, isRoot = false) =>
  floorOf(kernel(changes), { isRoot })
    .map(({ standing }) => ({ layer: 'L', substitute: 's', missing: '-' })[standing])
    .join('');

test('every property has one row, in the order of names', () => {
  expect(standings({})).toBe(
    'abstract-sockets layer, attributes substitute, files layer, named-sockets substitute, network layer, privileges layer, resources substitute, signals layer, truncation layer',
  );
});

// abstract-sockets attributes files named-sockets network privileges resources signals truncation
describe.each([
  [0, 'ss-sLLss-', 'sL-sLLLs-'],
  [1, 'ss-sLLss-', 'sL-sLLLs-'],
  [2, 'ssLsLLsss', 'sLLsLLLss'],
  [3, 'ssLsLLssL', 'sLLsLLLsL'],
  [4, 'ssLsLLssL', 'sLLsLLLsL'],
  [5, 'ssLsLLssL', 'sLLsLLLsL'],
  [6, 'LsLsLLsLL', 'LLLsLLLLL'],
  [7, 'LsLsLLsLL', 'LLLsLLLLL'],
  [8, 'LsLsLLsLL', 'LLLsLLLLL'],
  [9, 'LsLLLLsLL', 'LLLLLLLLL'],
])('with Landlock ABI %s', (landlockAbi, ordinary, root) => {
  test('a host of an ordinary user has', () => {
    expect(short({ landlockAbi })).toBe(ordinary);
  });

  test('a host that is root has', () => {
    expect(short({ landlockAbi, ...ROOT }, true)).toBe(root);
  });
});

test('without seccomp nothing stands in for what Landlock lacks, and network and privileges have no layer', () => {
  expect(short({ hasSeccomp: false, landlockAbi: 2 })).toBe('--L---s--');
  expect(short({ hasSeccomp: false, landlockAbi: 9, ...ROOT }, true)).toBe('LLLL--LLL');
});

test('root that may not change users has no limit of processes, a cgroup or not', () => {
  expect(standings({ uid: 0 })).toContain('resources missing');
  expect(standings({ uid: 0, cgroup: '/sys/fs/cgroup' })).toContain('resources missing');
});

test('users of their own count only where the host may give them', () => {
  expect(short({ landlockAbi: 4, uid: 0, canChangeUser: false }, true)).toBe('ssLsLL-sL');
});

test('what is missing says how to get it, and everything says what gives it', () => {
  for (const changes of [{ landlockAbi: 0 }, { hasSeccomp: false, landlockAbi: 0 }, { uid: 0 }]) {
    for (const row of floorOf(kernel(changes), { isRoot: false })) {
      expect(row.by).not.toBe('');
      if (row.standing === 'missing') expect(row.remedy).toEqual(expect.any(String));
    }
  }
});
