// What a plugin stands on here: its program on this machine, what is confined by what, and the words of its command. Trusts
// the manifest as it was approved; the machine's answers are asked once, since neither changes while the runtime lives.

import { join } from 'node:path';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { Layer } from '#domain/record.ts';
import { type FloorRow, floorOf } from '#sandbox/host/launcher/floor.ts';
import type { KernelOffers } from '#sandbox/host/launcher/launch-profile.ts';
import { systemReadPaths } from '#sandbox/host/launcher/system-paths.ts';
import { treeLayer } from '#sandbox/host/layers.ts';
import type { StagedCode } from './code-stage.ts';
import { findInterpreter } from './interpreter.ts';
import { type Ground, memoryMiBOf, processRuntimeOf } from './process-profile.ts';

/** A program of the plugin's own, or one of the machine. A path with `/` is one in the plugin. */
const isOwnProgram = (name: string): boolean => name.includes('/');

/**
 * @throws `SANDBOX_UNAVAILABLE` for another runtime or protocol, or a program that is not here; `MANIFEST_INVALID` for a command without words
 */
export function groundOf(
  plugin: Plugin,
  machine: { readonly searchPath?: string; readonly hasUsers: boolean },
): Ground {
  const runtime = processRuntimeOf(plugin);
  if (runtime.protocol === 'mcp') {
    throw new SmcpError('SANDBOX_UNAVAILABLE', `${plugin.name}: the protocol \`mcp\` is not run by this version`, {
      details: { remedy: 'use the protocol `smcp-cli` or `json`' },
    });
  }
  const [program] = runtime.command;
  if (program === undefined || program === '') {
    throw new SmcpError('MANIFEST_INVALID', `${plugin.name}: the command has no program`, {
      details: { remedy: 'write it as `"command": ["python3", "cli.py"]`' },
    });
  }
  if (isOwnProgram(program)) return { name: plugin.name, runtime, systemPaths: systemReadPaths('native') };
  const { searchPath, hasUsers } = machine;
  const interpreter = findInterpreter(program, {
    ...(searchPath === undefined ? {} : { searchPath }),
    forAll: hasUsers,
  });
  return { name: plugin.name, runtime, interpreter, systemPaths: systemReadPaths(interpreter.kind) };
}

/**
 * The command with paths in place of names. Only a word that names a file of the plugin becomes one of its paths: nothing leads
 * out of the copy that was hashed.
 *
 * @throws `PLUGIN_LOAD_FAILED` when its program is not in it, or may not be executed
 */
export function commandOf(
  { name, runtime, interpreter }: Ground,
  staged: StagedCode | undefined,
): readonly [string, ...string[]] {
  const [program = '', ...rest] = runtime.command;
  const inPlugin = (word: string): string | undefined => {
    const path = word.replace(/^(\.\/)+/, '');
    return staged?.paths.has(path) === true ? join(staged.folder, path) : undefined;
  };
  const first = interpreter?.path ?? inPlugin(program);
  if (first === undefined) {
    throw new SmcpError('PLUGIN_LOAD_FAILED', `${name} has no file ${JSON.stringify(program)}`, {
      details: { remedy: 'name a file of the plugin, or a program of the machine without a path' },
    });
  }
  return [first, ...rest.map((word) => inPlugin(word) ?? word)];
}

/** Whether its interpreter can wait for calls: a Python that is told nothing but which file to run. */
export function canBeWarm(ground: Ground, staged: StagedCode): boolean {
  const { runtime, interpreter } = ground;
  const [, script = '', ...more] = runtime.command;
  const isPlain = more.length === 0 && staged.paths.has(script.replace(/^(\.\/)+/, ''));
  if (interpreter?.kind !== 'python' || runtime.protocol !== 'smcp-cli' || !isPlain) return false;
  return runtime.warm !== false && memoryMiBOf(runtime) >= LIMITS.warmMemoryMiBMin;
}

/**
 * What confines a restricted child of this machine.
 *
 * @throws `SANDBOX_UNAVAILABLE` when a property that every program must have is given by nothing
 */
export function requireFloor(kernel: KernelOffers, hasUsers: boolean): readonly FloorRow[] {
  const rows = floorOf(kernel, { isRoot: hasUsers });
  const missing = rows.find(({ standing }) => standing === 'missing');
  if (missing !== undefined) {
    const remedy = missing.remedy ?? '`smcp doctor` says what this machine offers';
    throw new SmcpError('SANDBOX_UNAVAILABLE', `the sandbox can not keep ${missing.property}: ${missing.by}`, {
      details: { layer: missing.property, remedy },
    });
  }
  if (kernel.uid === 0 && !hasUsers) {
    throw new SmcpError('SANDBOX_UNAVAILABLE', 'the host is root and has no users to give to programs', {
      details: {
        layer: 'users',
        remedy: 'let it keep CAP_SETUID, CAP_SETGID and CAP_KILL, or run it as an ordinary user',
      },
    });
  }
  return rows;
}

export type Around = {
  readonly hasUsers: boolean;
  /** What groups of the kernel bound; undefined where none can be made. */
  readonly bounding: readonly string[] | undefined;
};

/** What there is around a restricted child besides the properties of the floor. */
export function ownLayers({ hasUsers, bounding }: Around): readonly Layer[] {
  const inForce = (name: string, detail: string): Layer => ({ name, inForce: true, detail });
  return [
    treeLayer(bounding),
    inForce('clean-environment', 'the environment has six variables of ours and no other'),
    inForce('keeper', 'the whole tree ends by one signal, is reaped, and ends with the server'),
    inForce('process', 'each call is a process of its own'),
    inForce('tree-watch', `memory and processor time of the tree are looked at every ${LIMITS.programPollMs} ms`),
    inForce(
      'work-folder',
      `a folder for each call, of ${LIMITS.workBytesMax} bytes and ${LIMITS.workEntriesMax} files`,
    ),
    ...(hasUsers ? [inForce('own-user', 'each program that lives has a user of its own')] : []),
  ];
}
