// Acts that wait for a person's passkey. In memory, bounded, each for a while. **Trust:** who asks has the home's token.

import { canonicalJson } from '#base/canonical-json.ts';
import type { Clock } from '#base/clock.ts';
import { rfc3339 } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { randomHex, randomNonce } from '#base/ids.ts';
import { LIMITS } from '#base/limits.ts';
import type { Acts, PendingAct } from '#domain/act-ports.ts';

const ID_BYTES = 8;

export function createActs(clock: Clock): Acts {
  // A Map keeps the order of insertion.
  const held = new Map<string, { readonly act: PendingAct; readonly untilMs: number }>();
  const live = (): readonly PendingAct[] => {
    for (const [id, { untilMs }] of held) if (clock.monotonicMs() >= untilMs) held.delete(id);
    return [...held.values()].map(({ act }) => act);
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
      held.delete(id);
      return act;
    },
    ask: (asked) => {
      const same = sameAs(asked);
      if (same !== undefined) return same;
      if (held.size >= LIMITS.actsPendingMax) throw actsFull();
      const createdMs = clock.nowMs();
      const expiresMs = createdMs + LIMITS.actMs;
      const id = randomHex(ID_BYTES);
      const { operation, about } = asked;
      const value = { act: id, operation, about, created: rfc3339(createdMs), expires: rfc3339(expiresMs) };
      const statement = canonicalJson({ nonce: randomNonce(), value });
      const act: PendingAct = { ...asked, id, createdMs, expiresMs, statement, digest: sha256(statement) };
      held.set(id, { act, untilMs: clock.monotonicMs() + LIMITS.actMs });
      return act;
    },
  };
}

function actsFull(): SmcpError {
  return new SmcpError('ACTS_FULL', `${LIMITS.actsPendingMax} acts wait to be confirmed, and no more may`, {
    details: { retryAfterMs: 60_000, remedy: 'have somebody decide about them: /console/approvals' },
  });
}
