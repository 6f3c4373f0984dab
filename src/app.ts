// Builds every object of a server, joins their ports, and takes them down in reverse. The one place where features meet.

import { rmSync } from 'node:fs';
import { logRoutes } from '#admin/log-routes.ts';
import { adminRoutes } from '#admin/routes.ts';
import { createEnforcer } from '#app/enforce.ts';
import { demoAgent, FIRST_POLICY } from '#app/first-policy.ts';
import { initialiseHome } from '#app/initialise-home.ts';
import { recordNewPlugin } from '#app/record-plugins.ts';
import { joinCatalogs } from '#app/tool-catalog.ts';
import { systemClock } from '#base/clock.ts';
import { replaceFile } from '#base/durable-file.ts';
import { SmcpError } from '#base/errors.ts';
import { invariant } from '#base/invariant.ts';
import { isJsonObject } from '#base/json.ts';
import type { Logger } from '#base/log.ts';
import { AVAILABLE_CAPABILITIES, createBroker } from '#broker/broker.ts';
import type { Config } from '#config/config.ts';
import type { Home } from '#config/home.ts';
import { createDispatcher } from '#dispatch/dispatcher.ts';
import type { PolicyRef } from '#domain/decision.ts';
import type { Plugin } from '#domain/manifest.ts';
import { createFreezes } from '#freeze/freezes.ts';
import { createGateway, type Gateway } from '#gateway/server.ts';
import { createStdioDoor, type StdioDoor } from '#gateway/stdio-door.ts';
import { createTokenAuthority } from '#identity/tokens.ts';
import { createAdminToolCatalog, createAdminTools } from '#operations/admin-tools.ts';
import type { Services } from '#operations/operation.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { OPERATIONS } from '#operations/table.ts';
import { createPolicyService } from '#policy/policy-service.ts';
import { createRecordLog } from '#provenance/record-log.ts';
import { loadRegistry } from '#registry/load-registry.ts';
import { createPluginCode } from '#registry/plugin-copies.ts';
import { createConfinement } from '#sandbox/host/confinement.ts';
import { createPluginRuntime } from '#sandbox/host/plugin-runtime.ts';
import { lockHome } from '#store/lock-home.ts';
import { openStore } from '#store/open-store.ts';

export type AppOptions = {
  readonly home: Home;
  readonly config: Config;
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
  readonly version: string;
  /** Directory of the plugins that come with the product. */
  readonly productPlugins: string;
  readonly externalPlugins: readonly string[];
  /** In place of the home's policy.yaml. */
  readonly policyFile?: string;
  /** Agents come by the socket in the home alone: no HTTP, so `host` and `port` are not used, and no token is issued. */
  readonly isSocketOnly?: boolean;
};

export type App = {
  /** '' without HTTP. */
  readonly url: string;
  /** Resolves once nobody is connected to the socket in the home. */
  readonly whenUnused: () => Promise<void>;
  readonly plugins: { readonly ready: number; readonly refused: number; readonly tools: number };
  /** Present at the first start that got as far as serving: the demo agent of the first policy and its token, shown once. */
  readonly firstStart?: { readonly agent: string; readonly token: string };
  readonly reloadPolicy: (by: string) => Promise<PolicyRef>;
  /** Drains, ends every process, closes the log and gives the home back. Safe to call twice. */
  readonly close: () => Promise<void>;
};

/**
 * Starts a server on a prepared home.
 *
 * @throws `HOME_LOCKED` · `HOME_UNSAFE` · `POLICY_INVALID` · `CONFIG_INVALID` · `LOG_TAMPERED` · `LOG_BEHIND` ·
 * `SERVER_UNAVAILABLE`; then nothing is left running.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const stack = new AsyncDisposableStack();
  try {
    return await build(options, stack);
  } catch (thrown) {
    await stack.disposeAsync();
    throw thrown;
  }
}

async function build(options: AppOptions, stack: AsyncDisposableStack): Promise<App> {
  const { home, logger } = options;
  const core = await buildCore(options, stack);
  const { services } = core;
  const isSocketOnly = options.isSocketOnly === true;
  const gateway = isSocketOnly ? undefined : buildGateway(options, core);
  if (gateway !== undefined) stack.defer(() => gateway.close());
  const socket = buildStdioDoor(options, core);
  stack.defer(() => socket.close());
  // Running calls end and are answered before the doors close.
  stack.defer(() => services.dispatcher.drain());
  const { url } = (await gateway?.listen()) ?? { url: '' };
  await openSocket(socket, options);
  replaceFile(home.server, `${JSON.stringify({ ...(isSocketOnly ? {} : { url }), pid: process.pid })}\n`, 0o600);
  stack.defer(() => rmSync(home.server, { force: true }));
  core.readiness.isReady = true;
  stack.defer(() => {
    core.readiness.isReady = false;
    logger.info('stopping: no new calls, running ones may end');
  });
  const isFirstStart =
    !isSocketOnly && services.policy.show().text === FIRST_POLICY && services.tokens.list().length === 0;
  const started = isFirstStart ? { firstStart: await firstStart(services) } : {};
  const owned = stack.move();
  let closed: Promise<void> | undefined;
  const reports = services.catalog.reports();
  return {
    url,
    whenUnused: socket.whenUnused,
    plugins: {
      ready: reports.filter(({ state }) => state === 'ready').length,
      refused: reports.filter(({ state }) => state === 'refused').length,
      tools: services.catalog.tools().length,
    },
    ...started,
    reloadPolicy: (by) => services.policy.reload({ by, mayWiden: true }),
    close: () => {
      closed ??= owned.disposeAsync();
      return closed;
    },
  };
}

/** What runs behind the doors. */
type Core = {
  readonly services: Services;
  /** Ready once the doors are open, until it stops. */
  readonly readiness: { isReady: boolean };
};

async function buildCore(options: AppOptions, stack: AsyncDisposableStack): Promise<Core> {
  const { home, config, logger } = options;
  const clock = systemClock;
  stack.use(lockHome(home.directory));
  // What a server that crashed left behind would send the admin token to whoever listens there now.
  rmSync(home.server, { force: true });
  const store = stack.adopt(openStore(home.database), (opened) => opened.close());
  const made = initialiseHome(home, { hasLog: store.log.size() > 0, ownPolicy: options.policyFile === undefined });
  const log = stack.adopt(
    await createRecordLog(
      { store, signers: made.signers, clock, logger },
      { homeDir: home.directory, name: config.log.name },
    ),
    (opened) => opened.close(),
  );
  const runtime = stack.adopt(
    createPluginRuntime({
      clock,
      logger,
      confinement: createConfinement(),
      code: createPluginCode({ logger }),
    }),
    (opened) => opened.close(),
  );
  const record = (plugin: Plugin) => recordNewPlugin({ log, meta: store.meta, clock }, plugin);
  const catalog = stack.adopt(
    await loadRegistry(
      { logger, clock, disabled: store.disabledPlugins, record },
      {
        directories: [
          { path: options.productPlugins, origin: 'product' },
          ...options.externalPlugins.map((path) => ({ path, origin: 'external' as const })),
        ],
        home: home.directory,
        availableCapabilities: AVAILABLE_CAPABILITIES,
        admit: (plugin) => void runtime.profile(plugin),
      },
    ),
    (opened) => opened.close(),
  );
  const policy = await createPolicyService(
    { store: store.policies, recordLog: log, catalog: catalog.tools, clock, logger },
    { file: options.policyFile ?? home.policy },
  );
  const tokens = createTokenAuthority({ store: store.tokens, clock, adminToken: made.adminToken });
  const broker = createBroker({ clock, logger });
  const freezes = createFreezes({ store: store.freezes, clock });
  const tools = joinCatalogs(catalog, createAdminToolCatalog());
  // Asked for at each call: the operations work on the dispatcher that carries them out.
  const adminTools = createAdminTools({ services: () => services, logger });
  const { keyedCalls } = store;
  const dispatcher = createDispatcher({
    catalog: tools,
    policy,
    freezes,
    runtime,
    adminTools,
    broker,
    log,
    keyedCalls,
    clock,
    logger,
  });
  const enforce = createEnforcer({ dispatcher, runtime, freezes, plugins: catalog.plugins, logger });
  for (const { onChange } of [policy, tokens, catalog]) onChange(() => void enforce());
  const readiness = { isReady: false };
  const server = { version: options.version, startedMs: clock.nowMs(), isReady: () => readiness.isReady };
  const services: Services = {
    ...{ tokens, policy, catalog, tools, plugins: catalog, freezes, dispatcher, log, enforce, clock, server },
    layers: runtime.layers,
  };
  return { services, readiness };
}

function buildGateway({ host, port, version, config, logger }: AppOptions, { services, readiness }: Core): Gateway {
  const { tokens: authenticator, dispatcher, tools: catalog, policy, clock, log } = services;
  return createGateway(
    { authenticator, dispatcher, catalog, policy, clock, logger },
    {
      host,
      port,
      names: config.server.names,
      version,
      routes: [
        ...adminRoutes(OPERATIONS, { run: createOperationRunner(services), dispatcher }, version),
        ...logRoutes(log, { isPublic: config.log.public }),
      ],
      isReady: () => readiness.isReady,
    },
  );
}

function buildStdioDoor({ home, isSocketOnly, version, logger }: AppOptions, { services }: Core): StdioDoor {
  const { dispatcher, tools: catalog, policy, clock } = services;
  return createStdioDoor(
    { dispatcher, catalog, policy, clock, logger, agents: policy.agents },
    { socket: home.socket, command: isSocketOnly === true ? 'stdio' : 'serve', version },
  );
}

/** A home on a file system without sockets can still be served over HTTP. What lies there in a socket's place is refused. */
async function openSocket(door: StdioDoor, { isSocketOnly, logger }: AppOptions): Promise<void> {
  try {
    await door.listen();
  } catch (thrown) {
    const isUnsafe = thrown instanceof SmcpError && thrown.code === 'HOME_UNSAFE';
    if (isSocketOnly === true || isUnsafe || !(thrown instanceof SmcpError)) throw thrown;
    logger.warn('agents can not come by smcp stdio', { code: thrown.code, error: thrown.message });
  }
}

/** A token for the demo agent of a home that was made just now; recorded like any other. */
async function firstStart(services: Services): Promise<NonNullable<App['firstStart']>> {
  const agent = demoAgent();
  const operation = OPERATIONS.find(({ name }) => name === 'agent_token');
  invariant(operation !== undefined, 'tokens are issued by an operation');
  const issued = await createOperationRunner(services)(
    operation,
    { name: agent },
    { by: 'first start', kind: 'person' },
  );
  invariant(isJsonObject(issued), 'an issued token is an object');
  return { agent, token: String(issued['token']) };
}
