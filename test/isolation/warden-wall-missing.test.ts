// A wall that is not whole: what is missing keeps every plugin from running, the product's own too, and says what to do.

import { chmodSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { KernelOffers } from '#sandbox/host/launcher/launch-profile.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import { ownArch } from '#sandbox/host/seccomp/syscalls.ts';
import type { WallOptions } from '#sandbox/host/wall.ts';
import { codeOf, createTestSandbox, openConfinement, wardenPids } from '#test/sandbox/harness.ts';
import { IS_ROOT, makeFolder } from '#test/sandbox/launcher/harness.ts';

const folder = makeFolder();
afterAll(() => folder[Symbol.dispose]());
const SOURCE = 'export const tools = { go: () => 1 };';

/** What comes of a call of a plugin of each origin, and of asking for its profile, behind this wall. */
async function runBehind(options: WallOptions) {
  using confinement = openConfinement(options);
  const sandbox = createTestSandbox({ confinement });
  const before = wardenPids();
  const outcomes = [];
  for (const origin of ['product', 'external'] as const) {
    const plugin = sandbox.plugin(SOURCE, { origin });
    outcomes.push(await sandbox.call(plugin, 'go'));
  }
  const started = wardenPids().filter((pid) => !before.includes(pid)).length;
  const plugin = sandbox.plugin(SOURCE, { origin: 'product' });
  let profile: unknown;
  try {
    profile = sandbox.runtime.profile(plugin, {});
  } catch (thrown) {
    profile = thrown;
  }
  const layers = confinement.layers();
  const floor = confinement.floor();
  await sandbox.close();
  return { outcomes, profile, started, layers, floor };
}

test('behind a wall that is whole both run: the control', async () => {
  const { outcomes, started, floor } = await runBehind({});
  expect(outcomes.map(codeOf)).toEqual(['returned', 'returned']);
  expect(started).toBe(2);
  expect(floor.filter(({ standing }) => standing === 'missing')).toEqual([]);
});

describe('a kernel that is below the floor', () => {
  const root = { uid: 0, canChangeUser: false };
  test.each<[string, string, Partial<KernelOffers>, RegExp]>([
    ['no Landlock', 'landlock', { landlockAbi: 0 }, /Linux 5\.19/],
    ['the first Landlock', 'landlock', { landlockAbi: 1 }, /Linux 5\.19/],
    ['no filters of system calls', 'seccomp', { hasSeccomp: false }, /CONFIG_SECCOMP_FILTER/],
    ['a root that may not change users', 'resources', root, /CAP_SETUID/],
  ])('with %s runs no plugin, and names %s and the remedy', async (_what, layer, offers, remedy) => {
    const { outcomes, profile, started } = await runBehind({ kernel: (offered) => ({ ...offered, ...offers }) });
    const refusal = { code: 'SANDBOX_UNAVAILABLE', details: { layer, remedy: expect.stringMatching(remedy) } };
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'failed', effect: 'known', error: refusal });
    expect(profile).toMatchObject(refusal);
    expect(started).toBe(0);
  });

  test('that promised more than it keeps is found out by the launcher, before a line of Node runs', async () => {
    const { outcomes } = await runBehind({ kernel: (offered) => ({ ...offered, landlockAbi: 9 }) });
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        error: { code: 'SANDBOX_UNAVAILABLE', details: { step: expect.stringMatching(/^launcher: landlock/) } },
      });
    }
  });
});

describe('a launcher', () => {
  const shipped = fileURLToPath(new URL('../../sandbox/launcher', import.meta.url));
  let count = 0;
  /** A copy of what is shipped, and the wall that is opened with it. */
  const copied = () => {
    count += 1;
    const place = join(folder.path, `launcher-${count}`);
    cpSync(shipped, place, { recursive: true });
    const file = join(place, 'prebuilt', `linux-${ownArch()}`, 'launcher');
    chmodSync(file, 0o755);
    const options: WallOptions = { openLauncher: () => openLauncher({ folder: place, compilers: [] }) };
    return { file, options };
  };
  const change = (file: string) => writeFileSync(file, 'x', { flag: 'r+' });

  test('that is a copy of ours runs plugins: the control', async () => {
    expect((await runBehind(copied().options)).outcomes.map(codeOf)).toEqual(['returned', 'returned']);
  });

  test.each<[string, string, (file: string) => void, RegExp]>([
    ['was changed', 'SANDBOX_TAMPERED', change, /install the product again/],
    ['lost its run bit', 'SANDBOX_TAMPERED', (file) => chmodSync(file, 0o644), /0755/],
    ['may be written by all', 'SANDBOX_TAMPERED', (file) => chmodSync(file, 0o777), /0755/],
    ['is gone, where nothing builds it', 'SANDBOX_UNAVAILABLE', (file) => rmSync(file), /compiler/],
  ])('that %s starts nothing: %s', async (_what, code, harm, remedy) => {
    const { file, options } = copied();
    harm(file);
    const { outcomes, profile, started, layers } = await runBehind(options);
    const refusal = { code, details: { layer: 'launcher', remedy: expect.stringMatching(remedy) } };
    for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'failed', effect: 'known', error: refusal });
    expect(profile).toMatchObject(refusal);
    expect(started).toBe(0);
    const missing = layers.filter(({ inForce }) => !inForce);
    expect(missing.map(({ name }) => name)).toEqual(expect.arrayContaining(['landlock', 'launcher', 'seccomp']));
    expect(missing.every((layer) => layer.remedy !== undefined)).toBe(true);
  });

  test('that is changed while the server runs starts no more; what runs goes on', async () => {
    const { file, options } = copied();
    using confinement = openConfinement(options);
    const sandbox = createTestSandbox({ confinement });
    const [running, later] = [sandbox.plugin(SOURCE), sandbox.plugin(`${SOURCE} // later`)];
    expect(codeOf(await sandbox.call(running, 'go'))).toBe('returned');
    change(file);
    expect(codeOf(await sandbox.call(later, 'go'))).toBe('SANDBOX_TAMPERED');
    expect(codeOf(await sandbox.call(running, 'go'))).toBe('returned');
    await sandbox.runtime.end(() => true);
    expect(codeOf(await sandbox.call(running, 'go'))).toBe('SANDBOX_TAMPERED');
    await sandbox.close();
  });
});

// An ordinary server has no users to give.
const asRoot = IS_ROOT ? describe : () => {};
asRoot('users of plugins', () => {
  const users = { first: 60_100, count: 2 };

  test('that are all taken keep the next plugin out until one is free again', async () => {
    using confinement = openConfinement({ users });
    const sandbox = createTestSandbox({ confinement });
    const [one, two, three] = [0, 1, 2].map((number) => sandbox.plugin(`${SOURCE} // ${number}`));
    if (one === undefined || two === undefined || three === undefined) throw new Error('three plugins were made');
    expect([await sandbox.call(one, 'go'), await sandbox.call(two, 'go')].map(codeOf)).toEqual([
      'returned',
      'returned',
    ]);
    expect(await sandbox.call(three, 'go')).toMatchObject({
      error: { code: 'SANDBOX_UNAVAILABLE', details: { layer: 'own-user', remedy: expect.stringMatching(/config/) } },
    });
    await sandbox.runtime.end(({ plugin }) => plugin === one);
    expect(codeOf(await sandbox.call(three, 'go'))).toBe('returned');
    await sandbox.close();
  });
});
