// What the tests of `files` share: a real folder of workspaces with the real effect on it, behind the real broker.

import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#base/clock.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import { parseAgentName } from '#domain/agent.ts';
import type { FilesEntry } from '#domain/capability.ts';
import type { WorkspaceName } from '#domain/workspace-path.ts';
import type { FilesEffect } from '#effects/files/files-effect.ts';
import { openFiles } from '#effects/files/open-files.ts';

/** All of the workspace, to write. */
export const EVERYTHING: readonly FilesEntry[] = [{ path: 'workspace', access: 'write' }];

/** How a host call ended: its answer, or the code it was refused with. */
export type Ended = { readonly value: Json } | { readonly code: string; readonly details?: Json };

export type FilesSession = {
  readonly call: (name: string, params: Json, signal?: AbortSignal) => Promise<Json>;
  readonly ended: (name: string, params: Json) => Promise<Ended>;
  readonly used: () => readonly { readonly kind: string; readonly target: string; readonly count: number }[];
};

/** A session of a call that was given these files, behind this effect. */
export function openSession(
  effect: FilesEffect,
  options: { readonly files?: readonly FilesEntry[]; readonly agent?: string; readonly workspace?: string } = {},
): FilesSession {
  const { files = EVERYTHING, agent = 'athena', workspace } = options;
  const name = parseAgentName(agent);
  if (name === undefined) throw new Error(`no agent is called ${agent}`);
  const session = createBroker({ clock: systemClock, logger: silentLogger, effects: { files: effect } }).open({
    ...{ plugin: 'p', tool: 'p__t', agent: name, invocation: 'i', capabilities: { files } },
    ...(workspace === undefined ? {} : { workspace: workspace as WorkspaceName }),
    hostCallsMax: LIMITS.hostCallsMax,
  });
  const never = new AbortController().signal;
  const call: FilesSession['call'] = async (callName, params, signal = never) =>
    session.handle({ name: callName, params }, signal);
  const ended: FilesSession['ended'] = (callName, params) =>
    call(callName, params).then(
      (value) => ({ value }),
      ({ code, details }) => ({ code, details }),
    );
  return { call, ended, used: session.used };
}

export type FilesPlace = Disposable & {
  /** A folder outside of all workspaces. */
  readonly outside: string;
  /** The folder of all workspaces. */
  readonly directory: string;
  /** A path in athena's workspace, as the machine sees it. */
  readonly at: (...names: readonly string[]) => string;
  readonly effect: FilesEffect;
};

/** A folder of workspaces on disk. `most`: the quota of each. */
export function openPlace(most: { readonly bytes?: number; readonly files?: number } = {}): FilesPlace {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'smcp-files-')));
  const directory = join(folder, 'workspaces');
  const outside = join(folder, 'outside');
  mkdirSync(directory, { mode: 0o700 });
  mkdirSync(outside);
  mkdirSync(join(directory, 'athena'), { mode: 0o700 });
  const { bytes = LIMITS.workspaceBytesDefault, files = LIMITS.workspaceFilesDefault } = most;
  const effect = openFiles({ clock: systemClock }, { directory, most: { bytes, files } });
  return {
    ...{ outside, directory, effect },
    at: (...names) => join(directory, 'athena', ...names),
    [Symbol.dispose]: () => {
      effect[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
