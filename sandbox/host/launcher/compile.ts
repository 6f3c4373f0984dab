// How the launcher is compiled: for the files that we ship (`npm run build:launcher`), and where none fits the machine.
// Nothing but a C compiler is needed: it has no C library and includes no header of the system.

import { execFileSync } from 'node:child_process';
import { LIMITS } from '#base/limits.ts';

/**
 * The bytes depend on these, on the compiler and on the linker; not on the folder, the time, or what else is installed.
 * No debugging data, build id or compiler's name; no position independence, since it is gone before anybody could aim.
 */
const FLAGS = [
  ...['-std=c11', '-Os', '-ffreestanding', '-fno-builtin', '-nostdlib', '-static', '-fno-pie', '-no-pie'],
  ...['-fno-ident', '-fno-asynchronous-unwind-tables', '-fno-stack-protector', '-Wl,--build-id=none'],
  ...['-Wl,-z,noexecstack', '-Wl,-z,norelro', '-s'],
];

/** More, for our own builds: a warning is an error. */
export const STRICT_FLAGS = ['-Wall', '-Wextra', '-Wconversion', '-Werror'];

/** Compiles `launcher.c` of the current directory. @throws when it does not compile */
export function compileLauncher(options: {
  readonly compiler: string;
  /** Where launcher.c and its headers are. */
  readonly folder: string;
  readonly output: string;
  readonly flags?: readonly string[];
}): void {
  const { compiler, folder, output, flags = [] } = options;
  execFileSync(compiler, [...FLAGS, ...flags, '-o', output, 'launcher.c'], {
    cwd: folder,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMITS.launcherBuildMsMax,
  });
}
