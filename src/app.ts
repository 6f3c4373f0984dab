// Builds every object of a server, joins their ports, and takes them down in reverse. The one place where features meet.

import { rmSync } from 'node:fs';
import { adminRoutes, logRoutes } from '#admin/routes.ts';
import { demoAgent } from '#app/first-policy.ts';
import { initialiseHome } from '#app/initialise-home.ts';
import { recordNewPlugins } from '#app/record-plugins.ts';
import { systemClock } from '#base/clock.ts';
import type { Logger } from '#base/log.ts';
import { AVAILABLE_CAPABILITIES, createBroker } from '#broker/broker.ts';
import type { Config } from '#config/config.ts';
import type { Home } from '#config/home.ts';
import { createDispatcher } from '#dispatch/dispatcher.ts';
import type { PolicyRef } from '#domain/decision.ts';
import { createGateway } from '#gateway/server.ts';
import { createTokenAuthority } from '#identity/tokens.ts';
import type { Services } from '#operations/operation.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { OPERATIONS } from '#operations/table.ts';
import { createPolicyService } from '#policy/policy-service.ts';
import { replaceFile } from '#provenance/durable-file.ts';
import { createRecordLog } from '#provenance/record-log.ts';
import { loadRegistry } from '#registry/load-registry.ts';
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
};

export type App = {
  readonly url: string;
  readonly plugins: { readonly ready: number; readonly refused: number; readonly tools: number };
  /** Present when this start made the home: the demo agent and its token, which is shown once. */
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
  const { home, config, logger } = options;
  const clock = systemClock;
  stack.use(lockHome(home.directory));
  const store = stack.adopt(openStore(home.database), (opened) => opened.close());
  const made = initialiseHome(home, { hasLog: store.log.size() > 0, ownPolicy: options.policyFile === undefined });
  const log = stack.adopt(
    await createRecordLog(
      { store, signers: made.signers, clock, logger },
      { homeDir: home.directory, name: config.log.name },
    ),
    (opened) => opened.close(),
  );
  const runtime = stack.adopt(createPluginRuntime({ clock, logger, confinement: createConfinement() }), (opened) =>
    opened.close(),
  );
  const registry = await loadRegistry(
    { logger },
    {
      directories: [
        { path: options.productPlugins, origin: 'product' },
        ...options.externalPlugins.map((path) => ({ path, origin: 'external' as const })),
      ],
      home: home.directory,
      availableCapabilities: AVAILABLE_CAPABILITIES,
      admit: (plugin) => void runtime.profile(plugin),
    },
  );
  await recordNewPlugins({ log, meta: store.meta, clock }, registry.plugins());
  const policy = await createPolicyService(
    { store: store.policies, recordLog: log, catalog: registry.tools, clock, logger },
    { file: options.policyFile ?? home.policy },
  );
  const tokens = createTokenAuthority({ store: store.tokens, clock, adminToken: made.adminToken });
  const broker = createBroker({ clock, logger });
  const dispatcher = createDispatcher({ catalog: registry, policy, runtime, broker, log, clock, logger });

  let isReady = false;
  const services: Services = {
    tokens,
    policy,
    catalog: registry,
    dispatcher,
    log,
    layers: runtime.layers,
    clock,
    server: { version: options.version, startedMs: clock.nowMs(), isReady: () => isReady },
  };
  const gateway = createGateway(
    { authenticator: tokens, dispatcher, catalog: registry, policy, clock, logger },
    {
      host: options.host,
      port: options.port,
      version: options.version,
      routes: [
        ...adminRoutes(OPERATIONS, createOperationRunner(services), options.version),
        ...logRoutes(log, { isPublic: config.log.public }),
      ],
      isReady: () => isReady,
    },
  );
  stack.defer(() => gateway.close());
  // Running calls end and are answered before the doors close.
  stack.defer(() => dispatcher.drain());
  const { url } = await gateway.listen();
  replaceFile(home.server, `${JSON.stringify({ url, pid: process.pid })}\n`, 0o600);
  stack.defer(() => rmSync(home.server, { force: true }));
  isReady = true;
  stack.defer(() => {
    isReady = false;
  });
  const owned = stack.move();
  let closed: Promise<void> | undefined;
  const reports = registry.reports();
  return {
    url,
    plugins: {
      ready: reports.filter(({ state }) => state === 'ready').length,
      refused: reports.filter(({ state }) => state === 'refused').length,
      tools: registry.tools().length,
    },
    ...(made.hasFirstPolicy ? { firstStart: firstStart(services) } : {}),
    reloadPolicy: (by) => policy.reload(by),
    close: () => {
      closed ??= owned.disposeAsync();
      return closed;
    },
  };
}

/** A token for the demo agent of a home that was made just now. */
function firstStart({ tokens }: Services): NonNullable<App['firstStart']> {
  const agent = demoAgent();
  return { agent, token: tokens.issue(agent, {}).token };
}
