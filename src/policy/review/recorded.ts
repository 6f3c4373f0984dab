// Decisions as the log holds them, read for review. Pure. Trust: rows are as they are stored and nothing here verifies them; in
// them names, arguments and sessions are an agent's words.

import { type ExactJsonObject, isExactObject } from '#base/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import type { EffectClass } from '#domain/capability.ts';
import type { ShadowDecision } from '#domain/decision.ts';
import { readDisclosed } from '#domain/disclosed-document.ts';
import type { DecisionKind } from '#domain/policy-review.ts';
import type { ClosingRow } from '#domain/store-ports.ts';
import { type RecordedRun, runOf } from './recorded-run.ts';

export type RecordedDecision = {
  readonly kind: 'decision';
  readonly index: number;
  readonly invocation: string;
  readonly phase: string;
  readonly agent: string;
  readonly tool: string;
  /** Of what the agent was shown; absent where the tool isn't told. */
  readonly schema?: string;
  readonly session?: string;
  /** Names of the labels that counted. */
  readonly seen: readonly string[];
  /** When it was made: as close as a record tells it. */
  readonly atMs: number;
  /** When the record was written. */
  readonly endedMs: number;
  readonly decision: DecisionKind;
  readonly rule: string;
  readonly version: number;
  readonly digest: string;
  /** What a limit counts that had no room for it, and how much it holds; absent: no limit denied it. */
  readonly limitUnit?: string;
  readonly limitMax?: number;
  /** What the tool was able to do then; absent where the tool isn't told. */
  readonly effect?: EffectClass;
  /** What it did, where its turn had come; absent: it never began. */
  readonly run?: RecordedRun;
  /** When it came. */
  readonly receivedMs?: number;
  /** Of a call that a tool made: the invocation that made it. */
  readonly parent?: string;
  /** It came by a token that was exchanged: what it calls its session keeps nothing apart. */
  readonly isOfSubAgent: boolean;
  /** Names of the labels that its result brought, with what it read. */
  readonly carries: readonly string[];
  /** What rules in shadow would have decided. */
  readonly shadow: readonly ShadowDecision[];
  /** What the grant let it have, and what it used of that. */
  readonly capabilities?: JsonObject;
  /** Undefined where they are not kept, or not whole. */
  readonly args: () => ExactJsonObject | undefined;
};

/** `undecided`: no policy was asked. `unreadable`: this product does not write such records. */
export type RecordedCall =
  | RecordedDecision
  | { readonly kind: 'undecided'; readonly index: number; readonly endedMs: number }
  | { readonly kind: 'unreadable'; readonly index: number };

const KINDS: readonly string[] = ['allow', 'ask', 'deny'];

/** Never throws. */
export function readRecorded({ index, envelope, args }: ClosingRow): RecordedCall {
  const predicate = predicateOf(envelope);
  const time = predicate?.['time'];
  const endedMs = isJsonObject(time) ? timeOf(time['ended']) : undefined;
  if (predicate === undefined || !isJsonObject(time) || endedMs === undefined) return { kind: 'unreadable', index };
  const { agent, invocation, phase, tool, policy, session, capabilities, labels, token, parent } = predicate;
  const name = isJsonObject(tool) ? tool['name'] : undefined;
  if (!isJsonObject(policy) || !isJsonObject(tool)) return { kind: 'unreadable', index };
  const { decision, rule, version, digest, limit } = policy;
  if (decision === undefined) return { kind: 'undecided', index, endedMs };
  if (typeof agent !== 'string' || typeof invocation !== 'string' || typeof phase !== 'string') {
    return { kind: 'unreadable', index };
  }
  if (typeof name !== 'string' || typeof decision !== 'string' || !KINDS.includes(decision)) {
    return { kind: 'unreadable', index };
  }
  if (typeof rule !== 'string' || typeof version !== 'number' || typeof digest !== 'string') {
    return { kind: 'unreadable', index };
  }
  return {
    ...{ kind: 'decision', index, invocation, phase, agent, tool: name, endedMs, rule, version, digest },
    decision: decision as DecisionKind,
    shadow: shadowOf(policy['shadow']),
    seen: isJsonObject(labels) ? namesIn(labels['seen']) : [],
    carries: isJsonObject(labels) ? namesIn(labels['carries']) : [],
    isOfSubAgent: isJsonObject(token) && Array.isArray(token['onBehalfOf']),
    atMs: decidedAt(phase, time) ?? endedMs,
    ...timesOf(predicate, time),
    ...(limit === undefined ? {} : limitOf(limit)),
    ...(typeof parent === 'string' ? { parent } : {}),
    ...(isEffect(tool['effect']) ? { effect: tool['effect'] } : {}),
    ...(typeof tool['schema'] === 'string' ? { schema: tool['schema'] } : {}),
    ...(typeof session === 'string' ? { session } : {}),
    ...(isJsonObject(capabilities) ? { capabilities } : {}),
    args: () => argumentsOf(args),
  };
}

const EFFECTS: readonly string[] = ['pure', 'read', 'write'] satisfies readonly EffectClass[];

const isEffect = (written: Json | undefined): written is EffectClass =>
  typeof written === 'string' && EFFECTS.includes(written);

function limitOf(written: Json): Pick<RecordedDecision, 'limitUnit' | 'limitMax'> {
  const { unit, limit } = isJsonObject(written) ? written : {};
  return { limitUnit: String(unit), ...(typeof limit === 'number' ? { limitMax: limit } : {}) };
}

function timesOf(predicate: JsonObject, time: JsonObject): Pick<RecordedDecision, 'run' | 'receivedMs'> {
  const [receivedMs, startedMs] = [timeOf(time['received']), timeOf(time['started'])];
  return {
    ...(receivedMs === undefined ? {} : { receivedMs }),
    ...(startedMs === undefined ? {} : { run: runOf(predicate, startedMs) }),
  };
}

/** A call is decided about once more when its turn comes; what never started was let in when it came, or refused at its end. */
function decidedAt(phase: string, { received, started }: JsonObject): number | undefined {
  if (started !== undefined) return timeOf(started);
  return phase === 'denied' ? undefined : timeOf(received);
}

/** Milliseconds of a time in a record; undefined for what is none. */
export function timeOf(written: Json | undefined): number | undefined {
  const ms = typeof written === 'string' ? Date.parse(written) : Number.NaN;
  return Number.isFinite(ms) ? ms : undefined;
}

/** The predicate of an envelope's statement; undefined where there is none that can be read. */
export function predicateOf(envelope: string): JsonObject | undefined {
  try {
    const { payload } = JSON.parse(envelope) as { payload: string };
    const statement: unknown = JSON.parse(Buffer.from(payload, 'base64').toString('utf8'));
    const predicate = isJsonObject(statement) ? statement['predicate'] : undefined;
    return isJsonObject(predicate) ? predicate : undefined;
  } catch {
    return undefined;
  }
}

const namesIn = (written: Json | undefined): readonly string[] =>
  Array.isArray(written) ? written.filter((name) => typeof name === 'string') : [];

function shadowOf(written: Json | undefined): readonly ShadowDecision[] {
  if (!Array.isArray(written)) return [];
  return written.filter((one: Json): one is ShadowDecision => {
    const { rule, decision } = isJsonObject(one) ? one : {};
    return typeof rule === 'string' && typeof decision === 'string' && KINDS.includes(decision);
  });
}

function argumentsOf(document: string | undefined): ExactJsonObject | undefined {
  if (document === undefined) return undefined;
  const read = readDisclosed(document);
  return read.kind === 'value' && isExactObject(read.value) ? read.value : undefined;
}
