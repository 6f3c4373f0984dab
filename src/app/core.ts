// What runs behind the doors of a server: every feature, joined by its ports. Taken down in reverse by the stack.

import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openApprovals } from '#app/approvals.ts';
import { openBroker } from '#app/broker.ts';
import { createEnforcer } from '#app/enforce.ts';
import { initialiseHome } from '#app/initialise-home.ts';
import { openAuthenticator } from '#app/issuer.ts';
import { tellingOfBrokenLog } from '#app/notices/broken-log.ts';
import { toldFreezes } from '#app/notices/freezes.ts';
import { toldLog } from '#app/notices/loops.ts';
import { openChannels, openNotices } from '#app/notices/open.ts';
import { lastRecorded, tellOfEvents } from '#app/notices/sources.ts';
import { type OpenPeople, openPeople } from '#app/people.ts';
import { openProcesses } from '#app/process-tier.ts';
import { openRanCode, type RanCode } from '#app/ran-code.ts';
import { recordNewPlugin } from '#app/record-plugins.ts';
import { openReplayer } from '#app/replays.ts';
import { seenDirectories } from '#app/seen-directories.ts';
import { openSettings } from '#app/settings.ts';
import { joinCatalogs } from '#app/tool-catalog.ts';
import { createTrialLog, type TrialLog } from '#app/trial/trial-log.ts';
import { openWorkspaces } from '#app/workspaces.ts';
import { systemClock } from '#base/clock.ts';
import { asSmcpError } from '#base/errors.ts';
import { AVAILABLE_CAPABILITIES } from '#broker/broker.ts';
import { createDispatcher } from '#dispatch/dispatcher.ts';
import type { DispatcherPorts } from '#dispatch/dispatcher-ports.ts';
import type { PluginProber } from '#domain/discovery-ports.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { Dispatcher, DoorAuthenticator, ToolCaller } from '#domain/ports.ts';
import type { PluginRuntime, ProgramRunner } from '#domain/sandbox-ports.ts';
import type { Store } from '#domain/store-ports.ts';
import { createFreezes } from '#freeze/freezes.ts';
import { createTokenAuthority, type TokenService } from '#identity/tokens.ts';
import { createLabelBook } from '#labels/label-book.ts';
import { createAdminToolCatalog, createAdminTools } from '#operations/admin-tools.ts';
import type { Services } from '#operations/operation.ts';
import type { PolicyPorts } from '#policy/policy-ports.ts';
import { createPolicyService, type PolicyService } from '#policy/policy-service.ts';
import { createPolicyThread } from '#policy/policy-thread.ts';
import { createPolicyReview } from '#policy/review/review.ts';
import { createRecordLog, type OpenRecordLog } from '#provenance/record-log.ts';
import { loadRegistry, type Registry } from '#registry/load-registry.ts';
import { createPluginCode } from '#registry/plugin-copies.ts';
import { type Confinement, createConfinement } from '#sandbox/host/confinement.ts';
import { createIsolateRuntime } from '#sandbox/host/isolate-runtime.ts';
import { createPluginRuntime } from '#sandbox/host/plugin-runtime.ts';
import { openWall } from '#sandbox/host/wall.ts';
import { createSecrets, type Secrets } from '#secrets/secrets.ts';
import { lockHome } from '#store/lock-home.ts';
import { openStore } from '#store/open-store.ts';
import type { AppOptions } from './app-options.ts';
import type { MaskedLogger } from './masked-logger.ts';

/** `logger`: masks what `secrets` knows, once they are open. */
export type CoreOptions = AppOptions & { readonly logger: MaskedLogger };

export type Core = OpenPeople & {
  readonly services: Services;
  /** Ready once the doors are open, until it stops. */
  readonly readiness: { isReady: boolean };
  /** Aborted when the server begins to stop: what would only be waited for is given up then. */
  readonly stopping: AbortController;
  /** Of our own tokens, and of those of another issuer where one is configured. */
  readonly authenticator: DoorAuthenticator;
  /** For the self-test of the start: tokens that no store has, and the log as the dispatcher has it meanwhile. */
  readonly tryTokens: TokenService['tryOut'];
  readonly beginTrial: TrialLog<OpenRecordLog>['begin'];
};

/** What is kept: the home's database, the log in it, and the secrets that open and sign them. */
type Kept = {
  readonly store: Store;
  readonly log: OpenRecordLog;
  readonly adminToken: string;
  readonly lastRunMs: RanCode['lastRunMs'];
};

type PolicyParts = Pick<PolicyPorts, 'recordLog' | 'catalog'> & {
  readonly store: Store;
  readonly thread: ReturnType<typeof createPolicyThread>;
  readonly settings: ReturnType<typeof openSettings>;
};

/** Takes the home's lock first; what a server that crashed left behind is mended or removed. */
export async function buildCore(options: CoreOptions, stack: AsyncDisposableStack): Promise<Core> {
  const { home, logger } = options;
  const clock = systemClock;
  const { store, log: ownLog, adminToken, lastRunMs } = await openKept(options, stack);
  const secrets = openSecrets(options, store);
  const outbox = openNotices(options, { store, log: ownLog, secrets }, stack);
  const log = toldLog(ownLog, outbox);
  const policyBefore = lastRecorded(store.policies);
  const settings = openSettings(options);
  const files = openWorkspaces(options, settings, stack);
  const { runtime, prober, programs, confinement } = await openSandbox(options, stack);
  const catalog = await openRegistry(options, stack, {
    ...{ kept: { store, log, adminToken, lastRunMs }, runtime, confinement, hasFiles: files !== undefined },
    ...(prober === undefined ? {} : { prober }),
  });
  const tools = joinCatalogs(catalog, createAdminToolCatalog());
  const thread = stack.adopt(createPolicyThread(), (opened) => opened.close());
  const policy = await openPolicy(options, stack, { store, recordLog: log, catalog: tools.tools, thread, settings });
  const tokens = stack.adopt(createTokenAuthority({ store: store.tokens, clock, adminToken }), (opened) =>
    opened.close(),
  );
  const freezes = toldFreezes(createFreezes({ store: store.freezes, clock }), { ...outbox, clock });
  const { authenticator, signedTokens, stopping } = openAuthenticator(
    options,
    { tokens, policy, tools, meta: store.meta },
    stack,
  );
  const persons = openPeople(options, { store, log }, policy.people);
  const asked = { store, log, notices: outbox, secrets, policy, freezes, tools, desk: persons.people };
  const { approvals, notices } = openApprovals(options, { ...asked, stillHolds: authenticator.stillHolds }, stack);
  const labels = createLabelBook(store.labels);
  const trial = createTrialLog(log);
  const ports: DispatcherPorts = {
    ...{ catalog: tools, policy, freezes, approvals, labels, secrets, runtime, log: trial.log, clock, logger },
    broker: openBroker(options, { store, programs, files, callTool: (request) => dispatcher.callTool(request) }),
    // Asked for at each call: the operations work on the dispatcher that carries them out.
    adminTools: createAdminTools({ services: () => services, logger }),
    keyedCalls: store.keyedCalls,
  };
  const dispatcher: Dispatcher & ToolCaller = createDispatcher(ports, { isCounted: trial.isOver });
  log.expect(dispatcher.running);
  const enforce = createEnforcer({ dispatcher, runtime, freezes, plugins: catalog.plugins, logger });
  for (const { onChange } of [policy, authenticator, catalog, freezes]) onChange(() => void enforce());
  const watch = tellOfEvents(
    { ...{ notices: outbox, policy, store, log, catalog, thread, clock, logger }, layers: runtime.layers },
    { policyBefore, tools: tools.tools },
    stack,
  );
  settings.onChange(policy.lookAgain);
  const readiness = { isReady: false };
  const services: Services = {
    ...{ tokens, signedTokens, policy, catalog, tools, freezes, approvals, notices, labels, secrets },
    ...{ dispatcher, log, enforce, clock },
    ...{ people: persons.people, acts: persons.acts },
    settings,
    plugins: watch.lookingAfter(catalog),
    replayer: openReplayer({ log, confinement, logger, home: home.directory, version: options.version }, stack),
    review: createPolicyReview({ policy, records: log, catalog: tools.tools, thread, clock }),
    layers: runtime.layers,
    server: { version: options.version, startedMs: clock.nowMs(), isReady: () => readiness.isReady },
  };
  return {
    services,
    ...persons,
    readiness,
    stopping,
    authenticator,
    tryTokens: tokens.tryOut,
    beginTrial: trial.begin,
  };
}

async function openPolicy(
  { home, policyFile, logger }: CoreOptions,
  stack: AsyncDisposableStack,
  { store, thread, settings, ...ports }: PolicyParts,
): Promise<PolicyService> {
  return stack.adopt(
    await createPolicyService(
      { store: store.policies, counters: store.counters, thread, clock: systemClock, logger, ...ports },
      { file: policyFile ?? home.policy, apply: () => settings.current().policy.apply },
    ),
    async (opened) => {
      // A change whose text is still being checked is given up, not waited for.
      await thread.close();
      await opened.close();
    },
  );
}

function openSecrets({ home, config, logger }: CoreOptions, { secrets: store }: Store): Secrets {
  const { keyFile, sources } = config.secrets;
  const opened = createSecrets(
    { store, clock: systemClock, logger, env: process.env },
    {
      home: home.directory,
      keyFile: keyFile === undefined ? join(home.keys, 'secrets.key') : resolve(home.directory, keyFile),
      sources,
    },
  );
  logger.maskWith(opened.knownMask);
  return opened;
}

type Sandbox = {
  readonly runtime: PluginRuntime;
  readonly confinement: Confinement;
  /** Absent: there is no place for programs to work in, so plugins of runtime `process` are refused. */
  readonly prober?: PluginProber;
  readonly programs?: ProgramRunner;
};

/** Both tiers stand behind one wall. It is taken down when their last process has ended. */
async function openSandbox(
  { config, logger, home, version }: AppOptions,
  stack: AsyncDisposableStack,
): Promise<Sandbox> {
  const wall = stack.use(openWall({ users: config.sandbox.users }));
  const dumps = wall.limitDumps();
  if (!dumps.inForce) logger.warn("a crash may leave a copy of the server's memory", { found: dumps.detail });
  const confinement = stack.use(createConfinement(wall));
  const isolate = createIsolateRuntime(
    { clock: systemClock, logger, confinement, code: createPluginCode({ logger }) },
    { product: version },
  );
  const processes = await openProcesses({ wall, logger }, home.directory).catch((thrown: unknown) => {
    const { code, message } = asSmcpError(thrown);
    logger.error('plugins of runtime `process` are refused', { code, error: message });
    return undefined;
  });
  const tiers = processes === undefined ? { isolate } : { isolate, process: processes.runtime };
  const runtime = stack.adopt(createPluginRuntime(tiers), (opened) => opened.close());
  return { ...processes, runtime, confinement };
}

async function openKept(options: CoreOptions, stack: AsyncDisposableStack): Promise<Kept> {
  const { home, config, logger } = options;
  stack.use(lockHome(home.directory));
  // What a server that crashed left behind would send the admin token to whoever listens there now.
  rmSync(home.server, { force: true });
  const store = stack.adopt(openStore(home.database), (opened) => opened.close());
  const hasLog = store.log.size() > 0;
  const made = initialiseHome(home, { hasLog, makesPolicy: !hasLog && options.policyFile === undefined });
  const channels = () => openChannels(options, { store, secrets: openSecrets(options, store) });
  const log = stack.adopt(
    await tellingOfBrokenLog({ meta: store.meta, channels, clock: systemClock, logger }, () =>
      createRecordLog(
        { store, signers: made.signers, clock: systemClock, logger },
        { homeDir: home.directory, name: config.log.name },
      ),
    ),
    (opened) => opened.close(),
  );
  const ran = openRanCode({ meta: store.meta, clock: systemClock, logger }, home.directory);
  return { store, log: ran.noting(log), adminToken: made.adminToken, lastRunMs: ran.lastRunMs };
}

async function openRegistry(
  { home, config, logger, productPlugins, externalPlugins, version }: AppOptions,
  stack: AsyncDisposableStack,
  { kept, runtime, hasFiles, ...asking }: Sandbox & { readonly kept: Kept; readonly hasFiles: boolean },
): Promise<Registry> {
  const { store, log, lastRunMs } = kept;
  const clock = systemClock;
  const record = (plugin: Plugin) => recordNewPlugin({ log, meta: store.meta, clock }, plugin);
  const seen = seenDirectories(store.meta);
  return stack.adopt(
    await loadRegistry(
      { logger, clock, disabled: store.disabledPlugins, record, seen, lastRunMs, ...asking },
      {
        directories: [
          { path: productPlugins, origin: 'product' },
          ...externalPlugins.map((path) => ({ path, origin: 'external' as const })),
        ],
        home: home.directory,
        product: version,
        approve: config.approve,
        availableCapabilities: AVAILABLE_CAPABILITIES.filter((kind) => kind !== 'files' || hasFiles),
        ...config.discovered,
        admit: (plugin) => void runtime.profile(plugin, plugin.manifest.capabilities ?? {}),
      },
    ),
    (opened) => opened.close(),
  );
}
