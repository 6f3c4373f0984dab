// One governed run of an admin tool: its intent, the operation in the host, its outcome. Once it has begun it is not cut
// short: an operation is done whole or refused whole. What stops something is done first and recorded then.

import { asSmcpError } from '#base/errors.ts';
import { roundedJson } from '#base/exact-json.ts';
import { heldToken } from '#domain/agent.ts';
import { errorAnswer, refusalAnswer } from '#domain/answer.ts';
import type { CallOutcome, ToolAnswer } from '#domain/invocation.ts';
import { unrecordedStop } from '#domain/stop.ts';
import type { AdminTool } from '#domain/tool.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import { announce, type GovernedRun } from './governed-run.ts';

export async function runAdminTool(ports: DispatcherPorts, run: GovernedRun<AdminTool>): Promise<CallOutcome> {
  const { tool } = run.admitted;
  const start = { decision: run.decision, startedMs: run.startedMs };
  const announced = announce(ports, run, start);
  if (!tool.isStop) {
    const intent = await announced;
    const answer = await carryOut(ports, run);
    run.onRan();
    return run.close('outcome', answer, { start, intent });
  }
  const [intent, answer] = await Promise.all([Promise.allSettled([announced]), stopFirst(ports, run)]);
  try {
    if (intent[0].status === 'rejected') throw intent[0].reason;
    return await run.close('outcome', answer, { start, intent: intent[0].value });
  } catch (thrown) {
    throw answer.kind === 'value' ? unrecordedStop(thrown) : thrown;
  }
}

async function stopFirst(ports: DispatcherPorts, run: GovernedRun<AdminTool>): Promise<ToolAnswer> {
  const answer = await carryOut(ports, run);
  run.onRan();
  return answer;
}

async function carryOut(ports: DispatcherPorts, { admitted, signal }: GovernedRun<AdminTool>): Promise<ToolAnswer> {
  if (signal.aborted) return refusalAnswer(asSmcpError(signal.reason));
  const { tool, request, args } = admitted;
  try {
    // Of a number that no double holds the call was refused.
    const { agent, token } = request;
    const held = token === undefined ? {} : { token: heldToken(token) };
    return await ports.adminTools.run({ tool, args: roundedJson(args), agent, ...held });
  } catch (thrown) {
    // It resolves in every case, so this is a bug of ours.
    ports.logger.error('an admin tool threw', { tool: tool.name, error: String(thrown) });
    return errorAnswer({ code: 'INTERNAL', message: 'internal error' });
  }
}
