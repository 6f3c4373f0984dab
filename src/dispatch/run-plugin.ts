// One governed run of a plugin's tool: intent where the tool is not pure, the sandbox, a second try where that is safe, the
// outcome.

import { inDoubt, refusalAnswer, runAnswer } from '#domain/answer.ts';
import type { CallOutcome, RunOutcome, Usage } from '#domain/invocation.ts';
import type { PluginTool, RunLimits } from '#domain/manifest.ts';
import { narrow } from '#domain/narrow.ts';
import type { BrokerSession, SandboxProfile } from '#domain/sandbox-ports.ts';
import { createRunCost, type RunCost } from './cost-report.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import { announce, type GovernedRun } from './governed-run.ts';
import { createHostCallsOfRun } from './host-calls.ts';
import { keptTranscript } from './kept-transcript.ts';
import { createLabelGuard } from './label-guard.ts';
import type { Confined, Start } from './predicate.ts';
import { maskOutcome, openSecrets, type RunSecrets, usedLines } from './run-secrets.ts';

/**
 * A run whose warden was ended for what may be another call's fault is tried once more, if it can affect nothing. A restricted
 * child serves one call: nothing of another's ends it, and what it has begun is not begun again.
 */
const ATTEMPTS_MAX = 2;

export async function runPluginTool(ports: DispatcherPorts, run: GovernedRun<PluginTool>): Promise<CallOutcome> {
  const { admitted, decision, startedMs } = run;
  const { tool } = admitted;
  const capabilities = narrow(tool.capabilities, decision.capabilities);
  let profile: SandboxProfile;
  let secrets: RunSecrets | undefined;
  try {
    profile = ports.runtime.profile(tool.plugin, capabilities);
    secrets = await openSecrets(ports, capabilities, profile);
  } catch (thrown) {
    return run.close('cancelled', refusalAnswer(thrown), { decision });
  }
  const limits = boundedBy(boundedBy(tool.limits, decision.timeoutMs), run.msLeft());
  const confined: Confined = { profile, capabilities, limits };
  const start: Start = { decision, startedMs, confined };
  const intent = await announce(ports, run, start);
  run.onBegin(limits.timeoutMs);
  const cost = createRunCost(tool);
  const isHarmless = tool.effect === 'pure' && profile.tier === 'isolate';
  for (let attempt = 1; ; attempt += 1) {
    const session = openSession(ports, run, { confined, secrets, cost });
    const ended = await runOnce(ports, run, { start, confined, session, secrets });
    const outcome = maskOutcome(ended, secrets?.given.mask());
    if (outcome !== ended) {
      ports.logger.warn('a secret was masked in what a plugin returned', {
        ...{ plugin: tool.plugin.name, tool: tool.name, invocation: admitted.invocation },
      });
    }
    if (outcome.kind === 'lost' && isHarmless && attempt < ATTEMPTS_MAX) continue;
    run.onRan();
    const isInDoubt = tool.effect !== 'pure' && !isEffectKnown(outcome);
    const answer = runAnswer(tool, outcome, run.signal.reason);
    return run.close(isInDoubt ? 'unknown' : 'outcome', isInDoubt ? inDoubt(answer) : answer, {
      attempt,
      start,
      intent,
      usage: withCost(outcome, cost),
      used: usedLines(session.used(), secrets),
      ...keptTranscript(profile, session, admitted),
      hasDoneNothing: outcome.kind === 'cancelled' && (isHarmless || neverBegan(tool, outcome)),
    });
  }
}

/** Whether what was cancelled is known to have done nothing. Of what is not pure the intent stands: its key stays taken. */
function neverBegan({ effect }: PluginTool, outcome: RunOutcome): boolean {
  return effect === 'pure' && isEffectKnown(outcome);
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

function withCost(outcome: RunOutcome, cost: RunCost): Usage {
  const costMicros = cost.of(outcome);
  return { ...outcome.usage, ...(costMicros === undefined ? {} : { costMicros }) };
}

function openSession(
  ports: DispatcherPorts,
  run: GovernedRun<PluginTool>,
  {
    confined: { capabilities, limits },
    secrets,
    cost,
  }: { readonly confined: Confined; readonly secrets: RunSecrets | undefined; readonly cost: RunCost },
): BrokerSession {
  const { admitted, decision } = run;
  const { request, tool, invocation } = admitted;
  return ports.broker.open({
    plugin: tool.plugin.name,
    tool: tool.name,
    agent: request.agent,
    invocation,
    capabilities,
    hostCallsMax: limits.hostCalls,
    labels: createLabelGuard(ports, run),
    cost,
    ...(secrets === undefined ? {} : { secrets: secrets.given }),
    ...(decision.workspace === undefined ? {} : { workspace: decision.workspace }),
    ...(request.onProgress === undefined ? {} : { onProgress: request.onProgress }),
  });
}

type Running = {
  readonly start: Start;
  readonly confined: Confined;
  readonly session: BrokerSession;
  readonly secrets: RunSecrets | undefined;
};

/** When it resolves, what the tool began by host calls has ended too. */
async function runOnce(
  { runtime, clock, logger }: DispatcherPorts,
  { admitted, signal }: GovernedRun<PluginTool>,
  { start, confined, session, secrets }: Running,
): Promise<RunOutcome> {
  const hostCalls = createHostCallsOfRun({ logger }, session.handle, signal);
  try {
    return await runtime.run({
      plugin: admitted.tool.plugin,
      tool: admitted.tool,
      agent: admitted.request.agent,
      invocation: admitted.invocation,
      argsJson: admitted.argsJson,
      limits: confined.limits,
      capabilities: confined.capabilities,
      signal,
      ...(secrets === undefined ? {} : { secrets: { environment: secrets.environment, mask: secrets.given.mask } }),
      onHostCall: hostCalls.handle,
      traffic: session.traffic,
    });
  } catch (thrown) {
    // The runtime resolves in every case, so this is a bug of ours; whether the tool ran is unknown.
    logger.error('the runtime threw', { invocation: admitted.invocation, error: String(thrown) });
    return { kind: 'lost', usage: { cpuMs: 0, wallMs: clock.nowMs() - start.startedMs, heapBytesPeak: 0 } };
  } finally {
    await hostCalls.end();
  }
}

function boundedBy(limits: RunLimits, timeoutMs: number | undefined): RunLimits {
  return timeoutMs === undefined || timeoutMs >= limits.timeoutMs ? limits : { ...limits, timeoutMs };
}
