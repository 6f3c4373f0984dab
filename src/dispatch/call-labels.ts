// The labels of one call: what was seen before it, what it reads while it runs, what its result carries. They are joined to those of its
// agent before anybody can act on what was read. One per call; the dispatcher's parts share it. **Trust:** which places are read is a
// guest's choice.

import type { Clock } from '#base/clock.ts';
import type { Allow } from '#domain/decision.ts';
import type { CallRequest } from '#domain/invocation.ts';
import type { LabelBook, LabelSubject, LabelsSeen } from '#domain/label-ports.ts';
import { joinSeen, labelsGiven, namesOf, type SeenLabel, union } from '#domain/labels.ts';
import type { Tool } from '#domain/tool.ts';

export type CallLabels = {
  /** What its agent has seen by now, and what the calls above it have. */
  readonly seen: () => LabelsSeen;
  /** As it was when its turn came, in every session: what it was let begin with. */
  readonly atTurn: () => LabelsSeen;
  /** Its turn has come: its result is on its way to its agent. In the turn of its decision. **Durability:** on disk when it returns. */
  readonly begin: (decision: Pick<Allow, 'labels' | 'capabilities'>, tool: Tool) => void;
  /** An answer that was given before is given again, with what it carried then. */
  readonly repeat: (labels: readonly string[], tool: Tool) => void;
  /** It has read something, or a call of its own has. */
  readonly acquire: (labels: readonly SeenLabel[]) => void;
  /** What it read since its turn came, beside what was seen before; `[]`: nothing new. */
  readonly acquired: () => readonly SeenLabel[];
  /** What it knows: what counted when its turn came, and what it has read. */
  readonly known: () => readonly SeenLabel[];
  /** What it writes down carries: what it knows, and what its own doings bring. */
  readonly written: () => readonly SeenLabel[];
  /** Its answer is about to leave: a person may have cleared them meanwhile. **Durability:** on disk when it returns. */
  readonly settle: () => void;
  /** Names of what its result carries. Sorted. */
  readonly carried: () => readonly string[];
};

export type CallLabelPorts = { readonly labels: LabelBook; readonly clock: Clock };

/** @param above of the call whose tool makes this one. */
export function createCallLabels(
  { labels: book, clock }: CallLabelPorts,
  { request, invocation }: { readonly request: CallRequest; readonly invocation: string },
  above: CallLabels | undefined,
): CallLabels {
  const { agent, tool } = request;
  const session = sessionOf(request);
  const subject: LabelSubject = { agent, ...(session === '' ? {} : { session }) };
  let counted: readonly SeenLabel[] = [];
  let before: LabelsSeen = { agent: [], session: [] };
  let own: readonly SeenLabel[] = [];
  let read: readonly SeenLabel[] = [];

  const brought = (names: readonly string[]): readonly SeenLabel[] => {
    const sinceMs = clock.nowMs();
    return names.map((label) => ({ label, agent, session, invocation, tool, sinceMs }));
  };
  const join = (labels: readonly SeenLabel[]): void => {
    if (labels.length === 0) return;
    above?.acquire(labels);
    book.join(subject, labels);
  };
  const seen = (): LabelsSeen => {
    const present = book.seen(subject);
    const inherited = above?.written() ?? [];
    return { agent: joinSeen(present.agent, inherited), session: joinSeen(present.session, inherited) };
  };
  const carries = (names: readonly string[], called: Tool): void => {
    const shown = called.kind === 'admin' && called.showsCalls ? namesOf(book.everything()) : [];
    own = brought(union(names, shown));
    join(own);
  };
  return {
    seen,
    atTurn: () => before,
    begin: ({ labels, capabilities }, called) => {
      before = seen();
      counted = labels?.seen ?? before.agent;
      const { labels: given = [] } = labelsGiven(called, capabilities);
      carries(union(labels?.carries ?? [], given), called);
    },
    repeat: (names, called) => carries(union(names, called.labels ?? []), called),
    acquire: (labels) => {
      read = joinSeen(read, labels);
      join(labels);
    },
    acquired: () => read.filter(({ label }) => !counted.some((one) => one.label === label)),
    known: () => joinSeen(counted, read),
    written: () => joinSeen(counted, read, own),
    settle: () => join(joinSeen(own, read)),
    carried: () => namesOf([...own, ...read]),
  };
}

/**
 * '' where the call belongs to every session of its agent. A sub-agent's name for a session is nobody's whom the policy trusts to keep
 * sessions apart: what it sees its agent hears of, and what its agent has seen it may have been told.
 */
function sessionOf({ session = '', token }: CallRequest): string {
  return token?.rights === undefined || token.rights.onBehalfOf.length === 0 ? session : '';
}
