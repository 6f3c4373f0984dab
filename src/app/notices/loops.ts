// Agents that repeat themselves, as the records of their refused calls say it: no other part has to know that people are told.

import { LIMITS } from '#base/limits.ts';
import type { NoticeBound, NoticeTeller } from '#domain/notify-ports.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { RecordDraft } from '#domain/record.ts';
import { type Loop, loopBound, loopNotice, shown } from './texts.ts';

/** The same log. People are told of a loop once its record is on disk: once for each agent and tool in a while. */
export function toldLog<Log extends RecordLog>(log: Log, { tell }: NoticeTeller): Log {
  return {
    ...log,
    append: async (draft) => {
      const receipt = await log.append(draft);
      const loop = loopOf(draft);
      if (loop !== undefined) tell(loopNotice(loop), loopBound(loop), boundOf(loop.agent));
      return receipt;
    },
  };
}

/** Of a call that the loop breaker stopped. */
function loopOf(draft: RecordDraft): Loop | undefined {
  if (draft.kind !== 'invocation') return undefined;
  const { agent, tool, invocation, policy } = draft.predicate;
  if (policy.limit?.unit !== 'repeats') return undefined;
  const { limit, perMs } = policy.limit;
  return { agent, tool: tool.name, invocation, limit, ...(perMs === undefined ? {} : { perMs }) };
}

/** An agent that loops through many tools is one agent. */
function boundOf(agent: string): NoticeBound {
  return {
    key: `loops ${agent}`,
    countMax: LIMITS.notifyPerAgentMax,
    more: (count) => {
      const title = `SMCP: ${shown(agent)} repeats itself with ${count} more tools`;
      const look = `smcp freeze --agent ${agent}`;
      return {
        ...{ kind: 'loop', subject: `${count} more loops of ${agent}`, title, lines: [], look },
        body: { kind: 'loop', event: 'more', agent, count, title, lines: [], look },
      };
    },
  };
}
