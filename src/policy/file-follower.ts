// Follows the policy's file: applies what it holds once it is whole, or says that it waits, or why it is refused. What is
// in force stays so until a whole, good text takes its place.

import { type Digest, sha256 } from '#base/digest.ts';
import { asSmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { watchFile } from '#base/watch-file.ts';
import type { PolicyAuthor, PolicyFileState, PolicyFinding } from '#domain/policy-ports.ts';
import type { PolicyChanges } from './changes.ts';
import type { PolicyFile } from './policy-file.ts';
import type { PolicyJudge } from './policy-thread.ts';
import type { Turns } from './turns.ts';

export type FollowerParts = {
  readonly file: PolicyFile;
  readonly judge: PolicyJudge;
  readonly turns: Turns;
  readonly changes: PolicyChanges;
  readonly digestInForce: () => Digest;
  readonly logger: Logger;
};

export type FileFollower = {
  /** As it was found when it was last looked at. */
  readonly state: () => PolicyFileState;
  /** A command has applied what the file holds, or failed to. */
  readonly applied: () => void;
  readonly failed: (thrown: unknown) => void;
  /** Looks at the file once more, as after an edit: how edits count may have changed. */
  readonly lookAgain: () => void;
  readonly close: () => void;
};

/** No agent can have this name. */
const BY_FILE: PolicyAuthor = { by: 'policy file', mayWiden: true };
const IN_FORCE: PolicyFileState = { kind: 'in-force' };

/** Errors that stay until the file changes, or somebody applies it: a text that takes too much would take it again and again. */
const isAboutFile = (thrown: unknown): boolean =>
  ['POLICY_INVALID', 'POLICY_UNCHECKED', 'HOME_UNSAFE'].includes(asSmcpError(thrown).code);

/** @param options.isManual whether a good text waits until somebody applies it. */
export function followFile(parts: FollowerParts, options: { readonly isManual: boolean }): FileFollower {
  const { file, judge, turns, changes, digestInForce, logger } = parts;
  let state: PolicyFileState = IN_FORCE;
  let isWaiting = false;

  const become = (next: PolicyFileState) => {
    const isNew = JSON.stringify(next) !== JSON.stringify(state);
    state = next;
    if (isNew) tell(next, file.path, logger);
  };
  const look = async (): Promise<void> => {
    isWaiting = false;
    try {
      const text = file.read();
      if (sha256(text) === digestInForce()) return become(IN_FORCE);
      if (options.isManual) {
        const { digest } = await judge.judge({ text, name: file.path });
        return become({ kind: 'staged', digest });
      }
      await changes.applyFile(BY_FILE);
      become(IN_FORCE);
    } catch (thrown) {
      become(refused(thrown));
      if (!isAboutFile(thrown)) watch.lookAgain();
    }
  };
  const watch = watchFile(
    file.path,
    () => {
      if (isWaiting) return;
      isWaiting = true;
      void turns.inOwnTurn(look);
    },
    {
      settleMs: LIMITS.policyFileSettleMs,
      settleMsMax: LIMITS.policyFileSettleMsMax,
      pollMs: LIMITS.policyFilePollMs,
    },
  );
  return {
    // What waited and is in force by now, while its version is still being kept, waits no more.
    state: () => (state.kind === 'staged' && state.digest === digestInForce() ? IN_FORCE : state),
    applied: () => {
      state = IN_FORCE;
    },
    failed: (thrown) => {
      if (isAboutFile(thrown)) state = refused(thrown);
    },
    lookAgain: watch.lookAgain,
    close: watch.close,
  };
}

function refused(thrown: unknown): PolicyFileState {
  const { message, details } = asSmcpError(thrown);
  const findings = details['findings'];
  return { kind: 'refused', message, findings: (Array.isArray(findings) ? findings : []) as readonly PolicyFinding[] };
}

/** Once for each state, not for each look. */
function tell(state: PolicyFileState, file: string, logger: Logger): void {
  switch (state.kind) {
    case 'in-force':
      return;
    case 'staged':
      logger.info('policy: an edit waits until it is applied', { file, digest: state.digest });
      return;
    case 'refused':
      logger.warn('policy: the file is not applied; the policy before stays in force', { file, error: state.message });
  }
}
