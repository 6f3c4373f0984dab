// The policy in force and everything that is done with it: decides, follows the file, applies it whole or not at all, keeps
// and records every version. Made once by app.ts. Trusts the file only as far as its owner and mode allow.

import type { AgentName } from '#domain/agent.ts';
import type { PolicyRef } from '#domain/decision.ts';
import type { ApproverPolicy, PolicyAdmin, PolicyAuthor, PolicyDecider, PolicyDiff } from '#domain/policy-ports.ts';
import { createPolicyChanges } from './changes.ts';
import { createCounters } from './counters.ts';
import { decide, mayCall } from './decide.ts';
import { followFile } from './file-follower.ts';
import { createHistory } from './history.ts';
import { createPolicyInForce } from './in-force.ts';
import { mightCall } from './might-call.ts';
import { createPolicyFile } from './policy-file.ts';
import type { PolicyOptions, PolicyPorts } from './policy-ports.ts';
import { createPolicyJudge } from './policy-thread.ts';
import { withShadows } from './shadow.ts';
import { given } from './thread-work.ts';
import { createTurns } from './turns.ts';

export type PolicyService = PolicyDecider &
  ApproverPolicy &
  PolicyAdmin & {
    /** How edits of the file count has changed: looks at it once more. */
    readonly lookAgain: () => void;
    /** Follows the file no more, takes no more changes, and resolves when none is under way. It still decides. */
    readonly close: () => Promise<void>;
  };

/**
 * Applies the file and resolves with the service; with `apply: 'manual'` what was in force last, unless there is none. A text
 * that was in force last keeps its version and is not recorded again.
 *
 * **Durability:** when it resolves, the version and its record are on disk; the same holds for each change.
 * @throws `POLICY_INVALID` with `details.findings` · `POLICY_UNCHECKED` when the thread that checks does not start, or a bound is
 * reached · `HOME_UNSAFE` · `LOG_UNAVAILABLE`; nothing is then in force.
 */
export async function createPolicyService(ports: PolicyPorts, options: PolicyOptions): Promise<PolicyService> {
  const { store, logger } = ports;
  const mode = {
    get isManual() {
      return options.apply() === 'manual';
    },
  };
  const judge = createPolicyJudge(ports);
  const file = createPolicyFile(options.file);
  const inForce = createPolicyInForce(ports);
  const { current } = inForce;
  const counters = createCounters(ports.counters, { nowMs: () => inForce.latestMs(ports.clock.nowMs()) });
  const history = createHistory(store, () => current().ref.version);
  const turns = createTurns();
  const changes = createPolicyChanges({ ...ports, judge, file, inForce, history }, mode);
  try {
    await turns.inTurn(changes.start);
  } catch (thrown) {
    inForce.close();
    throw thrown;
  }
  const follower = followFile({ file, judge, turns, changes, digestInForce: () => current().ref.digest, logger }, mode);

  /** Every change but the file's own: after it the file holds what is in force. */
  const change = (run: () => Promise<PolicyRef>): Promise<PolicyRef> =>
    turns.inTurn(async () => {
      const ref = await run();
      follower.applied();
      return ref;
    });
  const reload = (author: PolicyAuthor) =>
    change(async () => {
      try {
        return await changes.applyFile(author);
      } catch (thrown) {
        follower.failed(thrown);
        throw thrown;
      }
    });
  const diff = async (other: string | undefined): Promise<PolicyDiff> => {
    const { text: inForceText, ref } = current();
    const next = other === undefined ? { text: file.read(), name: file.path } : given(other);
    const labels = { from: `version ${ref.version}`, to: other === undefined ? 'the file' : 'given' };
    const { digest, text, widenings } = await judge.compare({ ...next, inForce: inForceText, labels });
    return { from: ref, to: digest, text, widenings };
  };
  return {
    decide: (query) => {
      const { policy, ref } = current();
      const asked = { ...query, latestMs: inForce.latestMs(query.nowMs) };
      const decision = decide(policy, ref, asked, query.stage === 'under-way' ? {} : { usage: counters.usage });
      return withShadows(policy, query, decision, () => decide(policy, ref, asked));
    },
    take: counters.take,
    mayCall: (agent, toolName, nowMs) =>
      mayCall(current().policy, agent, toolName, { nowMs, latestMs: inForce.latestMs(nowMs) }),
    // By the clock of now: one that was set back gives more time to those who might approve, and so takes it from what they ask.
    mightCall: (agent, toolName, nowMs) => mightCall(current().policy, agent, toolName, nowMs),
    current: () => current().ref,
    onChange: inForce.onChange,
    show: () => ({ text: current().text, policy: current().ref, file: file.path, fileState: follower.state() }),
    agents: () => [...current().policy.agents.keys()].sort() as AgentName[],
    people: () => current().policy.people ?? new Map(),
    required: () => current().policy.required ?? new Set(),
    reload,
    apply: (text, author) => (text === undefined ? reload(author) : change(() => changes.applyText(text, author))),
    addAgent: (name, author) => change(() => changes.addAgent(name, author)),
    rollback: (version, author) => change(() => changes.rollback(version, author)),
    check: async (text) => judge.check(text ?? file.read()),
    diff,
    history: history.list,
    version: history.version,
    lookAgain: follower.lookAgain,
    close: async () => {
      follower.close();
      await turns.close();
      inForce.close();
    },
  };
}
