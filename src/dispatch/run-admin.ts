// One governed run of an admin tool: its intent, the operation in the host, its outcome. Once it has begun it is not cut
// short: an operation is done whole or refused whole.

import { asSmcpError } from '#base/errors.ts';
import type { CallOutcome, ToolAnswer } from '#domain/invocation.ts';
import type { AdminTool } from '#domain/tool.ts';
import { errorAnswer, refusalAnswer } from './answer.ts';
import type { DispatcherPorts } from './dispatcher-ports.ts';
import { announce, type GovernedRun } from './governed-run.ts';

export async function runAdminTool(ports: DispatcherPorts, run: GovernedRun<AdminTool>): Promise<CallOutcome> {
  const { admitted, decision, signal } = run;
  const { tool, request } = admitted;
  const start = { decision, startedMs: ports.clock.nowMs() };
  const intent = await announce(ports, run, start);
  let answer: ToolAnswer;
  if (signal.aborted) answer = refusalAnswer(asSmcpError(signal.reason));
  else {
    try {
      answer = await ports.adminTools.run({ tool, args: request.args, agent: request.agent });
    } catch (thrown) {
      // It resolves in every case, so this is a bug of ours.
      ports.logger.error('an admin tool threw', { tool: tool.name, error: String(thrown) });
      answer = errorAnswer({ code: 'INTERNAL', message: 'internal error' });
    }
  }
  run.onRan();
  return run.close('outcome', answer, { start, intent });
}
