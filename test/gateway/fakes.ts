// Small working models of what stands behind the doors, and a gateway on a free port with them.

import { systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { uuidv7 } from '#base/ids.ts';
import type { Json, JsonObject } from '#base/json.ts';
import type { LogFields, Logger } from '#base/log.ts';
import { type AgentName, type Principal, parseAgentName } from '#domain/agent.ts';
import type { CallOutcome, CallRequest, ToolAnswer } from '#domain/invocation.ts';
import type { Plugin, PluginTool } from '#domain/manifest.ts';
import type { Authenticator, Dispatcher, HttpRoute, PluginCatalog, PolicyDecider } from '#domain/ports.ts';
import { createGateway, type Gateway } from '#gateway/server.ts';

export function agentName(text: string): AgentName {
  const name = parseAgentName(text);
  if (name === undefined) throw new Error(`not an agent's name: ${text}`);
  return name;
}

export const ATHENA = agentName('athena');
export const HERMES = agentName('hermes');

/** Tokens in a map; a token that is deleted is revoked. */
export function fakeAuthenticator() {
  const tokens = new Map<string, { principal: Principal; expiresMs?: number }>([
    ['athena-token', { principal: { kind: 'agent', agent: ATHENA, tokenId: 't1' } }],
    ['athena-second', { principal: { kind: 'agent', agent: ATHENA, tokenId: 't2' } }],
    ['hermes-token', { principal: { kind: 'agent', agent: HERMES, tokenId: 't3' } }],
    ['expired-token', { principal: { kind: 'agent', agent: ATHENA, tokenId: 't4' }, expiresMs: 1 }],
    ['admin-token', { principal: { kind: 'admin', tokenId: 'admin' } }],
  ]);
  const authenticator = {
    authenticate: (token) => {
      const row = tokens.get(token);
      return row === undefined || (row.expiresMs ?? Number.POSITIVE_INFINITY) < Date.now() ? undefined : row.principal;
    },
  } satisfies Authenticator;
  return { ...authenticator, tokens };
}

const NOTHING = sha256('');

export function fakeTool(localName: string, more: Partial<PluginTool> = {}): PluginTool {
  return {
    kind: 'plugin',
    name: `demo__${localName}`,
    localName,
    description: `The tool ${localName}`,
    inputSchema: { type: 'object' },
    schemaDigest: NOTHING,
    effect: 'pure',
    capabilities: {},
    limits: { timeoutMs: 1, cpuMs: 1, memoryMiB: 16, outputBytes: 1, hostCalls: 1 },
    idempotent: false,
    checkInput: () => [],
    checkOutput: () => [],
    plugin: DEMO,
    ...more,
  };
}

const DEMO: Plugin = {
  name: 'demo',
  version: '1.0.0',
  digest: NOTHING,
  manifestDigest: NOTHING,
  manifest: {
    manifest: 1,
    name: 'demo',
    version: '1.0.0',
    description: '',
    runtime: { kind: 'isolate', entry: 'index.js' },
    tools: [],
  },
  directory: '/nowhere',
  origin: 'product',
  tools: [],
};

export const TOOLS: readonly PluginTool[] = [
  fakeTool('crash'),
  fakeTool('echo', {
    title: 'Echo',
    inputSchema: { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: true },
    outputSchema: { type: 'object', required: ['args'] },
  }),
  fakeTool('count', { effect: 'read', capabilities: { files: [{ path: 'x', access: 'read' }] } }),
  fakeTool('forbidden', { effect: 'write', capabilities: { net: [] } }),
  fakeTool('text'),
  fakeTool('wait'),
].toSorted((a, b) => (a.name < b.name ? -1 : 1));

export const fakeCatalog = {
  tool: (name) => TOOLS.find((tool) => tool.name === name),
  tools: () => TOOLS,
  reports: () => [],
} satisfies PluginCatalog;

const isGranted = (agent: AgentName, name: string) =>
  agent === HERMES ? name === 'demo__echo' : name.startsWith('demo__') && name !== 'demo__forbidden';
const policy = { version: 1, digest: NOTHING };

/** Hermes may call `echo`, others everything but `forbidden`. */
export const fakePolicy = {
  mayCall: (agent, name) => isGranted(agent, name),
  current: () => policy,
  decide: ({ agent, tool }) =>
    isGranted(agent, tool.name)
      ? { kind: 'allow', rule: 'r', reason: 'granted', policy }
      : {
          kind: 'deny',
          rule: 'default-deny',
          reason: 'no grant covers it',
          remedy: 'ask a person for a grant',
          policy,
        },
} satisfies PolicyDecider;

/** Runs the demo tools in place: denies by the policy, echoes, counts with progress, waits until it is cancelled. */
export function fakeDispatcher() {
  const calls: CallRequest[] = [];
  const cancelled: CallRequest[] = [];
  const run = async (request: CallRequest): Promise<ToolAnswer> => {
    const { tool, args, agent } = request;
    if (tool === 'demo__forbidden') {
      const details = { rule: 'default-deny', remedy: 'ask a person for a grant' };
      return { kind: 'error', error: { code: 'DENIED', message: 'no grant covers it', details } };
    }
    if (tool === 'demo__echo') return { kind: 'value', value: { agent, args } };
    if (tool === 'demo__text') return { kind: 'value', value: textOf(args) };
    if (tool === 'demo__crash') throw new Error('secret inside');
    if (tool === 'demo__count') return count(request);
    if (tool === 'demo__wait') return waitForCancel(request, cancelled);
    throw new SmcpError('TOOL_UNKNOWN', `no tool is called ${tool}; there are demo__echo and demo__forbidden`);
  };
  const dispatcher = {
    call: async (request): Promise<CallOutcome> => {
      calls.push(request);
      const answer = await run(request);
      return { invocation: uuidv7(), answer, receipt: { index: calls.length, leaf: 'bGVhZg==' } };
    },
    status: () => ({ lanes: [], callsTotal: calls.length }),
    drain: async () => {},
  } satisfies Dispatcher;
  return { ...dispatcher, calls, cancelled };
}

function textOf(args: JsonObject): Json {
  return 'x'.repeat(Number(args['length'] ?? 1));
}

async function count({ args, onProgress }: CallRequest): Promise<ToolAnswer> {
  const total = Number(args['total'] ?? 3);
  for (let progress = 1; progress <= total; progress++) {
    onProgress?.({ progress, total, message: 'p'.repeat(Number(args['length'] ?? 1)) });
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (args['late'] === true) setTimeout(() => onProgress?.({ progress: total + 1 }), 5);
  return { kind: 'value', value: total };
}

function waitForCancel(request: CallRequest, cancelled: CallRequest[]): Promise<ToolAnswer> {
  return new Promise((resolve) => {
    const onAbort = () => {
      cancelled.push(request);
      resolve({ kind: 'error', error: { code: 'CANCELLED', message: 'cancelled' } });
    };
    if (request.signal?.aborted === true) onAbort();
    else request.signal?.addEventListener('abort', onAbort, { once: true });
  });
}

export function memoryLogger() {
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void lines.push({ level, message, fields });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } satisfies Logger & {
    lines: unknown;
  };
}

export type TestDoor = Awaited<ReturnType<typeof openDoor>>;

type DoorOptions = { routes?: readonly HttpRoute[]; isReady?: () => boolean; port?: number; host?: string };

/** A gateway over the fakes that does not listen yet. */
export function createDoor({ routes = [], isReady = () => true, port = 0, host = '127.0.0.1' }: DoorOptions = {}) {
  const authenticator = fakeAuthenticator();
  const dispatcher = fakeDispatcher();
  const logger = memoryLogger();
  const ports = { authenticator, dispatcher, catalog: fakeCatalog, policy: fakePolicy, clock: systemClock, logger };
  const gateway: Gateway = createGateway(ports, { host, port, names: [], version: '1.2.3', routes, isReady });
  return { gateway, listen: gateway.listen, authenticator, dispatcher, logger };
}

/** A gateway that listens on a free port of 127.0.0.1. Close it after the test. */
export async function openDoor(options: DoorOptions = {}) {
  const door = createDoor(options);
  const { url } = await door.listen();
  return { ...door, url, port: Number(new URL(url).port) };
}
