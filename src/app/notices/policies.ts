// Policies that let somebody do more than the one before: compared, away from the host's thread, after they are in force.

import { asSmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { NoticeTeller } from '#domain/notify-ports.ts';
import type { PolicyDecider } from '#domain/policy-ports.ts';
import type { MetaStore, PolicyStore, PolicyVersion } from '#domain/store-ports.ts';
import type { PolicyJudge } from '#policy/policy-thread.ts';
import { unknownWideningNotice, wideningNotice } from './texts.ts';

export type WideningPorts = NoticeTeller & {
  readonly policy: Pick<PolicyDecider, 'current' | 'onChange'>;
  readonly store: { readonly policies: PolicyStore; readonly meta: MetaStore };
  readonly judge: Pick<PolicyJudge, 'compare'>;
  /** Whether anybody wants to know: a comparison may take seconds, away from the host's thread. */
  readonly isWanted: () => boolean;
  readonly logger: Logger;
};

/** The last version that was compared: what was not when the server stopped is at the next start. */
const COMPARED = 'notify.policy.compared';

/**
 * Tells of each version once. Resolves when what was there at the start has been compared, for tests.
 *
 * @param before the version in force before this start; undefined: there was none.
 */
export function tellOfWidenings(ports: WideningPorts, before: number | undefined): Promise<void> {
  const { policy, store, isWanted, logger } = ports;
  const kept = store.meta.get(COMPARED);
  let last = kept === undefined ? before : Number(kept);
  // Before anything is compared: what is not by the time the server stops would otherwise be forgotten.
  if (kept === undefined && before !== undefined) store.meta.put(COMPARED, String(before));
  let waiting = 0;
  let turn = Promise.resolve();

  const look = () => {
    const { version } = policy.current();
    const from = last;
    if (version === from) return;
    last = version;
    // The first policy of a home widens nothing that was.
    if (from === undefined || !isWanted()) return store.meta.put(COMPARED, String(version));
    waiting += 1;
    turn = turn
      .then(() => compare(ports, from, version, waiting > LIMITS.policyChangesWaitingMax))
      .catch((thrown: unknown) => {
        if (asSmcpError(thrown).code === 'SHUTTING_DOWN') return;
        logger.error('a change of the policy was not told', { error: String(thrown) });
      })
      .finally(() => {
        waiting -= 1;
      });
  };
  policy.onChange(look);
  look();
  return turn;
}

async function compare(ports: WideningPorts, from: number, version: number, isTooMany: boolean): Promise<void> {
  const { store, judge, tell, logger } = ports;
  const before = store.policies.get(from);
  const after = store.policies.get(version);
  if (after === undefined) return;
  const notice = before === undefined || isTooMany ? undefined : await noticeOf(before, after, { judge, logger });
  if (notice === 'none') return store.meta.put(COMPARED, String(version));
  tell(notice ?? unknownWideningNotice(version, from, after.by));
  store.meta.put(COMPARED, String(version));
}

type Comparing = Pick<WideningPorts, 'judge' | 'logger'>;

/** Undefined: it could not be told. @throws `SHUTTING_DOWN` */
async function noticeOf(before: PolicyVersion, after: PolicyVersion, { judge, logger }: Comparing) {
  try {
    const { widenings, text } = await judge.compare({
      ...{ text: after.text, name: `policy ${after.version}`, inForce: before.text },
      labels: { from: `version ${before.version}`, to: `version ${after.version}` },
    });
    if (widenings.length === 0) return 'none';
    const { version, digest, by } = after;
    return wideningNotice({ version, digest, by, fromVersion: before.version, widenings, ...linesOf(text) });
  } catch (thrown) {
    // At the next start it is compared.
    if (asSmcpError(thrown).code === 'SHUTTING_DOWN') throw thrown;
    logger.warn('two policies could not be compared', { from: before.version, to: after.version, why: String(thrown) });
    return undefined;
  }
}

/** Of a unified diff. */
function linesOf(diff: string): { readonly added: number; readonly removed: number } {
  const lines = diff.split('\n');
  const count = (sign: string) =>
    lines.filter((line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3))).length;
  return { added: count('+'), removed: count('-') };
}
