// The launcher's file: found, held open, and looked at before each use. What is hashed is what is executed: it is run through
// the descriptor that was read. Who may write to it, or to the host's memory, is the host's user or root, and needs no launcher.

import { hash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { type Arch, ownArch } from '#sandbox/host/seccomp/syscalls.ts';
import { compileLauncher } from './compile.ts';
import { LAUNCHER_PINS } from './pins.ts';

export type Launcher = Disposable & {
  /**
   * The path to execute. Looks at the file each time, and reads it again when it can have changed.
   *
   * @throws `SANDBOX_TAMPERED` when it is not what was pinned, or may not be executed
   */
  readonly path: () => string;
  readonly arch: Arch;
  /** Where it comes from, for people. */
  readonly origin: 'prebuilt' | 'built here';
};

const COMPILERS = ['/usr/bin/cc', '/usr/local/bin/cc', '/usr/bin/gcc', '/usr/bin/clang'];
const WRITABLE_BY_ALL = 0o002;
const EXECUTABLE = 0o111;

/**
 * Opens the launcher of this machine. `folder`: where its source and `prebuilt` lie; `compilers`: tried in this order when
 * nothing was built before.
 *
 * @throws `SANDBOX_UNAVAILABLE` when there is none and none can be built; `SANDBOX_TAMPERED`
 */
export function openLauncher(
  options: { readonly folder?: string; readonly compilers?: readonly string[] } = {},
): Launcher {
  const folder = options.folder ?? fileURLToPath(new URL('../../launcher', import.meta.url));
  const arch = ownArch();
  if (arch === undefined) {
    throw unavailable(
      `there is no launcher for ${process.platform} on ${process.arch}`,
      'use Linux on x86-64 or arm64, or our container',
    );
  }
  const prebuilt = join(folder, 'prebuilt', `linux-${arch}`, 'launcher');
  const descriptor = openFile(prebuilt);
  if (descriptor === undefined) return build(folder, arch, options.compilers ?? COMPILERS);
  return hold({ descriptor, arch, origin: 'prebuilt', digest: LAUNCHER_PINS.prebuilt[`linux-${arch}`] });
}

function hold(file: {
  readonly descriptor: number;
  readonly arch: Arch;
  readonly origin: Launcher['origin'];
  readonly digest: string;
}): Launcher {
  const { descriptor, arch, origin, digest } = file;
  let known = '';
  const launcher: Launcher = {
    arch,
    origin,
    path: () => {
      known = checkFile(descriptor, digest, known);
      // Not /proc/self: in the child, descriptors of the program may have taken this number.
      return `/proc/${process.pid}/fd/${descriptor}`;
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
  try {
    launcher.path();
  } catch (thrown) {
    closeSync(descriptor);
    throw thrown;
  }
  return launcher;
}

/** Undefined when nothing is there. A link is not followed: it could lead anywhere. */
function openFile(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    if (code === 'ENOENT') return undefined;
    throw tampered(`it can not be opened (${code ?? 'unknown'})`);
  }
}

/**
 * Its bytes are read and hashed again unless nothing that a write would change is other than `known`. Gives what is known then:
 * nothing of a file that changed so lately that another write could leave the same time.
 *
 * @throws `SANDBOX_TAMPERED`
 */
function checkFile(descriptor: number, digest: string, known: string): string {
  const { mode, dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = fstatSync(descriptor, { bigint: true });
  if ((Number(mode) & constants.S_IFMT) !== constants.S_IFREG) throw tampered('it is no file');
  if ((Number(mode) & EXECUTABLE) !== EXECUTABLE)
    throw tampered('it may not be executed', 'give it back its mode 0755');
  if ((Number(mode) & WRITABLE_BY_ALL) !== 0)
    throw tampered('every user may write to it', 'give it back its mode 0755');
  const found = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  if (found === known) return known;
  if (sha256OfDescriptor(descriptor) !== digest) throw tampered('its bytes are not those that this version came with');
  return Date.now() - Number(ctimeMs) > LIMITS.launcherSettledMs ? found : '';
}

function sha256OfDescriptor(descriptor: number): string {
  // One more than it has, so that more is seen.
  const bytes = Buffer.allocUnsafe(Math.min(fstatSync(descriptor).size + 1, LIMITS.launcherFileBytesMax));
  let length = 0;
  for (let got = -1; got !== 0 && length < bytes.length; length += got) {
    got = readSync(descriptor, bytes, length, bytes.length - length, length);
  }
  return sha256Hex(bytes.subarray(0, length));
}

const sha256Hex = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

/** In a folder that only we can enter, and that is gone again: the open descriptor is all that stays. */
function build(folder: string, arch: Arch, compilers: readonly string[]): Launcher {
  const compiler = compilers.find((path) => existsSync(path));
  const remedy = 'install the product again, or a C compiler (`cc`), or use our container';
  if (compiler === undefined) throw unavailable('the launcher is missing and nothing can build it', remedy);
  const place = mkdtempSync(join(tmpdir(), 'smcp-launcher-'));
  try {
    for (const name of ['launcher.c', 'kernel.h', 'keeper.h', 'specification.h'] as const) {
      const text = readFileSync(join(folder, name));
      if (sha256Hex(text) !== LAUNCHER_PINS.source[name]) throw tampered(`${name} is not what this version came with`);
      writeFileSync(join(place, name), text, { mode: 0o400 });
    }
    const output = join(place, 'launcher');
    compileLauncher({ compiler, folder: place, output });
    const descriptor = openSync(output, constants.O_RDONLY | constants.O_NOFOLLOW);
    return hold({ descriptor, arch, origin: 'built here', digest: sha256OfDescriptor(descriptor) });
  } catch (thrown) {
    if (thrown instanceof SmcpError) throw thrown;
    throw unavailable('the launcher is missing and could not be built', remedy, thrown);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function unavailable(what: string, remedy: string, cause?: unknown): SmcpError {
  return new SmcpError('SANDBOX_UNAVAILABLE', what, { details: { layer: 'launcher', remedy }, cause });
}

function tampered(what: string, remedy = 'install the product again'): SmcpError {
  return new SmcpError('SANDBOX_TAMPERED', `the launcher: ${what}`, { details: { layer: 'launcher', remedy } });
}
