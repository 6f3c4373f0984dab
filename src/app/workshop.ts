// A sandbox for commands that need no server: programs of plugins are asked in it, from copies in a temporary folder, and nothing
// is left of it. Opened only where a program has to be asked.

import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#base/clock.ts';
import type { Logger } from '#base/log.ts';
import type { Config } from '#config/config.ts';
import type { OpenWorkshop, Workshop } from '#registry/inspect-whole.ts';
import { createInterviewer } from '#registry/interviewer.ts';
import { openPluginCopies } from '#registry/plugin-copies.ts';
import { openWall } from '#sandbox/host/wall.ts';
import { openProcesses } from './process-tier.ts';

export type LazyWorkshop = AsyncDisposable & { readonly openWorkshop: OpenWorkshop };

/** Opened by the first call of `openWorkshop`; the disposal ends its processes and removes its folder. */
export function lazyWorkshop(options: {
  readonly logger: Logger;
  readonly users: Config['sandbox']['users'];
}): LazyWorkshop {
  const stack = new AsyncDisposableStack();
  let opened: Promise<Workshop> | undefined;
  return {
    openWorkshop: () => {
      opened ??= open(options, stack);
      return opened;
    },
    [Symbol.asyncDispose]: async () => {
      await opened?.catch(() => {});
      await stack.disposeAsync();
    },
  };
}

async function open(
  { logger, users }: { readonly logger: Logger; readonly users: Config['sandbox']['users'] },
  stack: AsyncDisposableStack,
): Promise<Workshop> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'smcp-workshop-')));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const copies = await openPluginCopies({ logger }, folder);
  // The copies are read-only.
  stack.defer(() => copies.removeOthers([]));
  const wall = stack.use(openWall({ users }));
  const { runtime, prober } = await openProcesses({ wall, logger }, folder);
  stack.defer(() => runtime.close());
  return { copies, interviewer: createInterviewer({ prober, clock: systemClock }) };
}
