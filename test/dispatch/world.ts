// A small working world around the dispatcher: a catalog of three tools, a policy by name, a runtime that does what the
// test says, and a log in memory that keeps every draft.

import { createApprovals } from '#approvals/approvals.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { type Logger, silentLogger } from '#base/log.ts';
import { createForeignSchemaCompiler } from '#base/schema.ts';
import { createDispatcher, type DispatcherOptions } from '#dispatch/dispatcher.ts';
import type { AgentName } from '#domain/agent.ts';
import { type Capabilities, effectClassOf } from '#domain/capability.ts';
import type { CommandPlan } from '#domain/cli-plugin/plan.ts';
import type { ApprovalTerms, Decision, DecisionQuery } from '#domain/decision.ts';
import type { CallRequest, RunOutcome, ToolAnswer } from '#domain/invocation.ts';
import type { Plugin, PluginTool } from '#domain/manifest.ts';
import type { PolicyDecider } from '#domain/policy-ports.ts';
import type { AdminTools, Dispatcher, RecordLog, RecordReader, ToolCaller, ToolCatalog } from '#domain/ports.ts';
import type { InvocationPredicate, RecordDraft } from '#domain/record.ts';
import type { Broker, PluginRuntime, RunRequest } from '#domain/sandbox-ports.ts';
import type { SecretGiver } from '#domain/secret-ports.ts';
import type { KeyedCallStore } from '#domain/store-ports.ts';
import type { AdminTool, Tool } from '#domain/tool.ts';
import { NOTHING_TAKEN } from '#domain/usage.ts';
import { createFreezes } from '#freeze/freezes.ts';
import { createLabelBook } from '#labels/label-book.ts';
import { createApprovalStore } from '#store/approval-store.ts';
import { createKeyedCallStore } from '#store/keyed-calls.ts';
import { createLabelStore } from '#store/label-rows.ts';
import { migrate } from '#store/migrations.ts';
import { openDatabase } from '#store/sqlite.ts';
import { createFreezeStore } from '#store/state-stores.ts';

export const usage = { cpuMs: 1, wallMs: 1, heapBytesPeak: 1 };

export const returned = (value: unknown): RunOutcome => ({
  kind: 'returned',
  resultJson: JSON.stringify(value),
  usage,
});

type Made = Pick<WorldOptions, 'runtime' | 'n' | 'plan'>;

export function toolOf(localName: string, capabilities: Capabilities, made: Made = {}): PluginTool {
  const inputSchema = {
    type: 'object',
    properties: { n: made.n ?? { type: 'integer' } },
    additionalProperties: false,
  };
  const plugin: Plugin = {
    name: 'p',
    version: '1.0.0',
    digest: sha256('code'),
    manifestDigest: sha256('manifest'),
    manifest: {
      manifest: 1,
      name: 'p',
      version: '1.0.0',
      description: 'd',
      runtime:
        made.runtime === 'process'
          ? { kind: 'process', command: ['python3', 'cli.py'], protocol: 'smcp-cli' }
          : { kind: 'isolate', entry: 'i.js' },
      tools: [],
    },
    directory: '/nowhere',
    origin: 'product',
    tools: [],
  };
  const outputSchema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
  return {
    kind: 'plugin',
    name: `p__${localName}`,
    localName,
    description: 'd',
    inputSchema,
    outputSchema,
    schemaDigest: sha256(localName),
    effect: effectClassOf(capabilities),
    capabilities,
    limits: { timeoutMs: 1000, cpuMs: 1000, memoryMiB: 64, outputBytes: 1000, hostCalls: 10 },
    idempotent: false,
    checkInput: createForeignSchemaCompiler()(inputSchema),
    checkOutput: createForeignSchemaCompiler()(outputSchema),
    plugin,
    ...(made.plan === undefined ? {} : { plan: made.plan }),
  };
}

const adminTool: AdminTool = {
  kind: 'admin',
  name: 'smcp__queue_flush',
  operation: 'queue_flush',
  description: 'd',
  inputSchema: { type: 'object' },
  schemaDigest: sha256('queue_flush'),
  effect: 'write',
  idempotent: false,
  isForPeople: false,
  isStop: false,
  checkInput: () => [],
};

type WorldOptions = DispatcherOptions & {
  clock?: Clock;
  /** Stands between the dispatcher and the calls under keys. */
  around?: (store: KeyedCallStore) => KeyedCallStore;
  /** In place of the log in memory; `drafts` and `records` are then empty. */
  log?: RecordLog & Pick<RecordReader, 'findInvocation' | 'record'>;
  /** Of the plugin; `isolate` when absent. */
  runtime?: 'isolate' | 'process';
  /** The schema of the argument `n`. */
  n?: JsonObject;
  /** Of the tools, as of a `cli.py`. */
  plan?: CommandPlan;
  onDecide?: (query: DecisionQuery) => void;
  /** In place of a policy by name. */
  policy?: PolicyDecider;
  /** In place of a broker that answers nothing. */
  broker?: (caller: ToolCaller) => Broker;
  secrets?: SecretGiver;
  logger?: Logger;
};

/** Turns of the event loop, of which these worlds need a few: nothing in them waits for a disk, a process or a clock. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function createWorld(options: WorldOptions = {}) {
  const tools = new Map<string, Tool>(
    [
      adminTool,
      toolOf('pure', { random: true }, options),
      toolOf('read', { files: [{ path: 'x', access: 'read' }] }, options),
      toolOf('write', { store: { bytesMax: 1024 } }, options),
    ].map((tool) => [tool.name, tool]),
  );
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  // In memory there is no disk to wait for.
  const transactionThenSync = async (work: () => void) => database.transaction(work);
  const inDatabase = createKeyedCallStore({ ...database, transactionThenSync });
  const keyedCalls = options.around?.(inDatabase) ?? inDatabase;
  const drafts: Extract<RecordDraft, { kind: 'invocation' }>[] = [];
  const records: InvocationPredicate[] = [];
  const runs: RunRequest[] = [];
  const state = {
    /** Tool names the agent may not call. */
    denied: new Set<string>(),
    /** What a person is asked about: by the name of the tool, how, and the text of the rule. */
    asks: new Map<string, ApprovalTerms & { rule: string }>(),
    isDiskFull: false,
    run: async (_request: RunRequest): Promise<RunOutcome> => returned({ ok: true }),
    allow: {} as { capabilities?: Capabilities; timeoutMs?: number },
    missingLayer: false,
    profile: undefined as PluginRuntime['profile'] | undefined,
    runAdmin: async (_asked: Parameters<AdminTools['run']>[0]): Promise<ToolAnswer> => ({ kind: 'value', value: null }),
  };
  const policyRef = { version: 1, digest: sha256('policy') };
  const byName = {
    decide: (query): Decision => {
      options.onDecide?.(query);
      const asks = state.asks.get(query.tool.name);
      if (asks !== undefined && !state.denied.has(query.tool.name)) {
        const { rule, ...terms } = asks;
        const words = { rule: 'asks', reason: 'a person is asked', remedy: 'ask one' };
        return { kind: 'ask', ...words, ruleDigest: sha256(rule), terms, policy: policyRef, ...state.allow };
      }
      return state.denied.has(query.tool.name)
        ? { kind: 'deny', rule: 'default-deny', reason: 'no grant', remedy: 'add one', policy: policyRef }
        : { kind: 'allow', rule: '/agents/a/grants/0', reason: 'granted', policy: policyRef, ...state.allow };
    },
    mayCall: (_agent, name) => !state.denied.has(name),
    take: () => NOTHING_TAKEN,
    current: () => policyRef,
    onChange: () => () => {},
  } satisfies PolicyDecider;
  const policy = options.policy ?? byName;
  const catalog = {
    tool: (name) => tools.get(name),
    tools: () => [...tools.values()],
    onChange: () => () => {},
  } satisfies ToolCatalog;
  const inMemory = {
    append: async (draft: RecordDraft) => {
      if (state.isDiskFull) throw new SmcpError('LOG_UNAVAILABLE', 'disk full');
      if (draft.kind === 'invocation') {
        drafts.push(draft);
        records.push(draft.predicate);
      }
      return { index: records.length - 1, leaf: `leaf-${records.length - 1}` };
    },
    findInvocation: (id) => records.flatMap(({ invocation }, index) => (invocation === id ? [index] : [])),
    record: (index) => {
      const draft = drafts[index];
      if (draft === undefined) return undefined;
      const payload = Buffer.from(JSON.stringify({ predicate: draft.predicate })).toString('base64');
      const { invocation } = draft.predicate;
      const disclosed = draft.result === undefined ? {} : { result: JSON.stringify({ value: draft.result }) };
      return { index, envelope: JSON.stringify({ payload }), leaf: `leaf-${index}`, invocation, disclosed };
    },
  } satisfies RecordLog & Pick<RecordReader, 'findInvocation' | 'record'>;
  const log = options.log ?? inMemory;
  const runtime = {
    run: (request) => {
      runs.push(request);
      return state.run(request);
    },
    profile: (plugin, granted) => {
      if (state.profile !== undefined) return state.profile(plugin, granted);
      if (state.missingLayer)
        throw new SmcpError('SANDBOX_UNAVAILABLE', 'a layer is missing', { details: { remedy: 'get it' } });
      return { tier: options.runtime ?? 'isolate', digest: sha256('profile'), layers: ['process'] };
    },
    layers: () => [],
    end: async () => {},
    close: async () => {},
  } satisfies PluginRuntime;
  const silent = {
    open: () => ({
      handle: () => null,
      used: () => [],
      transcript: () => undefined,
      traffic: { asked: () => {}, answered: () => {} },
    }),
  } satisfies Broker;
  const broker = options.broker?.({ callTool: (asked) => dispatcher.callTool(asked) }) ?? silent;
  const clock = options.clock ?? systemClock;
  const freezes = createFreezes({ store: createFreezeStore(database), clock });
  const approvals = createApprovals({
    ...{
      store: createApprovalStore(database),
      log,
      clock,
      logger: silentLogger,
      givers: { problem: () => undefined },
    },
  });
  const labels = createLabelBook(createLabelStore(database));
  const adminTools = { run: (asked) => state.runAdmin(asked) } satisfies AdminTools;
  const ports = {
    ...{ catalog, policy, freezes, approvals, labels, runtime, adminTools, broker, log, keyedCalls, clock },
    ...{ logger: options.logger ?? silentLogger },
    ...(options.secrets === undefined ? {} : { secrets: options.secrets }),
  };
  const start = (): Dispatcher & ToolCaller =>
    createDispatcher({ ...ports, labels: createLabelBook(createLabelStore(database)) }, options);
  const dispatcher: Dispatcher & ToolCaller = createDispatcher(ports, options);
  const request = (tool: string, more: Partial<CallRequest> = {}): CallRequest => ({
    agent: 'a' as AgentName,
    door: 'mcp',
    tool,
    args: {},
    ...more,
  });
  return {
    dispatcher,
    /** A dispatcher as after a restart: what was in memory is gone. */
    restart: start,
    freezes,
    approvals,
    keyedCalls,
    labels,
    tools,
    drafts,
    records,
    runs,
    state,
    request,
    call: (tool: string, more?: Partial<CallRequest>) => dispatcher.call(request(tool, more)),
  };
}
