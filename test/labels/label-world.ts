// What the tests of labels share: a dispatcher with a real policy, a real broker with real files and values, and a network that only
// notes what was sent.

import { systemClock } from '#base/clock.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { CallRequest, ToolAnswer } from '#domain/invocation.ts';
import { labelsOfTool } from '#domain/labels.ts';
import type { PolicyDecider } from '#domain/policy-ports.ts';
import type { ToolCaller } from '#domain/ports.ts';
import type { RunRequest } from '#domain/sandbox-ports.ts';
import { NOTHING_TAKEN } from '#domain/usage.ts';
import type { NetEffect } from '#effects/net/net-effect.ts';
import { createStoreEffect } from '#effects/store.ts';
import { decide, mayCall } from '#policy/decide.ts';
import type { Policy } from '#policy/rules.ts';
import { migrate } from '#store/migrations.ts';
import { createPluginValues } from '#store/plugin-values.ts';
import { openDatabase } from '#store/sqlite.ts';
import { openPlace } from '#test/broker/files-world.ts';
import { createWorld, returned, toolOf } from '#test/dispatch/world.ts';
import { policyOf, REF } from '#test/policy/policies.ts';

/** What a tool may do from within: a host call, answered or refused. */
export type HostCalls = (name: string, params: Json) => Promise<Json>;
export type Behaviour = (host: HostCalls, request: RunRequest) => Promise<Json> | Json;

type Declared = { readonly labels?: readonly string[]; readonly sink?: string };

const OUT: NonNullable<Capabilities['net']> = [{ host: 'out.example', methods: ['GET', 'POST'] }];
const ALL_FILES: NonNullable<Capabilities['files']> = [{ path: 'workspace', access: 'write' }];
const STORE = { bytesMax: 10_000 };

/**
 * Tools: `secrets` gives private data, `page` fetches what others wrote, `send` posts to elsewhere, `disk` does what the test says with
 * files and values, and `mixed` with all of these. Agents `a` and `b` may call them all.
 */
export function createLabelWorld(policy: string | JsonObject, behaviours: { readonly [tool: string]: Behaviour } = {}) {
  const place = openPlace();
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  const values = createPluginValues({ ...database, transactionThenSync: async (work) => database.transaction(work) });
  const sent: string[] = [];
  const net = {
    isListed: () => false,
    request: async ({ target, body }) => {
      sent.push(`${target.url} ${body === undefined ? '' : Buffer.from(body).toString()}`.trim());
      return { status: 200, headers: [['content-type', 'text/plain']], body: Buffer.from('words of others') };
    },
  } satisfies NetEffect;
  const state = { policy: policyOf(policy) as Policy };
  const decider = {
    decide: (query) => decide(state.policy, REF, query),
    mayCall: (agent, tool, nowMs) => mayCall(state.policy, agent, tool, { nowMs }),
    take: () => NOTHING_TAKEN,
    current: () => REF,
    onChange: () => () => {},
  } satisfies PolicyDecider;
  const broker = (tools: ToolCaller) =>
    createBroker({
      ...{ clock: systemClock, logger: silentLogger },
      effects: { net, files: place.effect, store: createStoreEffect(values), tools },
    });
  const world = createWorld({ policy: decider, broker });
  const add = (localName: string, capabilities: Capabilities, declared: Declared = {}) => {
    const made = toolOf(localName, capabilities);
    const limits = { ...made.limits, timeoutMs: 5_000, hostCalls: LIMITS.hostCallsMax };
    const labels = labelsOfTool(declared, capabilities);
    world.tools.set(made.name, { ...made, ...labels, limits, checkOutput: () => [] });
  };
  add('secrets', {}, { labels: ['private'] });
  add('page', { net: OUT });
  add('send', { net: OUT });
  add('disk', { files: ALL_FILES, store: STORE });
  add('mixed', { files: ALL_FILES, store: STORE, net: OUT, tools: ['p__secrets', 'p__page', 'p__disk', 'p__send'] });
  const standard: { readonly [tool: string]: Behaviour } = {
    secrets: () => 'the private data',
    page: (host) => host('fetch', { url: 'https://out.example/page' }),
    send: (host) => host('fetch', { url: 'https://out.example/send', method: 'POST', body: { text: 'what was sent' } }),
  };
  world.state.run = async (request) => {
    const host: HostCalls = async (name, params) => request.onHostCall({ name, params }, request.signal);
    const behaviour = behaviours[request.tool.localName] ?? standard[request.tool.localName] ?? (() => null);
    try {
      return returned(await behaviour(host, request));
    } catch (thrown) {
      const { code, message, details } = thrown as { code: 'DENIED'; message: string; details: JsonObject };
      return {
        kind: 'failed',
        error: { code, message, details },
        effect: 'known',
        usage: { cpuMs: 1, wallMs: 1, heapBytesPeak: 1 },
      };
    }
  };
  const call = async (tool: string, more: Partial<CallRequest> = {}) => world.call(`p__${tool}`, more);
  const code = async (tool: string, more: Partial<CallRequest> = {}) => codeOf((await call(tool, more)).answer);
  return {
    ...world,
    ...{ add, call, code, sent, policy: state },
    apply: (next: string | JsonObject) => {
      state.policy = policyOf(next);
    },
    [Symbol.dispose]: () => place[Symbol.dispose](),
  };
}

/** `value`, or the code of the error. */
export const codeOf = (answer: ToolAnswer): string => (answer.kind === 'value' ? 'value' : answer.error.code);

/** Two agents that may call everything, and what is denied for all. */
export const policyWith = (deny: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  version: 1,
  deny,
  agents: { a: { grants: [{ tools: ['*'] }] }, b: { grants: [{ tools: ['*'] }] } },
  ...more,
});

/** No external sink once private data and words of others were seen. */
export const NO_TRIFECTA: JsonObject = {
  id: 'no-leak',
  sink: 'external',
  after: ['private', 'untrusted'],
  why: 'it could leak',
};

export const names = (json: unknown): readonly string[] =>
  (Array.isArray(json) ? json : []).map((one) => (isJsonObject(one) ? String(one['label']) : ''));
