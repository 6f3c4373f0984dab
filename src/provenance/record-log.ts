// The signed log: opens it, appends with group commit, reads it back. app.ts makes one per home, under the home's lock.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, rfc3339 } from '#base/clock.ts';
import { replaceFile } from '#base/durable-file.ts';
import { SmcpError } from '#base/errors.ts';
import { randomHex } from '#base/ids.ts';
import { invariant } from '#base/invariant.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { readOwnedFile } from '#base/owned-file.ts';
import type { RecordLog, RecordReader } from '#domain/ports.ts';
import type { Store } from '#domain/store-ports.ts';
import { type Appender, type CommittedTree, createAppender } from './appender.ts';
import { createCommitQueue } from './commit-queue.ts';
import { isInRange, type LogKey } from './log-key.ts';
import { createOpenIntents, type OpenIntents } from './open-intents.ts';
import { checkTail, readOpened, tampered } from './opening.ts';
import { prepareRecord } from './prepare-record.ts';
import { publicKeyOfPem } from './public-key.ts';
import { type CheckpointPublisher, createCheckpointPublisher } from './published-checkpoint.ts';
import { createRecordReader } from './record-reader.ts';
import { recoveriesOf } from './recovery.ts';
import { formatVkey, isNoteName, type NoteKey } from './signed-note.ts';
import type { LogSigners } from './signer.ts';

export type RecordLogPorts = {
  readonly store: Pick<Store, 'log' | 'meta'>;
  readonly signers: LogSigners;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type RecordLogOptions = {
  /** Keeps `checkpoint` and `keys/log.vkey` here. */
  readonly homeDir: string;
  /** First part of a new log's origin `<name>/<hostId>/<epoch>`; an existing log keeps its own. No white space, no `+`. */
  readonly name: string;
  readonly publishIntervalMs?: number;
};

export type OpenRecordLog = RecordLog &
  RecordReader & {
    /** Tells how many records are to be expected soon, of calls that run; until then none, and no commit waits for any. */
    readonly expect: (count: () => number) => void;
    /** Commits what waits, publishes the last checkpoint, takes no more records. */
    readonly close: () => Promise<void>;
  };

/** A new log is epoch 1; a later epoch begins where a log can't be continued. */
const FIRST_EPOCH = 1;
/** The last checkpoint and the verifier key: small texts that nobody else may write. */
const SMALL_FILE = { bytesMax: LIMITS.noteBytesMax, keptFrom: 'being written', code: 'HOME_INVALID' } as const;
const HOST_ID_KEY = 'log.hostId';
const HOST_ID_BYTES = 8;

/**
 * Opens the log of a home, or begins it. Intents that a crash left open are closed as `unknown` first.
 *
 * **Durability:** the first record, the recovery and their published checkpoint are on disk when it resolves.
 * @throws `LOG_TAMPERED` · `LOG_BEHIND` · `LOG_UNAVAILABLE` · `HOME_INVALID` when a key is not this log's · `HOME_UNSAFE`.
 */
export async function createRecordLog(ports: RecordLogPorts, options: RecordLogOptions): Promise<OpenRecordLog> {
  const { store, signers, clock, logger } = ports;
  const { log } = store;
  const checkpointFile = join(options.homeDir, 'checkpoint');
  const isNew = log.size() === 0;
  const { origin, keys } = isNew ? newLog(ports, options) : existingLog(ports);
  const logKey = logKeyOf(origin, signers);
  const committed: CommittedTree = checkTail(
    log,
    isNew ? undefined : logKey,
    readOwnedFile(checkpointFile, SMALL_FILE),
  );
  keepVkey(join(options.homeDir, 'keys'), formatVkey(logKey));
  const appender = createAppender({ log, signers, logKey, committed });
  const publisher = createCheckpointPublisher(logger, {
    file: checkpointFile,
    ...(options.publishIntervalMs === undefined ? {} : { intervalMs: options.publishIntervalMs }),
  });
  const intents = createOpenIntents();
  if (isNew) {
    const time = rfc3339(clock.nowMs());
    await appender.commit([prepareRecord({ kind: 'opened', predicate: { origin, keys, time } })]);
  }
  await recover(ports, appender);
  publishNow(publisher, appender);
  return assemble(ports, { appender, publisher, intents, reader: { committed, logKey, keys } });
}

function newLog({ store, signers }: RecordLogPorts, { name }: RecordLogOptions) {
  invariant(isNoteName(name) && !name.includes('/'), 'the name of a log can be part of an origin');
  let hostId = store.meta.get(HOST_ID_KEY);
  if (hostId === undefined) {
    hostId = randomHex(HOST_ID_BYTES);
    store.meta.put(HOST_ID_KEY, hostId);
  }
  const { keyid, alg, spki } = signers.record;
  const keys: LogKey[] = [{ keyid, alg, spki, fromIndex: 0, toIndex: null }];
  return { origin: `${name}/${hostId}/${FIRST_EPOCH}`, keys };
}

function existingLog({ store, signers }: RecordLogPorts) {
  const opened = readOpened(store.log);
  const isOurs = opened.keys.some((key) => key.keyid === signers.record.keyid && isInRange(key, store.log.size()));
  if (isOurs) return opened;
  throw new SmcpError('HOME_INVALID', 'keys/record.pem is not a key that this log names', {
    details: { remedy: 'put back the record key that belongs to this log' },
  });
}

function logKeyOf(origin: string, signers: LogSigners): NoteKey {
  const key = publicKeyOfPem(signers.log.spki);
  if (key === undefined || !isNoteName(origin)) throw tampered('the origin of the log is not a name');
  return { name: origin, key };
}

/** The public half, so that verifying needs no private key. @throws `LOG_TAMPERED` when another one is kept. */
function keepVkey(keysDir: string, vkey: string): void {
  const file = join(keysDir, 'log.vkey');
  const kept = readOwnedFile(file, SMALL_FILE);
  if (kept === `${vkey}\n`) return;
  if (kept !== undefined) throw tampered('keys/log.vkey is not the key of this log');
  mkdirSync(keysDir, { recursive: true, mode: 0o700 });
  replaceFile(file, `${vkey}\n`, 0o644);
}

async function recover({ store, clock, logger }: RecordLogPorts, appender: Appender): Promise<void> {
  const records = [...recoveriesOf(store.log, clock.nowMs())].map(({ intent, draft }) =>
    prepareRecord(draft, { digest: intent.argsDigest }),
  );
  for (let from = 0; from < records.length; from += LIMITS.commitRecordsMax) {
    await appender.commit(records.slice(from, from + LIMITS.commitRecordsMax));
  }
  if (records.length > 0)
    logger.warn('calls were interrupted; their end is recorded as unknown', { calls: records.length });
}

function publishNow(publisher: CheckpointPublisher, appender: Appender): void {
  const note = appender.checkpoint();
  if (note === undefined) return;
  publisher.offer(note);
  publisher.flush();
}

type Parts = {
  readonly appender: Appender;
  readonly publisher: CheckpointPublisher;
  readonly intents: OpenIntents;
  readonly reader: { readonly committed: CommittedTree; readonly logKey: NoteKey; readonly keys: readonly LogKey[] };
};

function assemble(
  { store, clock, logger }: RecordLogPorts,
  { appender, publisher, intents, reader }: Parts,
): OpenRecordLog {
  let expected = () => 0;
  const queue = createCommitQueue({
    appender,
    clock,
    logger,
    expected: () => expected(),
    onCommit: (records, receipts) => {
      for (const [offset, { phase, invocation, argsDigest }] of records.entries()) {
        const receipt = receipts[offset];
        if (phase === 'intent' && receipt !== undefined) intents.add({ ...receipt, invocation, argsDigest });
      }
      const note = appender.checkpoint();
      if (note !== undefined) publisher.offer(note);
    },
  });
  return {
    ...createRecordReader({ log: store.log, appender, ...reader }),
    append: async (draft) => {
      const intent = draft.kind === 'invocation' ? intents.closedBy(draft.predicate) : undefined;
      const record = prepareRecord(draft, intent === undefined ? undefined : { digest: intent.argsDigest });
      // Those of the server's own tools are few, and what stops something has been done already.
      const isOwn =
        draft.kind === 'invocation' && draft.predicate.tool.plugin === undefined && draft.predicate.phase === 'intent';
      const receipt = queue.add(record, { isOwed: intent !== undefined || isOwn });
      // Only once the record is taken: what was refused may be tried again.
      if (intent !== undefined) intents.remove(intent);
      return receipt;
    },
    expect: (count) => {
      expected = count;
    },
    close: async () => {
      await queue.close();
      await publisher.close();
    },
  };
}
