// Where a plugin under test runs: the wall, both tiers and the copies of plugins, as in a server, in a temporary folder of its
// own. Nothing is left of it when it is disposed of. Called by start-plugin.ts.

import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openProcesses } from '#app/process-tier.ts';
import { systemClock } from '#base/clock.ts';
import type { Logger } from '#base/log.ts';
import type { PluginRuntime, ProgramRunner } from '#domain/sandbox-ports.ts';
import { createInterviewer } from '#registry/interviewer.ts';
import { createPluginCode, openPluginCopies } from '#registry/plugin-copies.ts';
import { createConfinement } from '#sandbox/host/confinement.ts';
import { createIsolateRuntime } from '#sandbox/host/isolate-runtime.ts';
import { createPluginRuntime } from '#sandbox/host/plugin-runtime.ts';
import { openWall, type WallOptions } from '#sandbox/host/wall.ts';
import type { LoadPorts } from './load-plugin.ts';

export type Place = LoadPorts & {
  readonly runtime: PluginRuntime;
  readonly programs: ProgramRunner;
  /** Gone with the place. */
  readonly folder: string;
};

/** The stack ends its processes and removes its folder. @throws what keeps this machine from confining programs */
export async function openPlace(
  { logger, ...wallOptions }: { readonly logger: Logger } & WallOptions,
  stack: AsyncDisposableStack,
): Promise<Place> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'smcp-harness-')));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const copies = await openPluginCopies({ logger }, folder);
  // The copies are read-only.
  stack.defer(() => copies.removeOthers([]));
  const wall = stack.use(openWall(wallOptions));
  const confinement = stack.use(createConfinement(wall));
  const isolate = createIsolateRuntime({ clock: systemClock, logger, confinement, code: createPluginCode({ logger }) });
  const { runtime: process, prober, programs } = await openProcesses({ wall, logger }, folder);
  const runtime = createPluginRuntime({ isolate, process });
  stack.defer(() => runtime.close());
  return { copies, interviewer: createInterviewer({ prober, clock: systemClock }), runtime, programs, folder };
}
