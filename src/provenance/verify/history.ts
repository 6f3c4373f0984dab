// What the records must say of each other: a log opened once, intents closed once, policies and plugins that were in
// force. Fed in order of index; keeps the identifiers of all invocations.

import { hash } from 'node:crypto';
import { canonicalJson } from '#base/canonical-json.ts';
import type { Json } from '#base/json.ts';
import { NO_POLICY } from '#domain/decision.ts';
import type { Receipt } from '#domain/invocation.ts';
import { type InvocationPredicate, PREDICATE_TYPES } from '#domain/record.ts';
import type { LogKey } from '#provenance/log-key.ts';
import { createApprovalHistory } from './approval-history.ts';
import { invocationOf, type Statement } from './statement.ts';

/** What the first record says. */
export type Opened = { readonly origin: string; readonly keys: readonly LogKey[] };

/** The first record's own words; undefined when it opens no log. Its statement fits the schema. */
export function openedOf(statement: Statement): Opened | undefined {
  if (statement.predicateType !== PREDICATE_TYPES.opened) return undefined;
  return statement.predicate as unknown as Opened;
}

export type History = {
  /** What is wrong with this record after those before it; undefined when nothing is. */
  readonly next: (record: {
    readonly index: number;
    readonly leaf: string;
    readonly statement: Statement;
  }) => string | undefined;
  readonly openIntents: () => number;
};

type Intent = {
  readonly index: number;
  readonly leaf: string;
  readonly args: string | undefined;
  readonly call: string;
};

export function createHistory(): History {
  const open = new Map<string, Intent>();
  const closed = new Set<string>();
  const plugins = new Set<string>();
  /** Digests of what a replay may point at: index, leaf, agent and tool of each record that ended a call. */
  const answers = new Set<string>();
  const approvals = createApprovalHistory();
  let inForce = policyKey(NO_POLICY);
  const policies = new Set([inForce]);

  function invocation(predicate: InvocationPredicate, { index, leaf, statement }: Parameters<History['next']>[0]) {
    const wrong =
      subjectsProblem(predicate, statement) ??
      policyProblem(predicate) ??
      pluginProblem(predicate) ??
      approvals.problem(predicate) ??
      replayProblem(predicate);
    if (wrong !== undefined) return wrong;
    const id = predicate.invocation;
    if (closed.has(id)) return `invocation ${id} was closed before`;
    const args = statement.subjects.get('args');
    const intent = open.get(id);
    if (predicate.phase === 'intent') {
      if (intent !== undefined) return `invocation ${id} was announced before`;
      open.set(id, { index, leaf, args, call: callOf(predicate) });
      return undefined;
    }
    const problem = closingProblem(predicate, { intent, args });
    if (problem !== undefined) return problem;
    open.delete(id);
    closed.add(id);
    if (predicate.phase !== 'replayed') answers.add(answerKey({ index, leaf }, predicate));
    return undefined;
  }

  function policyProblem({ phase, policy }: InvocationPredicate): string | undefined {
    const key = policyKey(policy);
    if (!policies.has(key)) return `policy ${policy.version} with this digest was not applied before`;
    // What was decided at the start of a run may be older than the record of its end.
    const isOfNow = policy.decision === undefined || phase === 'intent' || phase === 'denied';
    if (isOfNow && key !== inForce) return `policy ${policy.version} was not the one in force`;
    return undefined;
  }

  function replayProblem({ replayOf, ...predicate }: InvocationPredicate): string | undefined {
    if (replayOf === undefined || answers.has(answerKey(replayOf, predicate))) return undefined;
    return 'the record whose answer it gives again ends no call of this agent and tool';
  }

  function pluginProblem({ tool }: InvocationPredicate): string | undefined {
    if (tool.package === undefined) return undefined;
    return plugins.has(pluginKey({ ...tool, name: tool.plugin }))
      ? undefined
      : `the code of ${tool.name} was not installed before`;
  }

  return {
    openIntents: () => open.size,
    next: (record) => {
      const { index, statement } = record;
      if ((index === 0) !== (statement.predicateType === PREDICATE_TYPES.opened)) {
        return index === 0 ? 'the first record does not open the log' : 'a log is opened once';
      }
      const predicate = invocationOf(statement);
      if (predicate !== undefined) return invocation(predicate, record);
      if (statement.predicateType === PREDICATE_TYPES.policy) {
        inForce = policyKey(statement.predicate);
        policies.add(inForce);
      }
      if (statement.predicateType === PREDICATE_TYPES.approval) return approvals.decided(statement, record);
      if (statement.predicateType === PREDICATE_TYPES.act) return approvals.actProblem(statement);
      if (statement.predicateType === PREDICATE_TYPES.person) return approvals.personChanged(statement, record);
      if (statement.predicateType === PREDICATE_TYPES.plugin) plugins.add(pluginKey(statement.predicate));
      return undefined;
    },
  };
}

function closingProblem(
  predicate: InvocationPredicate,
  { intent, args }: { readonly intent: Intent | undefined; readonly args: string | undefined },
): string | undefined {
  const { phase, intent: named, tool } = predicate;
  if (named === undefined) {
    if (intent !== undefined) return `the record does not name the intent ${intent.index} that it closes`;
    if (phase === 'unknown') return 'an unknown end without an intent';
    if (phase === 'outcome' && tool.effect !== 'pure')
      return 'an outcome of a tool that is not pure, without its intent';
    return undefined;
  }
  if (intent?.index !== named.index || intent.leaf !== named.leaf) return 'the intent that it names is not open';
  if (intent.args !== args) return 'its arguments are not those of its intent';
  if (intent.call !== callOf(predicate))
    return 'its agent or tool, or what was changed in its arguments, is not that of its intent';
  return undefined;
}

/** Who calls what, and how its arguments came to be: the same in an intent and in what closes it. */
function callOf({ agent, tool, normalised, policy }: InvocationPredicate): string {
  return canonicalJson({ agent, tool, normalised: normalised ?? [], policy } as unknown as Json);
}

/** What is wrong with whom or what an invocation's record says it is about. Without arguments and result: its invocation. */
export function subjectsProblem(
  { invocation, phase }: InvocationPredicate,
  { subjects }: Statement,
): string | undefined {
  const own = subjects.get('invocation');
  if (own !== undefined && own !== hash('sha256', invocation, 'hex')) return 'its subject is not its invocation';
  if (phase !== 'intent') return undefined;
  if (subjects.has('result')) return 'an intent has no result';
  return subjects.has('transcript') ? 'an intent has no transcript' : undefined;
}

/** One text of a fixed length: a log may have millions of answers. */
function answerKey({ index, leaf }: Receipt, { agent, tool }: Pick<InvocationPredicate, 'agent' | 'tool'>): string {
  return hash('sha256', canonicalJson([index, leaf, agent, tool.name]), 'base64');
}

function policyKey(policy: { readonly [key: string]: unknown }): string {
  return `${policy['version']} ${policy['digest']}`;
}

function pluginKey(plugin: { readonly [key: string]: unknown }): string {
  return [plugin['name'], plugin['version'], plugin['package'], plugin['manifest']].join(' ');
}
