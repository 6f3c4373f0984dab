// Calls that agents make at set times, played on what decides and counts while the server runs, and the records of them. Turns come at
// even milliseconds, ends at odd ones; a call without a duration ends before the next begins.

import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import type { AgentName } from '#domain/agent.ts';
import type { EffectClass } from '#domain/capability.ts';
import type { Decision, DecisionQuery } from '#domain/decision.ts';
import { namesOf } from '#domain/labels.ts';
import type { ClosingRow } from '#domain/store-ports.ts';
import { exceededView, type Taken } from '#domain/usage.ts';
import { createLabelBook } from '#labels/label-book.ts';
import { createCounters } from '#policy/counters.ts';
import { decide } from '#policy/decide.ts';
import type { Policy } from '#policy/rules.ts';
import { memoryLabelStore } from '#test/labels/memory-label-store.ts';
import { memoryCounterStore } from '#test/policy/limited-world.ts';
import { NOW_MS, REF } from '#test/policy/policies.ts';

type TrafficTool = {
  readonly inputSchema: JsonObject;
  readonly effect: EffectClass;
  readonly costMicros?: number;
  readonly labels?: readonly string[];
  readonly sinks?: readonly string[];
};

const inputSchema = { type: 'object', properties: { n: { type: 'integer' } } };
/** `pay__for` tells what it cost; `web__read` carries, `mail__send` sends. */
export const TOOLS = new Map<string, TrafficTool>([
  ['text__count', { inputSchema, effect: 'pure' }],
  ['pay__for', { inputSchema, effect: 'write', costMicros: 50_000 }],
  ['pay__once', { inputSchema, effect: 'write', costMicros: 20_000 }],
  ['web__read', { inputSchema, effect: 'read', labels: ['untrusted'], sinks: [] }],
  ['mail__send', { inputSchema, effect: 'write', labels: [], sinks: ['external'] }],
]);

export type TrafficCall = {
  /** After the call before it. */
  readonly gapMs: number;
  readonly agent: string;
  readonly tool: string;
  readonly args: { readonly n: number; readonly text?: string };
  /** 0: it is over at once. */
  readonly durationMs: number;
  readonly movedBytes: number;
  /** What it told, of a tool that tells. */
  readonly costMicros: number;
  readonly session: string;
  /** It is cancelled before its turn comes. */
  readonly isCancelled: boolean;
  /** Its tool calls another one. */
  readonly calls?: string;
};

export type Played = {
  /** By the number of the call in the traffic; of the call that its tool made `n+`. Absent: it was never made. */
  readonly decisions: ReadonlyMap<string, Decision>;
  readonly rows: readonly ClosingRow[];
};

type Running = {
  readonly key: string;
  readonly endMs: number;
  readonly close: () => void;
};

export function play(policy: Policy, traffic: readonly TrafficCall[]): Played {
  const state = { nowMs: NOW_MS, index: 0 };
  const counters = createCounters(memoryCounterStore(), { nowMs: () => state.nowMs });
  const book = createLabelBook(memoryLabelStore());
  const decisions = new Map<string, Decision>();
  const rows: ClosingRow[] = [];
  const running: Running[] = [];

  const begin = (key: string, one: TrafficCall, above?: { readonly key: string; readonly taken: Taken }) => {
    const { agent: name, tool, args, session, durationMs } = one;
    const agent = name as AgentName;
    const known = TOOLS.get(tool);
    const subject = { agent, ...(session === '' ? {} : { session }) };
    const receivedMs = state.nowMs;
    const query = (): DecisionQuery => ({
      ...{ agent, tool: { name: tool, ...known }, args, nowMs: state.nowMs, labels: book.seen(subject) },
      ...(session === '' ? {} : { session }),
    });
    const write = (phase: string, decision: Decision, more: JsonObject = {}, time: JsonObject = {}) => {
      const { labels } = decision;
      const seen = namesOf(labels?.seen ?? []);
      const carries = phase === 'outcome' ? (labels?.carries ?? []) : [];
      const exceeded = decision.kind === 'deny' ? decision.exceeded : undefined;
      const predicate = {
        ...{
          invocation: key,
          phase,
          agent,
          tool: { name: tool, schema: 'sha256:00', effect: known?.effect ?? 'write' },
        },
        ...(session === '' ? {} : { session }),
        ...(above === undefined ? {} : { parent: above.key }),
        policy: {
          ...{ ...REF, decision: decision.kind, rule: decision.rule },
          ...(exceeded === undefined ? {} : { limit: exceededView(exceeded) }),
        },
        labels: { seen, carries },
        time: { received: rfc3339(receivedMs), ...time, ended: rfc3339(state.nowMs) },
        ...more,
      };
      const envelope = JSON.stringify({ payload: Buffer.from(JSON.stringify({ predicate })).toString('base64') });
      rows.push({ index: state.index, envelope, args: JSON.stringify({ nonce: 'x', value: args }) });
      state.index += 1;
    };
    const close = (phase: string, decision: Decision, more: JsonObject = {}, time: JsonObject = {}) => {
      decisions.set(key, decision);
      write(phase, decision, more, time);
    };
    const admitted = decide(policy, REF, query(), counters);
    if (admitted.kind === 'deny') return close('denied', admitted);
    if (one.isCancelled) return close('cancelled', admitted);
    const decision = decide(policy, REF, { ...query(), stage: 'turn', holds: above?.taken.held ?? [] }, counters);
    if (decision.kind === 'deny') return close('denied', decision);
    const taken = counters.take(decision);
    const sinceMs = state.nowMs;
    const brought = (decision.labels?.carries ?? []).map((label) => ({
      ...{ label, agent, session, invocation: key, tool, sinceMs },
    }));
    book.join(subject, brought);
    const intent = known?.effect === 'pure' ? undefined : state.index++;
    const end = () => {
      const told = tool === 'pay__for' ? Math.max(10_000, one.costMicros) : undefined;
      taken.settle(() => one.movedBytes, told);
      taken.end();
      const usage = { cpuMs: 1, wallMs: 1, heapBytesPeak: 1, ...(told === undefined ? {} : { costMicros: told }) };
      const more = {
        ...{ usage, result: { isError: false, bytes: one.movedBytes, class: 'value' } },
        ...(intent === undefined ? {} : { intent: { index: intent, leaf: '' } }),
      };
      close('outcome', decision, more, { started: rfc3339(sinceMs) });
    };
    if (one.calls !== undefined && above === undefined && known?.effect !== 'pure') {
      const child = { ...one, tool: one.calls, durationMs: 0, movedBytes: 0 };
      begin(`${key}+`, child, { key, taken });
    }
    if (durationMs === 0) return end();
    running.push({ key, endMs: state.nowMs + 2 * durationMs + 1, close: end });
    return undefined;
  };
  const endUntil = (ms: number) => {
    for (;;) {
      const [first] = running.toSorted((a, b) => a.endMs - b.endMs);
      if (first === undefined || first.endMs > ms) return;
      running.splice(running.indexOf(first), 1);
      state.nowMs = first.endMs;
      first.close();
    }
  };
  let atMs = NOW_MS;
  for (const [number, one] of traffic.entries()) {
    atMs += 2 * one.gapMs;
    endUntil(atMs);
    state.nowMs = atMs;
    begin(String(number), one);
  }
  endUntil(Number.POSITIVE_INFINITY);
  return { decisions, rows };
}
