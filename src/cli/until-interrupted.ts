// Runs something again whenever a folder changes, until the person interrupts it. Used by commands with --watch.

import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { watchFolder } from '#base/watch-folder.ts';
import type { Terminal } from './command.ts';
import { reportError } from './report-error.ts';

/** Editors write several files in a row. */
const SETTLE_MS = 200;

/** One run at a time; what changes meanwhile makes one more. What a run throws is shown, and waits for the next change. */
export async function untilInterrupted(folder: string, run: () => Promise<void>, terminal: Terminal): Promise<void> {
  let hasChanged = true;
  let wake = () => {};
  let isStopped = false;
  const watcher = watched(folder, () => {
    hasChanged = true;
    wake();
  });
  const stop = () => {
    isStopped = true;
    wake();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  // Timers and watches hold nothing open by themselves.
  const alive = setInterval(() => {}, 60_000);
  try {
    while (!isStopped) {
      if (hasChanged) {
        hasChanged = false;
        await run().catch((thrown: unknown) => reportError(thrown, { isJson: false, terminal }));
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    clearInterval(alive);
    process.off('SIGINT', stop).off('SIGTERM', stop);
    watcher.close();
  }
}

function watched(folder: string, changed: () => void) {
  try {
    return watchFolder(folder, changed, { settleMs: SETTLE_MS });
  } catch (cause) {
    throw new SmcpError('NOT_FOUND', `${JSON.stringify(folder)} can't be watched (${systemErrorCode(cause)})`, {
      cause,
      details: { remedy: 'name the directory that holds plugin.json' },
    });
  }
}
