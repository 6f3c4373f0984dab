import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { compileLauncher, STRICT_FLAGS } from '#sandbox/host/launcher/compile.ts';
import { LAUNCHER_PINS } from '#sandbox/host/launcher/pins.ts';
import { makeFolder } from './harness.ts';

const SHIPPED = fileURLToPath(new URL('../../../sandbox/launcher', import.meta.url));
const folder = makeFolder();
afterAll(() => folder[Symbol.dispose]());

/** The bytes are those of the compiler and linker of Debian 12. */
const COMPILER_VERSION = '12.2.0';
const TARGETS = [
  { target: 'linux-x64', compiler: '/usr/bin/x86_64-linux-gnu-gcc' },
  { target: 'linux-arm64', compiler: '/usr/bin/aarch64-linux-gnu-gcc' },
] as const;

const versionOf = (compiler: string): string =>
  existsSync(compiler) ? execFileSync(compiler, ['-dumpfullversion'], { encoding: 'utf8' }).trim() : 'not installed';

describe.each(TARGETS)('the launcher for $target', ({ target, compiler }) => {
  const shipped = readFileSync(join(SHIPPED, 'prebuilt', target, 'launcher'));
  const version = versionOf(compiler);

  test('is what was pinned, and needs no library and no program to load it', () => {
    expect(sha256(shipped)).toBe(`sha256:${LAUNCHER_PINS.prebuilt[target]}`);
    // ELF, an executable with fixed addresses; PT_INTERP is 3, PT_DYNAMIC 2.
    expect(shipped.readUInt32BE(0)).toBe(0x7f45_4c46);
    const kinds = Array.from({ length: shipped.readUInt16LE(56) }, (_, place) => shipped.readUInt32LE(64 + 56 * place));
    expect(kinds).not.toContain(2);
    expect(kinds).not.toContain(3);
    expect(shipped.length).toBeLessThan(16 * 1024);
  });

  test.skipIf(version !== COMPILER_VERSION)(
    `is the same when it is built again, elsewhere (${compiler} ${version})`,
    () => {
      const place = join(folder.path, `${target}-a longer path`);
      cpSync(SHIPPED, place, { recursive: true });
      const output = join(folder.path, target);
      compileLauncher({ compiler, folder: place, output, flags: STRICT_FLAGS });
      expect(readFileSync(output).equals(shipped)).toBe(true);
    },
  );
});

test('the source is what was pinned', () => {
  for (const name of ['launcher.c', 'kernel.h', 'keeper.h', 'specification.h'] as const) {
    expect(sha256(readFileSync(join(SHIPPED, name)))).toBe(`sha256:${LAUNCHER_PINS.source[name]}`);
  }
});
