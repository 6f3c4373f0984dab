// `npm run build:launcher`: compiles the launcher for each machine that a compiler of this one can compile for, puts the files
// where they are shipped, and writes their hashes. Run by people; the product never runs it.

import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileLauncher, STRICT_FLAGS } from '#sandbox/host/launcher/compile.ts';
import { LAUNCHER_PINS } from '#sandbox/host/launcher/pins.ts';

const FOLDER = fileURLToPath(new URL('./', import.meta.url));
const PINS = fileURLToPath(new URL('../host/launcher/pins.ts', import.meta.url));
const TARGETS = [
  { target: 'linux-arm64', compilers: ['/usr/bin/aarch64-linux-gnu-gcc'] },
  { target: 'linux-x64', compilers: ['/usr/bin/x86_64-linux-gnu-gcc', '/usr/bin/gcc'] },
] as const;

const sha256Hex = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Its hash, or the one that is pinned where no compiler is here. */
function buildTarget({ target, compilers }: (typeof TARGETS)[number]): string {
  const compiler = compilers.find((path) => existsSync(path));
  const output = join(FOLDER, 'prebuilt', target, 'launcher');
  if (compiler === undefined) {
    process.stdout.write(`${target}: left as it is, none of ${compilers.join(', ')} is installed\n`);
    return LAUNCHER_PINS.prebuilt[target];
  }
  mkdirSync(join(FOLDER, 'prebuilt', target), { recursive: true });
  compileLauncher({ compiler, folder: FOLDER, output, flags: STRICT_FLAGS });
  chmodSync(output, 0o755);
  const digest = sha256Hex(output);
  process.stdout.write(`${target}: ${digest}\n`);
  return digest;
}

const rows = (hashes: readonly (readonly [string, string])[]): string =>
  hashes.map(([name, digest]) => `    '${name}': '${digest}',\n`).join('');

const prebuilt = TARGETS.map((row) => [row.target, buildTarget(row)] as const);
const source = ['keeper.h', 'kernel.h', 'launcher.c', 'specification.h'].map(
  (name) => [name, sha256Hex(join(FOLDER, name))] as const,
);
const [head = ''] = readFileSync(PINS, 'utf8').split('export const');
writeFileSync(
  PINS,
  `${head}export const LAUNCHER_PINS = {\n  source: {\n${rows(source)}  },\n  prebuilt: {\n${rows(prebuilt)}  },\n} as const;\n`,
);
