// Which code recorded calls ran, so that its copy is kept when the plugin is replaced: said by the log's own drafts, and kept in the home's
// database. Of isolates only: no other call can be run again.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '#base/clock.ts';
import { type Digest, digestHex } from '#base/digest.ts';
import { asSmcpError } from '#base/errors.ts';
import type { Logger } from '#base/log.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { RecordDraft } from '#domain/record.ts';
import type { MetaStore } from '#domain/store-ports.ts';

export type RanCodePorts = { readonly meta: MetaStore; readonly clock: Clock; readonly logger: Logger };

export type RanCode = {
  /** When this code was last seen to run in a recorded call, in epoch ms, to within the life of a server; undefined: it never was. */
  readonly lastRunMs: (digest: Digest) => number | undefined;
  /** The same log. Code is known to have run before the record that names it is written. */
  readonly noting: <Log extends RecordLog>(log: Log) => Log;
};

/** A row of 100 bytes for each code that calls of the log ran, also once its copy is gone: where it comes back it is kept again. */
const KEY = 'ran/';
/** Set once all code that ran is noted. */
const SINCE_KEY = 'ran-since';
const COPY_NAME = /^[0-9a-f]{64}$/;

/** Of a home that is older than these notes, every copy that is there counts as run: its log may name it. */
export function openRanCode({ meta, clock, logger }: RanCodePorts, home: string): RanCode {
  const note = (hex: string): void => meta.put(`${KEY}${hex}`, String(clock.nowMs()));
  if (meta.get(SINCE_KEY) === undefined) {
    for (const name of copiesIn(home)) note(name);
    meta.put(SINCE_KEY, String(clock.nowMs()));
  }
  const noted = new Set<Digest>();
  const ran = (digest: Digest): void => {
    if (noted.has(digest)) return;
    try {
      note(digestHex(digest));
      noted.add(digest);
    } catch (thrown) {
      // The call goes on: the log says by itself whether it can be recorded. The next one tries again.
      logger.warn('it could not be noted that code ran', { digest, error: asSmcpError(thrown).message });
    }
  };
  return {
    lastRunMs: (digest) => {
      const kept = meta.get(`${KEY}${digestHex(digest)}`);
      return kept === undefined ? undefined : Number(kept);
    },
    noting: (log) => ({
      ...log,
      append: async (draft) => {
        const digest = codeOf(draft);
        if (digest !== undefined) ran(digest);
        return log.append(draft);
      },
    }),
  };
}

function codeOf(draft: RecordDraft): Digest | undefined {
  if (draft.kind !== 'invocation' || draft.predicate.sandbox?.tier !== 'isolate') return undefined;
  return draft.predicate.tool.package;
}

function copiesIn(home: string): readonly string[] {
  try {
    return readdirSync(join(home, 'plugins')).filter((name) => COPY_NAME.test(name));
  } catch {
    return [];
  }
}
