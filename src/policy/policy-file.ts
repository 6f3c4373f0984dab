// The policy's file: read only as far as its owner and mode allow, and never overwritten when it holds something else than
// was read. Called by the policy's service.

import { createFileLater, rewriteFileLater } from '#base/durable-file.ts';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { readOwnedFile } from '#base/owned-file.ts';

export type PolicyFile = {
  /** Absolute path. */
  readonly path: string;
  /** @throws `POLICY_INVALID` when there is none, or it can't be read · `HOME_UNSAFE` when others could have written it. */
  readonly read: () => string;
  /** As `read`; undefined when there is none. */
  readonly find: () => string | undefined;
  /**
   * Puts `after` where `before` is, and keeps the file's owner and mode; where no file is (undefined), makes one for its owner
   * only.
   *
   * **Durability:** the new text is on disk when it resolves; when it rejects, or after a crash before that, the old one.
   * @throws `POLICY_CONFLICT` when the file holds something else by now · `HOME_UNSAFE` · `POLICY_INVALID` when it can't be written.
   */
  readonly replace: (before: string | undefined, after: string) => Promise<void>;
};

export function createPolicyFile(path: string): PolicyFile {
  const find = () =>
    readOwnedFile(path, { bytesMax: LIMITS.policyBytesMax, keptFrom: 'being written', code: 'POLICY_INVALID' });
  const read = () => {
    const text = find();
    if (text !== undefined) return text;
    throw new SmcpError('POLICY_INVALID', `there is no policy at ${path}`, {
      details: { remedy: 'smcp init writes a first one; smcp policy apply FILE puts one there', findings: [] },
    });
  };
  const check = (before: string) => {
    if (find() !== before) throw conflict(path);
  };
  const replace: PolicyFile['replace'] = async (before, after) => {
    try {
      // The file may be one of `--policy`, outside of the home: it stays whose it was.
      if (before === undefined) await createFileLater(path, after, 0o600);
      else await rewriteFileLater(path, after, () => check(before));
    } catch (cause) {
      if (cause instanceof SmcpError) throw cause;
      const code = systemErrorCode(cause);
      if (code === (before === undefined ? 'EEXIST' : 'ENOENT')) throw conflict(path);
      throw new SmcpError('POLICY_INVALID', `${path} can't be written: ${code ?? 'error'}`, {
        cause,
        details: { remedy: 'edit it by hand; an edit is applied as policy.apply in config.yaml says', findings: [] },
      });
    }
  };
  return { path, read, find, replace };
}

/** What the file holds would be lost, or applied without anybody having asked for it. */
export function conflict(path: string): SmcpError {
  return new SmcpError('POLICY_CONFLICT', `${path} holds edits that are not in force`, {
    details: {
      remedy: `look at them with smcp policy diff ${path}; apply them with smcp policy apply ${path}, or take them out; then try again`,
    },
  });
}
