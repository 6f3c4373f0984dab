// The versions of the policy that were in force, as people see them. Called by the policy's service.

import { type Digest, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { PolicyVersionView } from '#domain/policy-ports.ts';
import type { PolicyStore, PolicyVersion } from '#domain/store-ports.ts';

export type PolicyHistory = {
  /** Newest first, at most `LIMITS.policyHistoryLengthMax`. */
  readonly list: () => readonly PolicyVersionView[];
  /** @throws `POLICY_VERSION_UNKNOWN` · `POLICY_INVALID` when its text is not the one that was applied. */
  readonly version: (version: number) => PolicyVersionView & { readonly text: string };
  /** Whether a text of this digest was ever in force. */
  readonly has: (digest: Digest) => boolean;
  /** The text that was in force last, as far as the log knows; undefined when there was none. */
  readonly lastRecorded: () => { readonly version: number; readonly text: string } | undefined;
};

/** A number that was taken and not recorded was never in force, or not for longer than the server then lived: it is not shown. */
export function createHistory(store: PolicyStore, versionInForce: () => number): PolicyHistory {
  const wasInForce = ({ version, isRecorded }: Pick<PolicyVersion, 'version' | 'isRecorded'>) =>
    isRecorded || version === versionInForce();
  const view = ({ version, digest, appliedMs, by }: Omit<PolicyVersion, 'text'>): PolicyVersionView => ({
    version,
    digest,
    appliedMs,
    by,
    isInForce: version === versionInForce(),
  });
  const version: PolicyHistory['version'] = (number) => {
    const found = store.get(number);
    if (found === undefined || !wasInForce(found)) {
      throw new SmcpError('POLICY_VERSION_UNKNOWN', `the policy has no version ${number}`, {
        details: { remedy: 'see smcp policy history' },
      });
    }
    // Records name the digest: another text under it would be a lie.
    if (sha256(found.text) !== found.digest) {
      throw new SmcpError('POLICY_INVALID', `the text kept as version ${number} is not the one that was applied`, {
        details: { remedy: 'the database was changed from outside; take the text from a backup', findings: [] },
      });
    }
    return { ...view(found), text: found.text };
  };
  return {
    list: () => store.list().filter(wasInForce).slice(0, LIMITS.policyHistoryLengthMax).map(view),
    version,
    has: (digest) => store.list().some((each) => each.digest === digest && wasInForce(each)),
    lastRecorded: () => {
      const last = store.list().find(({ isRecorded }) => isRecorded);
      return last === undefined ? undefined : version(last.version);
    },
  };
}
