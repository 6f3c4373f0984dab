// Programs of the machine that plugins have run: which file a name means, what it stands on, and what a run of it came to. Trusts
// root, who installed what is there; a file or folder that anybody else could change is passed over.

import { lstatSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { ProgramEnd } from '#domain/cli-plugin/outcome.ts';
import type { ProcessRuntime, RunLimits } from '#domain/manifest.ts';
import type { ProgramOutcome } from '#domain/sandbox-ports.ts';
import { systemReadPaths } from '#sandbox/host/launcher/system-paths.ts';
import { findInterpreter, PROGRAM_PATH } from './interpreter.ts';
import type { Ground } from './process-profile.ts';
import type { Stop } from './supervise.ts';

/** Of one program. Its time is what is left of the call: the signal of the call ends it. */
export const SYSTEM_PROGRAM_LIMITS: RunLimits = {
  timeoutMs: LIMITS.timeoutMsMax,
  cpuMs: LIMITS.cpuMsDefault,
  memoryMiB: LIMITS.processMemoryMiBDefault,
  outputBytes: LIMITS.runStdoutBytesMax,
  hostCalls: 0,
};

const NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * The program of that name in the first folder that has one which only root can change.
 *
 * @throws `SANDBOX_UNAVAILABLE` when there is none
 */
export function systemGroundOf(
  program: string,
  { searchPath = PROGRAM_PATH, forAll }: { readonly searchPath?: string; readonly forAll: boolean },
): Ground {
  const folders = searchPath.split(':').filter((folder) => NAME.test(program) && isRootsAlone(join(folder, program)));
  if (folders.length === 0) {
    throw new SmcpError('SANDBOX_UNAVAILABLE', `the program ${JSON.stringify(program)} is not on this machine`, {
      details: {
        layer: 'program',
        remedy: `install it so that only root can change it: it is looked for in ${searchPath}`,
      },
    });
  }
  const interpreter = findInterpreter(program, { searchPath: folders.join(':'), forAll });
  const runtime: ProcessRuntime = { kind: 'process', command: [program], protocol: 'smcp-cli' };
  return { name: program, runtime, interpreter, systemPaths: systemReadPaths(interpreter.kind) };
}

/** Whether the file, where it leads, and each folder on both ways belong to root and can be written by nobody else. */
function isRootsAlone(path: string): boolean {
  try {
    return [path, realpathSync(path)].every((way) => {
      for (let at = way; ; at = dirname(at)) {
        const { uid, mode } = lstatSync(at);
        // A link itself has no mode of its own: its folder says who may change it.
        const isLink = lstatSync(at).isSymbolicLink();
        if (uid !== 0 || (!isLink && (mode & WRITABLE_BY_OTHERS) !== 0)) return false;
        if (at === dirname(at)) return true;
      }
    });
  } catch {
    return false;
  }
}

/** @throws with the code of the bound that stopped it */
export function systemProgramOutcome({
  end,
  stopped,
}: {
  readonly end: ProgramEnd;
  readonly stopped?: Stop;
}): ProgramOutcome {
  if (stopped !== undefined) throw new SmcpError(stopped.code, `the program ${stopped.message}`);
  const { exitCode, signal, stdout, stderr, isStdoutCut, isStderrCut } = end;
  const tail = stderr.subarray(-LIMITS.runStderrBytesMax);
  return { exitCode, signal, stdout, stderr: tail, isCut: isStdoutCut || isStderrCut || tail.length < stderr.length };
}
