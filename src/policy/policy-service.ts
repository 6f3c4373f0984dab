// The policy in force: reads the file, applies it whole or not at all, keeps and records every version, and decides.
// Made once by app.ts. Trusts the file only as far as its owner and mode allow.

import { type Clock, rfc3339 } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { rewriteFile } from '#base/durable-file.ts';
import { SmcpError, systemErrorCode } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { readOwnedFile } from '#base/owned-file.ts';
import { addEmptyEntry } from '#base/yaml.ts';
import type { AgentName } from '#domain/agent.ts';
import type { PolicyRef } from '#domain/decision.ts';
import type { PolicyAdmin, PolicyDecider, PolicyFinding, RecordLog } from '#domain/ports.ts';
import type { PolicyStore } from '#domain/store-ports.ts';
import { type AdvisedTool, advise } from './advice.ts';
import { decide, mayCall } from './decide.ts';
import { createPolicyParser, type ParsedPolicy } from './document.ts';
import type { Policy } from './rules.ts';

export type PolicyPorts = {
  readonly store: PolicyStore;
  readonly recordLog: RecordLog;
  /** What is served now: for warnings. */
  readonly catalog: () => readonly AdvisedTool[];
  readonly clock: Clock;
  readonly logger: Logger;
};

export type PolicyOptions = {
  /** Absolute path. */
  readonly file: string;
};

export type PolicyService = PolicyDecider & PolicyAdmin;

type InForce = { readonly policy: Policy; readonly ref: PolicyRef; readonly text: string };

/**
 * Applies the file and resolves with the service. A text that was in force last keeps its version and is not recorded
 * again.
 *
 * **Durability:** when it resolves, the version and its record are on disk; the same holds for `reload` and `addAgent`.
 * @throws `POLICY_INVALID` with `details.findings` · `HOME_UNSAFE` · `LOG_UNAVAILABLE`; nothing is then in force.
 */
export async function createPolicyService(ports: PolicyPorts, options: PolicyOptions): Promise<PolicyService> {
  const { store, recordLog, catalog, clock, logger } = ports;
  const { file } = options;
  const parse = createPolicyParser();
  const latest = store.latest();
  let inForce: InForce = { policy: { agents: new Map() }, ref: { version: 0, digest: sha256('') }, text: '' };

  const warn = ({ compiled, place }: ParsedPolicy): void => {
    if (compiled === undefined) return;
    for (const { line, column, message } of place(advise(compiled.lists, catalog(), clock.nowMs()))) {
      logger.warn(`policy: ${message}`, { file, line, column });
    }
  };

  /** Decisions after the swap are recorded after it: `append` is called in the same turn. */
  const record = async (next: InForce, { appliedMs, by }: { readonly appliedMs: number; readonly by: string }) => {
    const before = inForce;
    inForce = next;
    try {
      await recordLog.append({ kind: 'policy', predicate: { ...next.ref, time: rfc3339(appliedMs), by } });
    } catch (error) {
      inForce = before;
      throw error;
    }
    store.markRecorded(next.ref.version);
  };

  /**
   * The number is taken before its record is written: whatever happens in between, no number ever has two texts. One whose
   * record may be missing is recorded (again) when it is applied next; one that is never applied leaves a gap.
   */
  const apply = async (text: string, by: string): Promise<PolicyRef> => {
    const parsed = parse(text);
    if (parsed.compiled === undefined) throw invalid(file, parsed.findings);
    const digest = sha256(text);
    const known = store.latest();
    const isKnown = known?.digest === digest;
    if (isKnown && known.isRecorded && inForce.ref.digest === digest) return inForce.ref;
    const version = isKnown ? known.version : Math.max(known?.version ?? 0, inForce.ref.version) + 1;
    const next: InForce = { policy: parsed.compiled.policy, ref: { version, digest }, text };
    const appliedMs = clock.nowMs();
    if (!isKnown) store.put({ version, digest, text, appliedMs });
    if (isKnown && known.isRecorded) inForce = next;
    else await record(next, { appliedMs, by });
    logger.info('policy in force', { file, version, digest, agents: next.policy.agents.size });
    warn(parsed);
    return next.ref;
  };

  const inTurn = createTurns();
  const reload = (by: string): Promise<PolicyRef> => inTurn(() => apply(readPolicy(file), by));
  const addAgent = (name: AgentName, by: string): Promise<PolicyRef> =>
    inTurn(async () => {
      const text = readPolicy(file);
      const edited = withAgent(parse, file, text, name);
      rewritePolicy(file, edited);
      try {
        return await apply(edited, by);
      } catch (error) {
        if (inForce.text !== edited) rewritePolicy(file, text);
        throw error;
      }
    });

  await reload(latest === undefined ? 'first start' : 'start');

  return {
    decide: (query) => decide(inForce.policy, inForce.ref, query),
    mayCall: (agent, toolName, nowMs) => mayCall(inForce.policy, agent, toolName, nowMs),
    current: () => inForce.ref,
    show: () => ({ text: inForce.text, policy: inForce.ref, file }),
    agents: () => [...inForce.policy.agents.keys()].sort() as AgentName[],
    reload,
    addAgent,
  };
}

/** One change at a time, in the order they were asked for. */
function createTurns(): <T>(change: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return async (change) => {
    if (waiting >= LIMITS.policyChangesWaitingMax) {
      throw new SmcpError('QUEUE_FULL', 'too many changes of the policy are waiting', {
        details: { remedy: 'try again in a moment' },
      });
    }
    waiting += 1;
    const mine = last.then(change);
    last = mine.catch(() => undefined);
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  };
}

function readOwned(file: string): string | undefined {
  return readOwnedFile(file, { bytesMax: LIMITS.policyBytesMax, keptFrom: 'being written', code: 'POLICY_INVALID' });
}

function readPolicy(file: string): string {
  const text = readOwned(file);
  if (text !== undefined) return text;
  throw new SmcpError('POLICY_INVALID', `there is no policy at ${file}`, {
    details: { remedy: 'smcp init writes a first one', findings: [] },
  });
}

/** The file may be one of `--policy`, outside of the home: it stays whose it was. */
function rewritePolicy(file: string, text: string): void {
  try {
    rewriteFile(file, text);
  } catch (cause) {
    throw new SmcpError('POLICY_INVALID', `${file} can't be written: ${systemErrorCode(cause) ?? 'error'}`, {
      cause,
      details: { remedy: 'add the agent by hand, then reload the policy', findings: [] },
    });
  }
}

function withAgent(parse: (text: string) => ParsedPolicy, file: string, text: string, name: AgentName): string {
  const before = parse(text);
  if (before.compiled === undefined) throw invalid(file, before.findings);
  if (before.compiled.policy.agents.has(name)) {
    throw new SmcpError('AGENT_EXISTS', `the policy already has an agent ${name}`, {
      details: { remedy: `give it a token with: smcp agent token ${name}` },
    });
  }
  const edited = addEmptyEntry(text, 'agents', name);
  if (edited === undefined) {
    throw new SmcpError('POLICY_INVALID', `${file} is of a shape that can't be edited without changing more of it`, {
      details: { remedy: `add it by hand, under agents:\n  ${name}: {}`, findings: [] },
    });
  }
  const after = parse(edited);
  if (after.compiled === undefined) throw invalid(file, after.findings);
  return edited;
}

function invalid(file: string, findings: readonly PolicyFinding[]): SmcpError {
  const first = findings[0];
  const where = first === undefined ? '' : `:${first.line}:${first.column}: ${first.message}`;
  const remedy = first?.remedy ?? 'mend the file; smcp policy check tells all that is wrong';
  return new SmcpError('POLICY_INVALID', `${file}${where}`, {
    details: { remedy, findings: findings.map((finding) => ({ ...finding })) },
  });
}
