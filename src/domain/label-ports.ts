// Who keeps the labels of agents, files and values. Features import this file, never each other.

import type { AgentName } from './agent.ts';
import type { SeenLabel } from './labels.ts';
import type { WorkspaceName } from './workspace-path.ts';

/** Whose labels these are. A sub-agent, whose token was exchanged for its agent's, is that agent. */
export type LabelSubject = {
  readonly agent: AgentName;
  /** As the client names it. Absent: it names none, and the call belongs to every session of the agent. **Trust:** the client's word. */
  readonly session?: string;
};

/** What counts depends on the policy: `agent` unless it says that the agent's sessions are separate. */
export type LabelsSeen = {
  /** By the agent, in whichever session. */
  readonly agent: readonly SeenLabel[];
  /** In this session, and by calls that named none; where this call names none, the same as `agent`. */
  readonly session: readonly SeenLabel[];
};

export const NOTHING_SEEN: LabelsSeen = { agent: [], session: [] };

/** What keeps what is written: a file or folder of a workspace, or a value of a plugin's store. */
export type LabelledPlace =
  /** `names` below `workspace`; `[]`: all of it. What a folder carries, all in it carries. */
  | { readonly kind: 'file'; readonly workspace: WorkspaceName; readonly names: readonly string[] }
  | { readonly kind: 'value'; readonly plugin: string; readonly agent: AgentName; readonly key: string }
  /** Every value whose key begins so. */
  | { readonly kind: 'values'; readonly plugin: string; readonly agent: AgentName; readonly prefix: string };

/** What a place carries: a label, and the call that wrote it there. */
export type PlaceLabel = Omit<SeenLabel, 'session' | 'from'> & {
  /** As people read it: `workspace athena: notes/a.txt`. Safe to show. */
  readonly place: string;
  /** The same for programs, and to clear it by. **Trust:** a path's names and a key are a guest's. */
  readonly at: PlaceScope;
};

/**
 * Some of what keeps what is written. `names` absent: all of the workspace; else what the path and all below it carry by themselves. `key`
 * absent: the whole store.
 */
export type PlaceScope =
  | { readonly kind: 'files'; readonly workspace: WorkspaceName; readonly names?: readonly string[] }
  | { readonly kind: 'values'; readonly agent: AgentName; readonly plugin: string; readonly key?: string };

export type Origin = Pick<SeenLabel, 'invocation' | 'tool'>;

/** Labels are only added, but by a person. */
export type LabelBook = {
  /** Cheap: asked at each decision. */
  readonly seen: (subject: LabelSubject) => LabelsSeen;
  /** **Durability:** on disk when it returns; in force also where it throws. @throws `LOG_UNAVAILABLE` */
  readonly join: (subject: LabelSubject, labels: readonly SeenLabel[]) => void;
  /** What a place carries: its own, that of the folders above it, and of all that lies below it. Each label once. */
  readonly carriedBy: (place: LabelledPlace) => readonly PlaceLabel[];
  /** From now on the place carries them too. **Durability:** as `join`. */
  readonly mark: (place: LabelledPlace, labels: readonly SeenLabel[]) => void;
  /** Every label that any agent has seen, one call of each: what a look into the log may show. */
  readonly everything: () => readonly SeenLabel[];
};

/** What is cleared: of an agent what it has seen, in all its sessions or one; or what values of a plugin's store or files carry. */
export type ClearedLabels = {
  readonly of: { readonly kind: 'agent'; readonly agent: AgentName; readonly session?: string } | PlaceScope;
  /** Absent: all. */
  readonly label?: string;
};

export type LabelAdmin = {
  /** Of one agent, or of all; by agent, session and time. */
  readonly list: (agent?: AgentName) => readonly SeenLabel[];
  /** What files and values carry, at most `countMax`, by place; of one place also what it has of the folders above it, or of its whole store. */
  readonly places: (countMax: number, of?: PlaceScope) => readonly PlaceLabel[];
  /** How many were cleared. **Durability:** on disk when it returns. */
  readonly clear: (what: ClearedLabels) => number;
};

/** Where they are kept. **Durability:** what a function wrote is on disk when it returns. */
export type LabelStore = {
  /** In the order in which they were put. */
  readonly seen: () => readonly SeenLabel[];
  /** One that is there, by agent, session and label, stays as it is. */
  readonly putSeen: (labels: readonly SeenLabel[]) => void;
  readonly removeSeen: (what: { readonly agent: string; readonly session?: string; readonly label?: string }) => number;
  /** At a path, above or below it; '' is the whole of the owner. */
  readonly at: (owner: PlaceOwner, path: string) => readonly PlaceRow[];
  /** At the path alone, and of the whole. */
  readonly exactly: (owner: PlaceOwner, path: string) => readonly PlaceRow[];
  /** Whose paths begin so, and of the whole. */
  readonly beginning: (owner: PlaceOwner, prefix: string) => readonly PlaceRow[];
  readonly putPlaces: (rows: readonly PlaceRow[]) => void;
  /** How many paths of the owner carry something. */
  readonly countOf: (owner: PlaceOwner) => number;
  readonly places: (countMax: number) => readonly PlaceRow[];
  /** `path` absent: all of the owner; else of this one and, of files, of all below it. */
  readonly removePlaces: (owner: PlaceOwner, what: { readonly label?: string; readonly path?: string }) => number;
};

/** `name`: of the workspace; of a store, its plugin and agent as JSON. */
export type PlaceOwner = { readonly kind: 'file' | 'value'; readonly name: string };

export type PlaceRow = PlaceOwner & {
  readonly path: string;
  readonly label: string;
  readonly agent: AgentName;
  readonly invocation: string;
  readonly tool: string;
  readonly sinceMs: number;
};
