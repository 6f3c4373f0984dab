// The ways in which the policy changes: each has everything checked first, then writes the file, then applies. Called by the
// policy's service, one at a time.

import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import type { AgentName } from '#domain/agent.ts';
import type { PolicyRef } from '#domain/decision.ts';
import type { PolicyAuthor } from '#domain/policy-ports.ts';
import type { PolicyHistory } from './history.ts';
import type { CheckedPolicy, PolicyInForce } from './in-force.ts';
import { conflict, type PolicyFile } from './policy-file.ts';
import type { PolicyPorts } from './policy-ports.ts';
import type { PolicyJudge } from './policy-thread.ts';
import { given, type Judgement } from './thread-work.ts';

/** The server itself, before anybody can ask for anything. */
const AT_START: PolicyAuthor = { by: 'server start', mayWiden: true };

export type ChangeParts = PolicyPorts & {
  readonly judge: PolicyJudge;
  readonly file: PolicyFile;
  readonly inForce: PolicyInForce;
  readonly history: PolicyHistory;
};

/**
 * Each resolves with what is in force then. When it rejects, the policy is as it was, and so is the file unless somebody
 * else writes it at the same time.
 */
export type PolicyChanges = {
  /** The first policy after a start. */
  readonly start: () => Promise<PolicyRef>;
  readonly applyFile: (author: PolicyAuthor) => Promise<PolicyRef>;
  readonly applyText: (text: string, author: PolicyAuthor) => Promise<PolicyRef>;
  readonly addAgent: (name: AgentName, author: PolicyAuthor) => Promise<PolicyRef>;
  readonly rollback: (version: number, author: PolicyAuthor) => Promise<PolicyRef>;
};

/** @param options.isManual whether edits of the file wait until somebody applies them. */
export function createPolicyChanges(parts: ChangeParts, options: { readonly isManual: boolean }): PolicyChanges {
  const { judge, file, inForce, history } = parts;

  /** What an agent's change is compared with: nothing else is put in force meanwhile. */
  const limit = ({ mayWiden, onlyUnder }: PolicyAuthor) => {
    const { ref, text } = inForce.current();
    if (onlyUnder !== undefined && onlyUnder !== ref.digest) throw changedMeanwhile();
    return mayWiden ? {} : { changesFrom: text };
  };
  const apply = async (next: CheckedPolicy, by: string): Promise<PolicyRef> => {
    const { version } = inForce.current().ref;
    const ref = await inForce.apply(next, by);
    if (ref.version !== version) warn(next, parts);
    return ref;
  };
  const judgeFile = (author: PolicyAuthor) => judge.judge({ text: file.read(), name: file.path, ...limit(author) });

  /** The file first: when the server ends in between, its next start finds there what was asked for. */
  const writeAndApply = async (held: string | undefined, judgement: Judgement, author: PolicyAuthor) => {
    const next = await judge.admit(judgement);
    if (held === next.text) return apply(next, author.by);
    await file.replace(held, next.text);
    try {
      return await apply(next, author.by);
    } catch (error) {
      if (held !== undefined && inForce.current().text !== next.text) await putBack(held, next.text, parts);
      throw error;
    }
  };
  const applyGiven = async (next: Judgement, author: PolicyAuthor): Promise<PolicyRef> => {
    const held = file.find();
    const isOver = held === undefined || held === next.text || held === inForce.current().text;
    // A person who puts an earlier version there takes rights back: an agent may not be quicker.
    const isKept = isOver || (author.mayWiden && history.has(sha256(held)));
    if (!isKept) throw conflict(file.path);
    return writeAndApply(held, next, author);
  };

  return {
    start: async () => {
      const latest = parts.store.latest();
      const by = latest === undefined ? 'first start' : 'server start';
      const kept = options.isManual ? history.lastRecorded() : undefined;
      // A change that was asked for, and written, before the server ended is carried out.
      const isFile = kept === undefined || digestOf(file) === latest?.digest;
      return apply(await judge.admit(await (isFile ? judgeFile(AT_START) : judgeKept(kept, parts))), by);
    },
    applyFile: async (author) => {
      const next = await judge.admit(await judgeFile(author));
      return apply(next, author.by);
    },
    applyText: async (text, author) => applyGiven(await judge.judge({ ...given(text), ...limit(author) }), author),
    rollback: async (version, author) => {
      const { text } = history.version(version);
      return applyGiven(await judge.judge({ text, name: `version ${version}`, ...limit(author) }), author);
    },
    addAgent: async (name, author) => {
      const held = file.read();
      // What a person has edited comes into force by itself, but not as an agent's change, nor before it is asked for.
      const isOwnEdit = held === inForce.current().text || (!options.isManual && author.mayWiden);
      if (!isOwnEdit) throw conflict(file.path);
      const next = await judge.judge({ text: held, name: file.path, adds: name, ...limit(author) });
      return writeAndApply(held, next, author);
    },
  };
}

function changedMeanwhile(): SmcpError {
  return new SmcpError('POLICY_CONFLICT', 'another policy came into force since this change was looked at', {
    details: { remedy: 'look at it again, and apply it anew' },
  });
}

/** @throws `POLICY_INVALID`: another release wrote it, and nobody has asked for what the file holds. */
async function judgeKept({ version, text }: { readonly version: number; readonly text: string }, parts: ChangeParts) {
  const { judge, file } = parts;
  try {
    return await judge.judge({ text, name: `version ${version}` });
  } catch (thrown) {
    if (!(thrown instanceof SmcpError) || thrown.code !== 'POLICY_INVALID') throw thrown;
    const remedy = `mend ${file.path}, and start once with policy.apply: auto in config.yaml`;
    const message = `${thrown.message} (it was in force, and is not valid for this release)`;
    throw new SmcpError(thrown.code, message, { cause: thrown, details: { ...thrown.details, remedy } });
  }
}

/** Undefined when the file can't be read, or isn't there. */
function digestOf(file: PolicyFile): string | undefined {
  try {
    return sha256(file.read());
  } catch (thrown) {
    if (thrown instanceof SmcpError) return undefined;
    throw thrown;
  }
}

function warn({ warnings }: CheckedPolicy, { logger, file }: ChangeParts): void {
  for (const { line, column, message } of warnings) {
    logger.warn(`policy: ${message}`, { file: file.path, line, column });
  }
}

/** What could not be applied leaves the file again, unless somebody has edited it meanwhile. */
async function putBack(held: string, written: string, { file, logger }: ChangeParts): Promise<void> {
  try {
    await file.replace(written, held);
  } catch (thrown) {
    const error = thrown instanceof SmcpError ? thrown.message : String(thrown);
    logger.warn('policy: the file keeps a text that could not be applied', { file: file.path, error });
  }
}
