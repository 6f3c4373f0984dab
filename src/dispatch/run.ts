// One governed run: intent where the tool is not pure, the sandbox, a second try where that is safe, the outcome.

import { narrow } from '#domain/capability.ts';
import type { Allow } from '#domain/decision.ts';
import type { CallOutcome, Receipt, RunOutcome, ToolAnswer } from '#domain/invocation.ts';
import type { RunLimits, Tool } from '#domain/manifest.ts';
import type { BrokerSession, SandboxProfile } from '#domain/ports.ts';
import { inDoubt, refusalAnswer, runAnswer } from './answer.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import { type Admission, type ClosingParts, type ClosingPhase, predicateOf, type Start } from './predicate.ts';

/** A call that was admitted: its tool exists and its arguments fit. */
export type Admitted = Admission & { readonly tool: Tool; readonly argsJson: string };

export type GovernedRun = {
  readonly admitted: Admitted;
  readonly decision: Allow;
  readonly signal: AbortSignal;
  /** Called when the tool has ended, before the outcome is on disk. */
  readonly onRan: () => void;
  readonly close: (phase: ClosingPhase, answer: ToolAnswer, parts: ClosingParts) => Promise<CallOutcome>;
};

/** A run whose process was ended for what may be another call's fault is tried once more, if it can affect nothing. */
const ATTEMPTS_MAX = 2;

export async function runGoverned(ports: DispatcherPorts, run: GovernedRun): Promise<CallOutcome> {
  const { admitted, decision } = run;
  const { tool } = admitted;
  let profile: SandboxProfile;
  try {
    profile = ports.runtime.profile(tool.plugin);
  } catch (thrown) {
    return run.close('cancelled', refusalAnswer(thrown), { decision });
  }
  const start: Start = {
    decision,
    profile,
    capabilities: narrow(tool.capabilities, decision.capabilities),
    limits: boundedBy(tool.limits, decision.timeoutMs),
    startedMs: ports.clock.nowMs(),
  };
  let intent: Receipt | undefined;
  if (tool.effect !== 'pure') {
    intent = await ports.log.append({
      kind: 'invocation',
      predicate: predicateOf('intent', admitted, { start }),
      args: admitted.request.args,
    });
  }
  for (let attempt = 1; ; attempt += 1) {
    const session = openSession(ports, run, start);
    const outcome = await runOnce(ports, run, { start, session });
    if (outcome.kind === 'lost' && tool.effect === 'pure' && attempt < ATTEMPTS_MAX) continue;
    run.onRan();
    const isInDoubt = tool.effect !== 'pure' && !isEffectKnown(outcome);
    const answer = runAnswer(tool, outcome, run.signal.reason);
    return run.close(isInDoubt ? 'unknown' : 'outcome', isInDoubt ? inDoubt(answer) : answer, {
      attempt,
      start,
      intent,
      usage: outcome.usage,
      used: session.used(),
    });
  }
}

/** Whether it is known what a tool that is not pure changed: the host saw its end, or it never began. */
function isEffectKnown(outcome: RunOutcome): boolean {
  switch (outcome.kind) {
    case 'returned':
      return true;
    case 'lost':
      return false;
    case 'failed':
    case 'cancelled':
      return outcome.effect === 'known';
  }
}

function openSession({ broker }: DispatcherPorts, { admitted }: GovernedRun, start: Start): BrokerSession {
  const { request, tool, invocation } = admitted;
  return broker.open({
    plugin: tool.plugin.name,
    tool: tool.name,
    agent: request.agent,
    invocation,
    capabilities: start.capabilities,
    hostCallsMax: start.limits.hostCalls,
    ...(request.onProgress === undefined ? {} : { onProgress: request.onProgress }),
  });
}

async function runOnce(
  { runtime, clock, logger }: DispatcherPorts,
  { admitted, signal }: GovernedRun,
  { start, session }: { readonly start: Start; readonly session: BrokerSession },
): Promise<RunOutcome> {
  try {
    return await runtime.run({
      plugin: admitted.tool.plugin,
      tool: admitted.tool,
      agent: admitted.request.agent,
      invocation: admitted.invocation,
      argsJson: admitted.argsJson,
      limits: start.limits,
      capabilities: start.capabilities,
      signal,
      onHostCall: session.handle,
    });
  } catch (thrown) {
    // The runtime resolves in every case, so this is a bug of ours; whether the tool ran is unknown.
    logger.error('the runtime threw', { invocation: admitted.invocation, error: String(thrown) });
    return { kind: 'lost', usage: { cpuMs: 0, wallMs: clock.nowMs() - start.startedMs, heapBytesPeak: 0 } };
  }
}

function boundedBy(limits: RunLimits, timeoutMs: number | undefined): RunLimits {
  return timeoutMs === undefined || timeoutMs >= limits.timeoutMs ? limits : { ...limits, timeoutMs };
}
