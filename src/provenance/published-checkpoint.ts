// The last checkpoint, kept in a file outside the database: a database that is older than it was put back from a backup.
// Written after the commit, at most once per interval, at the latest when the log closes.

import { replaceFile, replaceFileLater } from '#base/durable-file.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';

export type CheckpointPublisher = {
  /** Publishes `note` soon. */
  readonly offer: (note: string) => void;
  /** Publishes what was offered last, at once. **Durability:** the file is on disk when it returns. @throws a system error. */
  readonly flush: () => void;
  /** Publishes what was offered last, and takes no more. */
  readonly close: () => Promise<void>;
};

export type PublisherOptions = {
  readonly file: string;
  /** Between two publications, in ms. Default `LIMITS.checkpointPublishMs`. */
  readonly intervalMs?: number;
};

/** A publication that fails is logged and tried again with the next checkpoint: the database alone is still sound. */
export function createCheckpointPublisher(logger: Logger, options: PublisherOptions): CheckpointPublisher {
  let latest: string | undefined;
  let published: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let publishing: Promise<void> | undefined;
  let isClosed = false;

  async function publish(): Promise<void> {
    const note = latest;
    if (note === undefined || note === published) return;
    try {
      await replaceFileLater(options.file, note, 0o644);
      published = note;
    } catch (thrown) {
      logger.error('the checkpoint outside the database could not be written', { error: String(thrown) });
    }
  }

  function publishLater(): void {
    timer = undefined;
    const tried = latest;
    publishing = publish().finally(() => {
      publishing = undefined;
      if (latest !== tried) schedule();
    });
  }

  /** One that is under way and slow is not overtaken. */
  function schedule(): void {
    if (publishing !== undefined || isClosed) return;
    timer ??= setTimeout(publishLater, options.intervalMs ?? LIMITS.checkpointPublishMs).unref();
  }

  return {
    offer: (note) => {
      latest = note;
      schedule();
    },
    flush: () => {
      if (latest === undefined || latest === published) return;
      replaceFile(options.file, latest, 0o644);
      published = latest;
    },
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await publishing;
      await publish();
    },
  };
}
