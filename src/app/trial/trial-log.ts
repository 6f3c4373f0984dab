// The log as the dispatcher has it: while the doors are tried, before any is open, denials of the trial are kept here in the log's
// place, and nothing else can be recorded, so that nothing can begin. That ends for good before anybody else can come.

import { SmcpError } from '#base/errors.ts';
import type { AgentName } from '#domain/agent.ts';
import type { Receipt } from '#domain/invocation.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { InvocationPredicate, RecordDraft } from '#domain/record.ts';

/** What a receipt of the trial says: no record has this leaf. */
const NO_LEAF = Buffer.alloc(32).toString('base64');

/** `denials`: what would have been recorded, in the order in which it was. */
export type Trial = Disposable & { readonly denials: () => readonly InvocationPredicate[] };

export type TrialLog<Log extends RecordLog> = {
  readonly log: Log;
  /**
   * From now on, until it is disposed of, calls of `agent` that are denied are given a receipt of nothing; any other record is refused
   * (`LOG_UNAVAILABLE`). Once, and before the first record only.
   */
  readonly begin: (agent: AgentName) => Trial;
  /** False while it lasts. */
  readonly isOver: () => boolean;
};

type State =
  | { readonly kind: 'new' }
  | { readonly kind: 'tried'; readonly agent: AgentName; readonly denials: InvocationPredicate[] }
  | { readonly kind: 'used' };

export function createTrialLog<Log extends RecordLog>(log: Log): TrialLog<Log> {
  let state: State = { kind: 'new' };
  const keep = (agent: AgentName, denials: InvocationPredicate[], draft: RecordDraft): Receipt => {
    if (draft.kind !== 'invocation' || draft.predicate.phase !== 'denied' || draft.predicate.agent !== agent) {
      throw new SmcpError('LOG_UNAVAILABLE', 'nothing is recorded before the doors were tried', {
        details: { remedy: 'try again when the server is ready' },
      });
    }
    denials.push(draft.predicate);
    return { index: denials.length - 1, leaf: NO_LEAF };
  };
  return {
    isOver: () => state.kind !== 'tried',
    log: {
      ...log,
      append: async (draft) => {
        if (state.kind === 'tried') return keep(state.agent, state.denials, draft);
        state = { kind: 'used' };
        return log.append(draft);
      },
    },
    begin: (agent) => {
      if (state.kind !== 'new')
        throw new SmcpError('INTERNAL', 'doors are tried before anything is recorded, and once');
      const denials: InvocationPredicate[] = [];
      state = { kind: 'tried', agent, denials };
      return {
        denials: () => denials,
        [Symbol.dispose]: () => {
          state = { kind: 'used' };
        },
      };
    },
  };
}
