// An issuer's keys, kept for a while: asked for anew when they are old, and when a token names one that is not known. Without any that were ever
// fetched, or with too old ones, nothing is verified.

import type { Clock } from '#base/clock.ts';
import type { Digest } from '#base/digest.ts';
import { asSmcpError, SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { createListeners, type OnChange } from '#base/listeners.ts';
import type { Logger } from '#base/log.ts';
import type { KeySource } from './fetch-keys.ts';
import { readKeys, type VerifyingKeys } from './read-keys.ts';

export type IssuerKeys = {
  /**
   * Keys among which the one of this id is, where the issuer has it. Old ones are believed only once the issuer was asked since, and
   * did not answer.
   *
   * @throws `ISSUER_UNAVAILABLE` when there are none, or only some that are too old
   */
  readonly withKey: (id: string) => Promise<VerifyingKeys>;
  /** Whether this very key is among those that were fetched last, under this id. */
  readonly has: (id: string, digest: Digest) => boolean;
  /** After a key was taken back. */
  readonly onChange: OnChange;
};

type Ports = { readonly source: KeySource; readonly clock: Clock; readonly logger: Logger };
type Fetched = VerifyingKeys & { readonly atMs: number };

/** Nothing is fetched until somebody asks. */
export function createIssuerKeys({ source, clock, logger }: Ports): IssuerKeys {
  const changes = createListeners();
  let kept: Fetched | undefined;
  let triedMs = Number.NEGATIVE_INFINITY;
  let failedMs = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;

  const fetchNow = async (): Promise<void> => {
    triedMs = clock.monotonicMs();
    try {
      const before = kept;
      kept = { ...readKeys(await source()), atMs: clock.monotonicMs() };
      const isTakenBack = before !== undefined && [...before.ids].some(([id, digest]) => kept?.ids.get(id) !== digest);
      if (isTakenBack) changes.tell();
    } catch (thrown) {
      failedMs = clock.monotonicMs();
      const { code, message } = asSmcpError(thrown);
      logger.warn("the keys of the tokens' issuer were not fetched", { code, error: message });
    }
  };
  /** One at a time, and no more often than there may be: whoever invents ids of keys must not have the issuer asked each time. */
  const refresh = async (): Promise<void> => {
    if (underWay === undefined && clock.monotonicMs() - triedMs < LIMITS.issuerRetryMs) return;
    underWay ??= fetchNow().finally(() => {
      underWay = undefined;
    });
    await underWay;
  };
  const usable = (): Fetched | undefined =>
    kept !== undefined && clock.monotonicMs() - kept.atMs < LIMITS.issuerKeysStaleMsMax ? kept : undefined;

  const isOld = ({ atMs }: Fetched) => clock.monotonicMs() - atMs >= LIMITS.issuerKeysFreshMs;
  /** Whoever comes while the issuer is down waits for one question, not for each. */
  const hasFailedSince = ({ atMs }: Fetched) => failedMs - atMs >= LIMITS.issuerKeysFreshMs;

  return {
    withKey: async (id) => {
      const known = usable();
      const isKnown = known?.ids.has(id) === true;
      if (isKnown && !isOld(known)) return known;
      const asked = refresh();
      if (isKnown && hasFailedSince(known)) return known;
      await asked;
      const now = usable();
      if (now !== undefined) return now;
      throw new SmcpError('ISSUER_UNAVAILABLE', 'there are no keys of the issuer to verify tokens with', {
        details: { remedy: "see the server's messages" },
      });
    },
    has: (id, digest) => {
      const known = usable();
      // Who only holds a session open, or gave an approval, asks too: a key that was taken back must come out, and one that was not, as well.
      if (known === undefined || isOld(known)) void refresh();
      return known?.ids.get(id) === digest;
    },
    onChange: changes.onChange,
  };
}
