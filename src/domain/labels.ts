// Labels: names for what an agent has seen (`untrusted`, `private`), and sinks: names for where a tool sends things (`external`). What
// a manifest says of them, and what follows from the capabilities that a tool asks. Pure.

import type { AgentName } from './agent.ts';
import type { Capabilities, NetEntry } from './capability.ts';
import { narrow } from './narrow.ts';

/** `^[a-z0-9][a-z0-9_.-]{0,63}$`, as manifests and policies write it. */
const LABEL = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

export const isLabel = (text: string): boolean => LABEL.test(text);

/** Words of somebody out there: they may be orders to whoever reads them. Derived where a tool's requests leave this machine. */
export const UNTRUSTED = 'untrusted';
/** Out of this machine. Derived where a tool's requests leave it. */
export const EXTERNAL = 'external';

/** What is known of a tool: what its results carry, and what it sends to. `[]`: nothing. Sorted. */
export type ToolLabels = {
  readonly labels: readonly string[];
  readonly sinks: readonly string[];
  /** Absent: nothing of it follows from requests alone, or nothing can be taken away any more. */
  readonly outward?: Outward;
};

/** The requests of a tool that leave this machine, and those of its labels and sinks that follow from them and from nothing else. */
export type Outward = ToolLabels & { readonly net: readonly NetEntry[]; readonly outward?: never };

/** A label that an agent has, and the call that brought it. */
export type SeenLabel = {
  readonly label: string;
  /** Whose call it was. */
  readonly agent: AgentName;
  /** The session that the client named; '' where it named none. **Trust:** the client's word. */
  readonly session: string;
  readonly invocation: string;
  readonly tool: string;
  readonly sinceMs: number;
  /** The file or value that it was read from, safe to show; absent: the tool's results carry it. */
  readonly from?: string;
};

/**
 * What a manifest declares, and what its tool can't deny: requests that leave this machine send something out, and what they bring back
 * was written by others. An author's word only adds. `run` gives no network, `tools` are calls of their own, files and values carry
 * what they were given: nothing follows from these.
 */
export function labelsOfTool(
  { labels = [], sink }: { readonly labels?: readonly string[]; readonly sink?: string },
  asked: Capabilities,
): ToolLabels {
  const sinks = sink === undefined ? [] : [sink];
  const net = (asked.net ?? []).filter(leavesThisMachine);
  if (net.length === 0) return { labels: union(labels), sinks };
  const outward: Outward = {
    net,
    labels: labels.includes(UNTRUSTED) ? [] : [UNTRUSTED],
    sinks: sinks.includes(EXTERNAL) ? [] : [EXTERNAL],
  };
  return { labels: union(labels, outward.labels), sinks: union(sinks, outward.sinks), outward };
}

/** Whether a grant leaves some of these requests, by what it gives, as `narrow` does. Undefined: it leaves all. */
export const leavesSome = ({ net }: Outward, granted: Capabilities | undefined): boolean =>
  narrow({ net }, granted).net !== undefined;

/** What a tool carries and sends to where none of its requests leaves this machine. */
export function withoutOutward<T extends Partial<ToolLabels>>(tool: T): Omit<T, 'outward'> {
  const { outward, ...rest } = tool;
  if (outward === undefined) return rest;
  const without = (all: readonly string[] = [], taken: readonly string[]) => all.filter((one) => !taken.includes(one));
  return { ...rest, labels: without(tool.labels, outward.labels), sinks: without(tool.sinks, outward.sinks) };
}

/** What a tool carries and sends to with what it was given, for good: whatever is granted later changes nothing of it. */
export function labelsGiven<T extends Partial<ToolLabels>>(
  tool: T,
  given: Capabilities | undefined,
): Omit<T, 'outward'> {
  if (tool.outward !== undefined && !leavesSome(tool.outward, given)) return withoutOutward(tool);
  const { outward: _, ...rest } = tool;
  return rest;
}

/** Expects an entry of a manifest or grant, whose host is canonical. */
export const leavesThisMachine = ({ host }: NetEntry): boolean => !isThisMachine(host);

/**
 * By its name alone: other names lead here only as somebody else's resolver says, and the effect `net` has these lead nowhere else.
 * Expects a canonical host.
 */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || /^127([.]\d{1,3}){3}$/.test(host);
}

/** Labels that are supposed to have been seen, of which no call is known. */
export function supposedSeen(agent: AgentName, labels: readonly string[]): readonly SeenLabel[] {
  return labels.map((label) => ({ label, agent, session: '', invocation: '', tool: '', sinceMs: 0 }));
}

/** Sorted, each once. */
export function union(...lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].toSorted();
}

/** The names of what was seen. Sorted, each once. */
export const namesOf = (seen: readonly SeenLabel[]): readonly string[] => union(seen.map(({ label }) => label));

/** Both, each label once: the one that was seen first stands. */
export function joinSeen(
  first: readonly SeenLabel[],
  ...others: readonly (readonly SeenLabel[])[]
): readonly SeenLabel[] {
  const more = others.flat();
  if (more.length === 0) return first;
  const known = new Set(first.map(({ label }) => label));
  const added = more.filter(({ label }) => !known.has(label) && known.add(label));
  return added.length === 0 ? first : [...first, ...added];
}
