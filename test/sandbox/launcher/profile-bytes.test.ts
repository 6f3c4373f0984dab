import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { KernelOffers, LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { profileBytes } from '#sandbox/host/launcher/profile-bytes.ts';
import { filterOptionsOf } from '#sandbox/host/launcher/profile-filter.ts';

const KERNEL: KernelOffers = {
  arch: 'x64',
  landlockAbi: 7,
  hasSeccomp: true,
  uid: 1000,
  canChangeUser: false,
};
const ROOT: KernelOffers = { ...KERNEL, uid: 0, canChangeUser: true };
const PROFILE: LaunchProfile = {
  program: 'general',
  paths: [{ path: '/usr', access: 'read' }],
  network: 'none',
  limits: { dataBytes: 1, fileBytes: 2, descriptors: 3, processes: 4, stackBytes: 5 },
  env: { A: '1' },
  cwd: '/',
  command: ['/usr/bin/true', 'x'],
  keptDescriptors: [0, 1, 2],
};

test('the bounds are those of the launcher', () => {
  const source = readFileSync(
    fileURLToPath(new URL('../../../sandbox/launcher/specification.h', import.meta.url)),
    'utf8',
  );
  const bound = (name: string) =>
    /^(\d+)(?: \* (\d+))?$/.exec(new RegExp(`\\b${name} = ([^,]*),`).exec(source)?.[1] ?? '') ?? [];
  const numberOf = (name: string) =>
    bound(name)
      .slice(1)
      .filter((part) => part !== undefined)
      .reduce((all, part) => all * Number(part), 1);
  expect(['BYTES_MAX', 'PATHS_MAX', 'PORTS_MAX', 'STRINGS_MAX', 'DESCRIPTORS_MAX'].map(numberOf)).toEqual([
    LIMITS.launchBytesMax,
    LIMITS.launchPathsMax,
    LIMITS.launchPortsMax,
    LIMITS.launchStringsMax,
    LIMITS.launchDescriptorsMax,
  ]);
});

describe('a profile that no launcher could carry out is refused', () => {
  test.each<[string, Partial<LaunchProfile>]>([
    ['a NUL in an argument', { command: ['/usr/bin/true', 'a\0b'] }],
    ['a NUL in a path', { paths: [{ path: '/usr\0/etc', access: 'read' }] }],
    ['a NUL in a variable', { env: { A: '1\0B=2' } }],
    ['a NUL in a name of a variable', { env: { 'A\0': '1' } }],
    ['a NUL in the directory', { cwd: '/\0' }],
    ['a name of a variable that sets another', { env: { 'A=B': '1' } }],
    ['a variable without a name', { env: { '': '1' } }],
    ['a program without a path', { command: ['true'] }],
    ['a path that is relative', { paths: [{ path: 'usr', access: 'read' }] }],
    ['a directory that is relative', { cwd: '.' }],
    ['too many paths', { paths: Array(LIMITS.launchPathsMax + 1).fill({ path: '/usr', access: 'read' }) }],
    ['too many arguments', { command: ['/usr/bin/true', ...Array(LIMITS.launchStringsMax).fill('')] }],
    ['too many bytes', { command: ['/usr/bin/true', 'x'.repeat(LIMITS.launchBytesMax)] }],
    ['a descriptor that is none', { keptDescriptors: [-1] }],
    ['a descriptor too high', { keptDescriptors: [LIMITS.launchDescriptorsMax - 1] }],
    ['ports without a network', { connectPorts: [80] }],
    ['a port that is none', { network: 'inet', connectPorts: [65_536] }],
    ['port 0', { network: 'inet', connectPorts: [0] }],
    ['too many ports', { network: 'inet', connectPorts: Array(LIMITS.launchPortsMax + 1).fill(80) }],
    ['a limit below zero', { limits: { ...PROFILE.limits, dataBytes: -1 } }],
    ['a limit that is no whole number', { limits: { ...PROFILE.limits, processes: Number.POSITIVE_INFINITY } }],
  ])('%s', (_, changes) => {
    expect(() => profileBytes({ ...PROFILE, ...changes }, KERNEL)).toThrow(
      expect.objectContaining({ code: 'INTERNAL' }),
    );
  });

  test.each([0, -1, 1.5, 0xffff_ffff, 2 ** 32])('the user %s', (uid) => {
    expect(() => profileBytes({ ...PROFILE, uid }, ROOT)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});

describe('a profile that this kernel can not hold is refused with the layer and a remedy', () => {
  test.each<[string, string, Partial<KernelOffers>, Partial<LaunchProfile>]>([
    ['without Landlock', 'files', { landlockAbi: 0 }, {}],
    ['with the first Landlock', 'files', { landlockAbi: 1 }, {}],
    ['without seccomp', 'attributes', { hasSeccomp: false }, {}],
    ['with a user that the host can not give', 'users', {}, { uid: 5 }],
    ['as root that can not change users', 'resources', { uid: 0 }, {}],
    ['as root that gives it no user', 'resources', { uid: 0, canChangeUser: true }, {}],
    ['with TCP where Landlock has none', 'network', { landlockAbi: 3 }, { network: 'inet' }],
  ])('%s', (_, layer, offers, changes) => {
    expect(() => profileBytes({ ...PROFILE, ...changes }, { ...KERNEL, ...offers })).toThrow(
      expect.objectContaining({ code: 'SANDBOX_UNAVAILABLE', details: { layer, remedy: expect.any(String) } }),
    );
  });
});

test.each([
  [2, 2],
  [9, 9],
  [12, 9],
])('on Landlock ABI %s the launcher is asked for neither more nor less than %s', (landlockAbi, asked) => {
  const bytes = profileBytes(PROFILE, { ...KERNEL, landlockAbi });
  expect([bytes.readUInt32LE(12), bytes.readUInt32LE(16)]).toEqual([asked, asked]);
});

describe('the filter stands in for what Landlock lacks', () => {
  const options = (landlockAbi: number, changes: Partial<LaunchProfile> = {}) =>
    filterOptionsOf({ ...PROFILE, ...changes }, { ...KERNEL, landlockAbi });

  test.each([
    [2, true, true],
    [3, false, true],
    [5, false, true],
    [6, false, false],
  ])('with ABI %s for truncation: %s, for signals: %s', (abi, refusesPathTruncate, refusesSignalsToOthers) => {
    expect(options(abi)).toMatchObject({ refusesPathTruncate, refusesSignalsToOthers, refusesSetsid: true });
  });

  test('a user of its own stands in for signals, modes and owners', () => {
    expect(options(4, { uid: 5 })).toMatchObject({ refusesSignalsToOthers: false, refusesFileAttributes: false });
    expect(options(4)).toMatchObject({ refusesFileAttributes: true });
  });

  test('local sockets are pairs below ABI 9', () => {
    expect(options(8, { network: 'unix' }).sockets).toBe('pairs');
    expect(options(9, { network: 'unix' }).sockets).toBe('unix');
    expect(options(9, { network: 'none' }).sockets).toBe('none');
  });
});
