// Small working models of what stands behind the doors, and a gateway on a free port with them.

import { isDeepStrictEqual } from 'node:util';
import { systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { type ExactJsonObject, roundedJson } from '#base/exact-json.ts';
import { uuidv7 } from '#base/ids.ts';
import { createListeners } from '#base/listeners.ts';
import type { LogFields, Logger } from '#base/log.ts';
import { type AgentName, type Principal, parseAgentName } from '#domain/agent.ts';
import { denialError } from '#domain/answer.ts';
import type { Decision } from '#domain/decision.ts';
import type { CallOutcome, CallRequest, ToolAnswer } from '#domain/invocation.ts';
import type { Plugin, PluginTool } from '#domain/manifest.ts';
import type { PolicyDecider } from '#domain/policy-ports.ts';
import type { Dispatcher, TokenAuthority, ToolCatalog } from '#domain/ports.ts';
import type { Tool } from '#domain/tool.ts';
import { NOTHING_TAKEN } from '#domain/usage.ts';
import { createGateway, type Gateway, type GatewayOptions } from '#gateway/server.ts';
import { count, textOf, waitForCancel } from './fake-runs.ts';

export function agentName(text: string): AgentName {
  const name = parseAgentName(text);
  if (name === undefined) throw new Error(`not an agent's name: ${text}`);
  return name;
}

export const ATHENA = agentName('athena');
export const HERMES = agentName('hermes');

/** Tokens in a map; a token that is deleted is revoked, which nobody is told of until `tell` is called. */
export function fakeAuthenticator() {
  const { onChange, tell } = createListeners();
  const tokens = new Map<string, { principal: Principal; expiresMs?: number }>([
    ['athena-token', { principal: { kind: 'agent', agent: ATHENA, tokenId: 't1' } }],
    ['athena-second', { principal: { kind: 'agent', agent: ATHENA, tokenId: 't2' } }],
    ['hermes-token', { principal: { kind: 'agent', agent: HERMES, tokenId: 't3' } }],
    ['expired-token', { principal: { kind: 'agent', agent: ATHENA, tokenId: 't4' }, expiresMs: 1 }],
    ['admin-token', { principal: { kind: 'admin', tokenId: 'admin' } }],
  ]);
  const authenticate = (token: string): Principal | undefined => {
    const row = tokens.get(token);
    return row === undefined || (row.expiresMs ?? Number.POSITIVE_INFINITY) < Date.now() ? undefined : row.principal;
  };
  const authenticator = {
    authenticate,
    stillHolds: ({ tokenId }) =>
      [...tokens].some(([token, { principal }]) => principal.tokenId === tokenId && authenticate(token) !== undefined),
    onChange,
  } satisfies Pick<TokenAuthority, 'authenticate' | 'stillHolds' | 'onChange'>;
  return { ...authenticator, tokens, tell };
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
  fakeTool('drop', { effect: 'write', capabilities: { store: { bytesMax: 1024 } } }),
  fakeTool('echo', {
    title: 'Echo',
    inputSchema: { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: true },
    outputSchema: { type: 'object', required: ['args'] },
    checkInput: ({ text }) =>
      text === undefined || typeof text === 'string' ? [] : [{ pointer: '/text', message: 'must be string' }],
  }),
  fakeTool('count', { effect: 'read', capabilities: { files: [{ path: 'x', access: 'read' }] } }),
  fakeTool('forbidden', { effect: 'write', capabilities: { net: [] } }),
  fakeTool('text'),
  fakeTool('wait'),
].toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** `replace` puts other tools in force and tells. */
export function fakeCatalog() {
  const { onChange, tell } = createListeners();
  let tools: readonly Tool[] = TOOLS;
  const catalog = {
    tool: (name) => tools.find((tool) => tool.name === name),
    tools: () => tools,
    onChange,
  } satisfies ToolCatalog;
  return {
    ...catalog,
    replace: (others: readonly Tool[]) => {
      tools = others;
      tell();
    },
  };
}

/** What an agent may do: tools by name, or all of the demo plugin but `forbidden`. */
type Grants = ReadonlySet<string> | 'demo';

/**
 * Hermes may call `echo`, others everything but `forbidden`; a deny rule for everyone forbids `drop`, and a person is asked about
 * `ask`. `grant` changes it.
 */
export function fakePolicy() {
  const { onChange, tell } = createListeners();
  const ref = { version: 1, digest: NOTHING };
  const grants = new Map<AgentName, Grants>([[HERMES, new Set(['demo__echo'])]]);
  const isGranted = (agent: AgentName, name: string) => {
    const own = grants.get(agent) ?? 'demo';
    return own === 'demo' ? name.startsWith('demo__') && name !== 'demo__forbidden' : own.has(name);
  };
  const decide = (agent: AgentName, name: string): Decision => {
    if (name === 'demo__drop') {
      return { kind: 'deny', rule: 'no-drops', reason: 'done by hand', remedy: 'ask a person to do it', policy: ref };
    }
    if (name === 'demo__full') {
      const exceeded = { unit: 'calls', limit: 1, used: 1, perMs: 1_000, resetsMs: 1_000 } as const;
      return { kind: 'deny', rule: 'no-room', reason: 'full', remedy: 'wait', exceeded, policy: ref };
    }
    const terms = { ttlMs: 1, trustsClient: false };
    if (name === 'demo__ask') {
      return { kind: 'ask', rule: 'r', reason: 'asked', remedy: 'ask', ruleDigest: NOTHING, terms, policy: ref };
    }
    if (isGranted(agent, name)) return { kind: 'allow', rule: 'r', reason: 'granted', policy: ref };
    const remedy = 'ask a person for a grant';
    return { kind: 'deny', rule: 'default-deny', reason: 'no grant covers it', remedy, policy: ref };
  };
  const policy = {
    mayCall: (agent, name, _nowMs) => decide(agent, name).kind === 'allow',
    current: () => ref,
    decide: ({ agent, tool }) => decide(agent, tool.name),
    take: () => NOTHING_TAKEN,
    onChange,
  } satisfies PolicyDecider;
  return {
    ...policy,
    tell,
    grant: (agent: AgentName, tools: Grants) => {
      grants.set(agent, tools);
      tell();
    },
  };
}

const CONFLICT: ToolAnswer = {
  kind: 'error',
  error: { code: 'IDEMPOTENCY_CONFLICT', message: 'the key was used with other arguments' },
};

/**
 * Runs the demo tools in place: denies by the policy and by freezes, has nobody approve what is asked, refuses arguments, echoes, counts with progress, waits
 * until it is cancelled. Answers under an idempotency key are given again.
 */
export function fakeDispatcher(
  policy: Pick<PolicyDecider, 'decide'> = fakePolicy(),
  catalog: ToolCatalog = fakeCatalog(),
) {
  const calls: CallRequest[] = [];
  const cancelled: CallRequest[] = [];
  const frozen = new Set<AgentName>();
  const answers = new Map<string, ToolAnswer>();
  const kept = new Map<string, { args: ExactJsonObject; outcome: CallOutcome }>();
  const refuse = ({ agent, tool: name, args, strayArgs, approval, asserted }: CallRequest): ToolAnswer | undefined => {
    if (frozen.has(agent)) {
      const details = { scope: `agent ${agent}`, remedy: 'a person lifts it with: smcp unfreeze' };
      return { kind: 'error', error: { code: 'FROZEN', message: `agent ${agent}: frozen by admin`, details } };
    }
    const decision = policy.decide({ agent, tool: { name }, args, nowMs: 0 });
    if (decision.kind === 'deny') {
      return { kind: 'error', error: denialError(decision) };
    }
    if (decision.kind === 'ask') {
      if (asserted?.isApproved === true) return { kind: 'value', value: {} };
      const code = approval === undefined ? 'APPROVAL_PENDING' : 'APPROVAL_UNKNOWN';
      return { kind: 'error', error: { code, message: 'nobody has approved it' } };
    }
    const tool = catalog.tool(name);
    const problems =
      strayArgs === undefined ? tool?.checkInput(roundedJson(args)) : [{ pointer: '', message: 'must be object' }];
    if (problems === undefined || problems.length === 0) return undefined;
    return { kind: 'error', error: { code: 'ARGUMENTS_INVALID', message: `the arguments don't fit ${name}` } };
  };
  const run = async (request: CallRequest): Promise<ToolAnswer> => {
    const { tool, agent } = request;
    const args = roundedJson(request.args);
    const refused = refuse(request);
    if (refused !== undefined) return refused;
    const set = answers.get(tool);
    if (set !== undefined) return set;
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
      const key = `${request.agent} ${request.tool} ${request.idempotencyKey}`;
      const earlier = kept.get(key);
      if (earlier !== undefined && isDeepStrictEqual(earlier.args, request.args)) {
        return { ...earlier.outcome, isReplayed: true };
      }
      const answer = earlier === undefined ? await run(request) : CONFLICT;
      const isAsked = request.tool === 'demo__ask' && request.canAskClient === true && request.asserted === undefined;
      const asked = isAsked
        ? { asked: { id: '0123456789abcdef', argsJson: '{}', expiresMs: 0, seen: [], actors: [] } }
        : {};
      const receipt = { index: calls.length, leaf: 'bGVhZg==' };
      const outcome: CallOutcome = { invocation: uuidv7(), answer, receipt, ...asked };
      if (request.idempotencyKey !== undefined) kept.set(key, { args: request.args, outcome });
      return outcome;
    },
    status: () => ({ lanes: [], callsTotal: calls.length }),
    calls: () => [],
    cancel: () => {
      throw new SmcpError('CALL_UNKNOWN', 'no such call');
    },
    flush: () => 0,
    pause: () => {},
    resume: () => {},
    reconsider: async () => {},
    running: () => 0,
    untilEnded: async () => [],
    drain: async () => {},
  } satisfies Dispatcher;
  return { ...dispatcher, answers, requests: calls, cancelled, frozen };
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

type DoorOptions = Partial<Pick<GatewayOptions, 'routes' | 'isReady' | 'port' | 'host' | 'trustProxy'>>;

/** A gateway over the fakes that does not listen yet. */
export function createDoor(options: DoorOptions = {}) {
  const authenticator = fakeAuthenticator();
  const policy = fakePolicy();
  const catalog = fakeCatalog();
  const dispatcher = fakeDispatcher(policy, catalog);
  const logger = memoryLogger();
  const ports = { authenticator, dispatcher, catalog, policy, clock: systemClock, logger };
  const own = { host: '127.0.0.1', port: 0, names: [], version: '1.2.3', routes: [], isReady: () => true };
  const gateway: Gateway = createGateway(ports, { ...own, ...options });
  return { gateway, listen: gateway.listen, authenticator, policy, catalog, dispatcher, logger };
}

/** A gateway that listens on a free port of 127.0.0.1. Close it after the test. */
export async function openDoor(options: DoorOptions = {}) {
  const door = createDoor(options);
  const { url } = await door.listen();
  return { ...door, url, port: Number(new URL(url).port) };
}
