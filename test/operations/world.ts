// A small working world around the operations: a real dispatcher, freezes and admin tools, over a policy, tokens, a plugin
// and a log in memory. Every draft of the log is kept, and what was done in which order.

import { joinCatalogs } from '#app/tool-catalog.ts';
import { createApprovals } from '#approvals/approvals.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import { type Digest, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { silentLogger } from '#base/log.ts';
import { createDispatcher } from '#dispatch/dispatcher.ts';
import type { TokenRow } from '#domain/agent.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { RecordLog, RecordReader, SignedTokens, TokenAuthority } from '#domain/ports.ts';
import type { RecordDraft } from '#domain/record.ts';
import type { Broker, PluginRuntime } from '#domain/sandbox-ports.ts';
import type { SecretAdmin, SecretView } from '#domain/secret-ports.ts';
import { createFreezes } from '#freeze/freezes.ts';
import { createSignedRevocations } from '#identity/oauth/revocations.ts';
import { createLabelBook } from '#labels/label-book.ts';
import { createAdminToolCatalog, createAdminTools } from '#operations/admin-tools.ts';
import type { Operation, Services } from '#operations/operation.ts';
import { OPERATIONS } from '#operations/table.ts';
import { createActs } from '#people/acts.ts';
import { createActStore } from '#store/act-rows.ts';
import { createApprovalStore } from '#store/approval-store.ts';
import { createKeyedCallStore } from '#store/keyed-calls.ts';
import { createLabelStore } from '#store/label-rows.ts';
import { migrate } from '#store/migrations.ts';
import { openDatabase } from '#store/sqlite.ts';
import { createFreezeStore } from '#store/state-stores.ts';
import { question } from '#test/approvals/world.ts';
import { createFakeTarget, createOutboxWorld, TAKEN } from '#test/notify/world.ts';
import { createPlugins } from './fake-plugin.ts';
import { ana, createPolicy } from './fake-policy.ts';
import { createReview } from './fake-review.ts';
import { createSettings } from './fake-settings.ts';
import { GOOD_INPUT } from './good-input.ts';
import { createRealPeople } from './real-people.ts';

/** The operation of this name. */
export const operation = (name: string): Operation => {
  const found = OPERATIONS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(name);
  return found;
};

function createTokens(did: string[]) {
  const rows: TokenRow[] = [];
  return {
    authenticate: () => undefined,
    stillHolds: () => false,
    isRevoked: () => false,
    signedBy: () => undefined,
    issue: (agent, { expiresInMs }) => {
      did.push('issue');
      const expires = expiresInMs === undefined ? {} : { expiresMs: expiresInMs };
      const id = `id${rows.length + 1}`;
      rows.push({ id, agent, secretHash: '', createdMs: 0, ...expires });
      return { id, agent, token: 'smcp_secret', ...expires };
    },
    exchange: () => Promise.reject(new SmcpError('TOKENS_FULL', 'no tokens are exchanged here')),
    list: () => rows,
    revoke: (id) => {
      const index = rows.findIndex((row) => row.id === id);
      const row = rows[index];
      if (row === undefined) throw new SmcpError('TOKEN_UNKNOWN', 'no token has this id');
      rows[index] = { ...row, revokedMs: 1 };
    },
    onChange: () => () => {},
  } satisfies TokenAuthority;
}

/** One issuer, whose tokens are revoked in memory. */
function createSignedTokens(clock: Clock): SignedTokens {
  const store = new Map<string, string>();
  const meta = {
    get: (key: string) => store.get(key),
    put: (key: string, value: string) => void store.set(key, value),
  };
  const revocations = createSignedRevocations({ store: meta, clock, logger: silentLogger });
  return { ownerOf: () => undefined, issuers: ['https://issuer.example'], revocations };
}

/** Names in memory; nobody asks for a value. */
function createSecrets() {
  const views = new Map<string, SecretView>();
  return {
    list: () => [...views.values()],
    set: (name, value) => {
      if (value.length < 8) throw new SmcpError('SECRET_INVALID', `the value of ${name} is too short`);
      const view: SecretView = { name, source: 'stored', setMs: 0 };
      views.set(name, view);
      return view;
    },
    remove: (name) => {
      if (!views.delete(name)) throw new SmcpError('SECRET_MISSING', `${name} is not set`);
    },
  } satisfies SecretAdmin;
}

/** A record that can be read and proven, at index 0, and behind the end one of a call. */
function createLog(did: string[]) {
  const drafts: RecordDraft[] = [];
  /** `onDisk`: what an append waits for. */
  const state = { isDiskFull: false, onDisk: Promise.resolve() };
  const envelope = JSON.stringify({ payload: Buffer.from('{"predicate":{}}').toString('base64') });
  const proven = { index: 0, envelope, leaf: 'bGVhZg==', inclusion: [] };
  const keys = [{ keyid: 'k', alg: 'ed25519', spki: 'pem', fromIndex: 0, toIndex: null }];
  const log = {
    append: async (draft: RecordDraft) => {
      if (state.isDiskFull) throw new SmcpError('LOG_UNAVAILABLE', 'disk full');
      drafts.push(draft);
      did.push('record');
      await state.onDisk;
      return { index: drafts.length - 1, leaf: '' };
    },
    size: () => 1,
    record: (index) =>
      index < 2 ? { ...proven, index, invocation: index === 0 ? '' : 'call', disclosed: {} } : undefined,
    findInvocation: () => [],
    closings: () => [],
    checkpoint: () => undefined,
    vkey: () => 'v',
    keys: () => keys,
    tile: () => undefined,
    prove: (index) =>
      index === 0 ? { bundle: 1, record: proven, opening: proven, checkpoint: 'c', keys, vkey: 'v' } : undefined,
  } satisfies RecordLog & RecordReader;
  return { log, drafts, state };
}

/** A runtime whose calls run until they are ended; and then until `mayEnd`. */
function createRuntime() {
  const state = { mayEnd: Promise.resolve(), ended: 0 };
  const usage = { cpuMs: 0, wallMs: 0, heapBytesPeak: 0 };
  const runtime = {
    run: ({ signal }) =>
      new Promise<RunOutcome>((resolve) => {
        const end = async () => {
          await state.mayEnd;
          state.ended += 1;
          resolve({ kind: 'cancelled', effect: 'known', usage });
        };
        if (signal.aborted) void end();
        signal.addEventListener('abort', end, { once: true });
      }),
    profile: () => ({ tier: 'isolate', digest: sha256('profile') as Digest, layers: ['process'] }),
    layers: () => [],
    end: async () => {},
    close: async () => {},
  } satisfies PluginRuntime;
  return { runtime, state };
}

export type World = ReturnType<typeof createWorld>;

/** Agents: `ana` may call the plugin's tool, `bea` also every admin tool. */
export function createWorld() {
  const did: string[] = [];
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  const clock = systemClock;
  const logger = silentLogger;
  const { policy, grants, versions, state: policyState } = createPolicy(did);
  const tokens = createTokens(did);
  const plugins = createPlugins();
  const { log, drafts, state } = createLog(did);
  const { runtime, state: runs } = createRuntime();
  const freezes = createFreezes({ store: createFreezeStore(database), clock });
  const approvals = createApprovals({
    ...{
      store: createApprovalStore(database),
      log,
      clock,
      logger,
      givers: { problem: () => undefined },
    },
  });
  const labels = createLabelBook(createLabelStore(database));
  const tools = joinCatalogs(plugins, createAdminToolCatalog());
  const adminTools = createAdminTools({ services: () => services, logger });
  const broker = {
    open: () => ({
      handle: () => null,
      used: () => [],
      transcript: () => undefined,
      traffic: { asked: () => {}, answered: () => {} },
    }),
  } satisfies Broker;
  // In memory there is no disk to wait for.
  const keyedCalls = createKeyedCallStore({
    ...database,
    transactionThenSync: async (work) => database.transaction(work),
  });
  const ports = { policy, freezes, approvals, labels, runtime, adminTools, broker, log, keyedCalls, clock, logger };
  const dispatcher = createDispatcher({ catalog: tools, ...ports });
  const secrets = createSecrets();
  const acts = createActs({ clock, logger, store: createActStore(database) });
  const people = createRealPeople(database, { log, people: policy.people });
  const notices = createOutboxWorld().open([createFakeTarget('webhook-1', () => TAKEN).channel]);
  const settings = createSettings(did);
  const services: Services = {
    ...{
      tokens,
      signedTokens: createSignedTokens(clock),
      policy,
      catalog: plugins,
      tools,
      plugins,
      freezes,
      approvals,
      people,
      acts,
      labels,
      notices,
      secrets,
      settings,
      dispatcher,
      log,
      clock,
    },
    enforce: async () => {
      did.push('enforce');
      await dispatcher.reconsider();
      return dispatcher.untilEnded();
    },
    replayer: {
      replay: async () => {
        did.push('replay');
        return { outcome: 'same', reason: 'r', index: 0, tool: 't', hostCalls: 0, engine: {} };
      },
    },
    review: createReview(policy),
    layers: runtime.layers,
    server: { version: '1', startedMs: 0, isReady: () => true },
  };
  /** Calls the plugin's tool; it runs (or waits behind the one before) until it is ended. */
  const startCall = (agent = ana) => dispatcher.call({ agent, door: 'mcp', tool: 'paint__wall', args: {} });
  return { services, adminTools, drafts, did, state, runs, policyState, grants, versions, startCall };
}

export const person = { by: 'admin', kind: 'person' } as const;
export const asBea = { by: 'bea', kind: 'agent' } as const;

/** What must be there before an operation can succeed; the rest of its input. */
export async function prepare(world: World, name: string) {
  const input = GOOD_INPUT[name] ?? {};
  if (name === 'approvals_show' || name === 'approvals_deny' || name === 'approvals_approve') {
    const { id, digest } = world.services.approvals.request(question({ agent: ana }));
    return { input: name === 'approvals_approve' ? { id, digest } : { id } };
  }
  if (name === 'agent_revoke') world.services.tokens.issue(ana, {});
  if (name === 'secret_rm') world.services.secrets.set('PAINT_KEY', 'a value that is long enough', 'admin');
  if (name !== 'queue_cancel') return { input };
  const ended = world.startCall();
  while (world.services.dispatcher.calls()[0]?.state !== 'running') await new Promise(setImmediate);
  return { input: { id: world.services.dispatcher.calls()[0]?.invocation ?? '' }, ended };
}
