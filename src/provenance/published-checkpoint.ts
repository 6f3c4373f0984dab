// The last checkpoint, kept in a file outside the database: a database that is older than it was put back from a backup.
// Written after the commit, at most once per interval, at the latest when the log closes.

import { replaceFile } from '#base/durable-file.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';

export type CheckpointPublisher = {
  /** Publishes `note` soon. */
  readonly offer: (note: string) => void;
  /** Publishes what was offered last. **Durability:** the file is on disk when it returns. @throws a system error. */
  readonly flush: () => void;
  readonly close: () => void;
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

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (latest === undefined || latest === published) return;
    replaceFile(options.file, latest, 0o644);
    published = latest;
  }

  function flushLater(): void {
    try {
      flush();
    } catch (thrown) {
      logger.error('the checkpoint outside the database could not be written', { error: String(thrown) });
    }
  }

  return {
    offer: (note) => {
      latest = note;
      timer ??= setTimeout(flushLater, options.intervalMs ?? LIMITS.checkpointPublishMs).unref();
    },
    flush,
    close: flushLater,
  };
}
