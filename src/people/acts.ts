// Acts that wait for a person's passkey: bounded, each for a while, over a restart too. What they come to is looked at again before they are
// done, so nothing is trusted for having been kept. **Trust:** who asks has the home's token.

import { canonicalJson } from '#base/canonical-json.ts';
import type { Clock } from '#base/clock.ts';
import { rfc3339 } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { randomHex, randomNonce } from '#base/ids.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { ActStore, Acts, PendingAct } from '#domain/act-ports.ts';

const ID_BYTES = 8;

export type ActsPorts = { readonly clock: Clock; readonly store: ActStore; readonly logger: Logger };

/** What is kept of another run is read once. */
export function createActs({ clock, store, logger }: ActsPorts): Acts {
  // A Map keeps the order of insertion.
  const held = new Map<string, Held>();
  for (const act of store.list()) {
    const leftMs = leftMsOf(act, clock.nowMs());
    held.set(act.id, { act, untilMs: clock.monotonicMs() + leftMs, bytes: bytesOf(act) });
  }
  const live = (): readonly PendingAct[] => {
    for (const [id, { act, untilMs }] of held) {
      if (clock.monotonicMs() < untilMs && clock.nowMs() < act.expiresMs) continue;
      held.delete(id);
      forget(id);
    }
    return [...held.values()].map(({ act }) => act);
  };
  /** One that stays on the disk has ended all the same: the next start sees by its time that it has. */
  const forget = (id: string) => {
    try {
      store.remove(id);
    } catch (thrown) {
      logger.warn('an act that has ended stays on the disk', { id, error: String(thrown) });
    }
  };
  const get = (id: string): PendingAct => {
    const found = live().find((act) => act.id === id);
    if (found !== undefined) return found;
    throw new SmcpError('ACT_UNKNOWN', 'nothing with this id waits to be confirmed', {
      details: { remedy: 'do it again: it asks anew' },
    });
  };
  const sameAs = (asked: Parameters<Acts['ask']>[0]) => {
    const { operation, input, about } = asked;
    const wanted = canonicalJson({ operation, input, about });
    return live().find(
      (act) => wanted === canonicalJson({ operation: act.operation, input: act.input, about: act.about }),
    );
  };
  return {
    list: live,
    get,
    take: (id) => {
      const act = get(id);
      // Where that fails it is not confirmed: after a restart it would be there again.
      store.remove(id);
      held.delete(id);
      return act;
    },
    ask: (asked) => {
      const same = sameAs(asked);
      if (same !== undefined) return same;
      const createdMs = clock.nowMs();
      const expiresMs = createdMs + LIMITS.actMs;
      const id = randomHex(ID_BYTES);
      const { operation, about } = asked;
      const value = { act: id, operation, about, created: rfc3339(createdMs), expires: rfc3339(expiresMs) };
      const statement = canonicalJson({ nonce: randomNonce(), value });
      const act: PendingAct = { ...asked, id, createdMs, expiresMs, statement, digest: sha256(statement) };
      const bytes = bytesOf(act);
      const keptBytes = [...held.values()].reduce((sum, one) => sum + one.bytes, bytes);
      if (held.size >= LIMITS.actsPendingMax || keptBytes > LIMITS.actsKeptBytesMax) throw actsFull();
      store.put(act);
      held.set(id, { act, untilMs: clock.monotonicMs() + LIMITS.actMs, bytes });
      return act;
    },
  };
}

type Held = { readonly act: PendingAct; readonly untilMs: number; readonly bytes: number };

const bytesOf = (act: PendingAct): number => Buffer.byteLength(JSON.stringify(act));

/** What is left of one of an earlier run; nothing where the clock shows a time before it was made. */
function leftMsOf({ createdMs, expiresMs }: PendingAct, nowMs: number): number {
  return nowMs < createdMs ? 0 : expiresMs - nowMs;
}

function actsFull(): SmcpError {
  const message = `${LIMITS.actsPendingMax} acts, or ${LIMITS.actsKeptBytesMax} bytes of them, wait to be confirmed, and no more may`;
  return new SmcpError('ACTS_FULL', message, {
    details: { retryAfterMs: 60_000, remedy: 'have somebody decide about them: /console/approvals' },
  });
}
