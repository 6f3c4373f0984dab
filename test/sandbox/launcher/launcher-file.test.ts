import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { kernelOffers } from '#sandbox/host/launcher/kernel-offers.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import { ownArch } from '#sandbox/host/seccomp/syscalls.ts';
import { makeFolder } from './harness.ts';

const SHIPPED = fileURLToPath(new URL('../../../sandbox/launcher', import.meta.url));
const folder = makeFolder();
afterAll(() => folder[Symbol.dispose]());

/** A copy of what is shipped, and where its launcher is. */
function copy(name: string) {
  const place = join(folder.path, name);
  cpSync(SHIPPED, place, { recursive: true });
  return { folder: place, file: join(place, 'prebuilt', `linux-${ownArch()}`, 'launcher') };
}

const tampered = expect.objectContaining({
  code: 'SANDBOX_TAMPERED',
  details: { layer: 'launcher', remedy: expect.any(String) },
});

test('the launcher that is shipped is what was pinned, and says what the kernel offers', () => {
  using launcher = openLauncher();
  expect(launcher.origin).toBe('prebuilt');
  expect(kernelOffers(launcher)).toMatchObject({
    arch: process.arch,
    landlockAbi: expect.any(Number),
    hasSeccomp: true,
  });
});

describe('a launcher is refused when', () => {
  test.each<[string, (file: string) => void]>([
    ['a byte of it was changed', (file) => writeFileSync(file, 'x', { flag: 'r+' })],
    ['a byte was added', (file) => appendFileSync(file, '\0')],
    ['it is another program', (file) => cpSync('/bin/true', file)],
    ['it is empty', (file) => writeFileSync(file, '')],
    ['it lost its mode', (file) => chmodSync(file, 0o644)],
    ['every user may write to it', (file) => chmodSync(file, 0o777)],
    [
      'it is a folder',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
    [
      'it is a link, even to itself',
      (file) => {
        renameSync(file, `${file}2`);
        symlinkSync(`${file}2`, file);
      },
    ],
  ])('%s', (name, change) => {
    const { folder: place, file } = copy(name);
    change(file);
    expect(() => openLauncher({ folder: place })).toThrow(tampered);
  });
});

describe('a launcher that is open', () => {
  test('is looked at before each use', () => {
    const { folder: place, file } = copy('later');
    using launcher = openLauncher({ folder: place });
    expect(launcher.path()).toEqual(expect.any(String));
    chmodSync(file, 0o644);
    expect(() => launcher.path()).toThrow(tampered);
    chmodSync(file, 0o755);
    writeFileSync(file, 'x', { flag: 'r+' });
    expect(() => launcher.path()).toThrow(tampered);
  });

  test('is read again after a change that puts back its size and its times', async () => {
    const { folder: place, file } = copy('settled');
    using launcher = openLauncher({ folder: place });
    // From here on its times are trusted to tell.
    await pause(LIMITS.launcherSettledMs + 200);
    expect(launcher.path()).toBe(launcher.path());
    const { atime, mtime } = statSync(file);
    writeFileSync(file, 'x', { flag: 'r+' });
    utimesSync(file, atime, mtime);
    expect(statSync(file).mtime).toEqual(mtime);
    expect(() => launcher.path()).toThrow(tampered);
    expect(() => launcher.path()).toThrow(tampered);
  });

  test('is the one that is executed, whatever takes its place', () => {
    const { folder: place, file } = copy('replaced');
    using launcher = openLauncher({ folder: place });
    const before = kernelOffers(launcher);
    renameSync(file, `${file}.old`);
    writeFileSync(file, '#!/bin/sh\necho landlock 99\n', { mode: 0o755 });
    expect(spawnSync(file, { encoding: 'utf8' }).stdout).toBe('landlock 99\n');
    expect(kernelOffers(launcher)).toEqual(before);
  });
});

describe('where none is shipped', () => {
  const compilers = ['/usr/bin/cc'];

  test('one is built from the source that was pinned', () => {
    const { folder: place, file } = copy('build');
    rmSync(file);
    using launcher = openLauncher({ folder: place, compilers });
    expect(launcher.origin).toBe('built here');
    expect(kernelOffers(launcher)).toMatchObject({ arch: process.arch, hasSeccomp: true });
  });

  test.each(['launcher.c', 'kernel.h', 'keeper.h', 'specification.h'])('nothing is built from another %s', (name) => {
    const { folder: place, file } = copy(`source-${name}`);
    rmSync(file);
    appendFileSync(join(place, name), '\n');
    expect(() => openLauncher({ folder: place, compilers })).toThrow(tampered);
  });

  test.each<[string, readonly string[]]>([
    ['no compiler', []],
    ['a compiler that fails', ['/bin/false']],
  ])('and %s is there, it is refused with a remedy', (name, found) => {
    const { folder: place, file } = copy(name);
    rmSync(file);
    expect(() => openLauncher({ folder: place, compilers: found })).toThrow(
      expect.objectContaining({
        code: 'SANDBOX_UNAVAILABLE',
        details: { layer: 'launcher', remedy: expect.any(String) },
      }),
    );
  });
});
