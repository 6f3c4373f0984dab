// A policy in force, a log and a review of both: the real service, thread, store and record log in a folder of its own. Calls are
// decided by the service and recorded as a dispatcher does; nothing runs.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import { rfc3339 } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import type { ExactJsonObject } from '#base/exact-json.ts';
import { silentLogger } from '#base/log.ts';
import type { AgentName } from '#domain/agent.ts';
import type { InvocationPredicate } from '#domain/record.ts';
import { createPolicyService } from '#policy/policy-service.ts';
import { createPolicyThread } from '#policy/policy-thread.ts';
import type { ReviewableTool } from '#policy/review/known-tools.ts';
import { createPolicyReview } from '#policy/review/review.ts';
import { NOW_MS } from '#test/policy/policies.ts';
import { person } from '#test/policy/service-world.ts';
import { openHome, predicateOf } from '#test/provenance/fixture.ts';

export const DAY_MS = 86_400_000;

const schema = { type: 'object', properties: { n: { type: 'integer' }, to: { type: 'string' } } };
/** What is served. */
export const TOOLS: readonly ReviewableTool[] = [
  ...['demo_math__add', 'demo_text__echo', 'files__delete'].map((name) => ({
    ...{ name, inputSchema: schema, kind: 'plugin' as const },
    capabilities: name === 'files__delete' ? { files: [{ path: 'workspace', access: 'write' as const }] } : {},
  })),
  { name: 'smcp__status', inputSchema: schema, kind: 'admin', isForPeople: false },
  { name: 'smcp__unfreeze', inputSchema: schema, kind: 'admin', isForPeople: true },
];

const thread = createPolicyThread();
afterAll(() => thread.close());
const opened: { readonly close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close();
});

/** A call as it is recorded. */
export type TestCall = {
  readonly agent?: string;
  readonly tool: string;
  readonly args?: ExactJsonObject;
  /** As if they had been erased, or were too many. */
  readonly withoutArgs?: boolean;
  /** How a call ends that was allowed. */
  readonly phase?: 'outcome' | 'cancelled' | 'unknown' | 'replayed';
  /** A person approved it, where one is to be asked. */
  readonly isApproved?: boolean;
  readonly parts?: Partial<InvocationPredicate>;
};

/** `text`: the policy that is in force first. It is ended after the test. */
export async function openReviewWorld(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'smcp-review-'));
  const state = { nowMs: NOW_MS, tools: TOOLS };
  const clock = { nowMs: () => state.nowMs, monotonicMs: () => performance.now() };
  const home = await openHome(join(folder, 'home'), { clock });
  const file = join(folder, 'policy.yaml');
  writeFileSync(file, text, { mode: 0o600 });
  const policy = await createPolicyService(
    {
      store: home.store.policies,
      counters: home.store.counters,
      recordLog: home.log,
      catalog: () => TOOLS,
      thread,
      clock,
      logger: silentLogger,
    },
    { file, apply: () => 'manual' },
  );
  const review = createPolicyReview({ policy, records: home.log, catalog: () => state.tools, thread, clock });

  /** Decides and records; gives what was decided. */
  const call = async ({ agent = 'athena', tool, args = {}, phase = 'outcome', ...more }: TestCall) => {
    const inputSchema = TOOLS.find(({ name }) => name === tool)?.inputSchema;
    const session = more.parts?.session;
    const decision = policy.decide({
      agent: agent as AgentName,
      tool: { name: tool, ...(inputSchema === undefined ? {} : { inputSchema }) },
      args,
      nowMs: state.nowMs,
      ...(session === undefined ? {} : { session }),
    });
    const time = rfc3339(state.nowMs);
    const isAllowed = decision.kind === 'allow' || (decision.kind === 'ask' && more.isApproved === true);
    const predicate = predicateOf(isAllowed ? phase : 'denied', {
      agent,
      tool: inputSchema === undefined ? { name: tool } : { ...predicateOf('denied').tool, effect: 'pure', name: tool },
      policy: {
        ...{ ...decision.policy, decision: decision.kind, rule: decision.rule },
        ...(decision.shadow === undefined ? {} : { shadow: decision.shadow }),
      },
      time: { received: time, ...(isAllowed ? { started: time } : {}), ended: time },
      ...more.parts,
    });
    await home.log.append({
      ...{ kind: 'invocation', predicate, result: { ok: isAllowed } },
      ...(more.withoutArgs === true ? {} : { args }),
    });
    return { decision, invocation: predicate.invocation };
  };
  const world = {
    ...{ policy, review, call, state, log: home.log, store: home.store, folder },
    apply: (next: string) => policy.apply(next, person('ana')),
    /** A call that no policy was asked about. */
    undecided: () =>
      home.log.append({
        kind: 'invocation',
        predicate: predicateOf('denied', {
          policy: { version: 1, digest: sha256('x') },
          time: { received: rfc3339(state.nowMs), ended: rfc3339(state.nowMs) },
        }),
        args: {},
      }),
    close: async () => {
      await policy.close();
      await home.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  opened.push(world);
  return world;
}

export type ReviewWorld = Awaited<ReturnType<typeof openReviewWorld>>;
