// Builds a server: what runs, then its doors; and takes it down in reverse.

import { rmSync } from 'node:fs';
import type { AppOptions } from '#app/app-options.ts';
import { buildCore, type CoreOptions } from '#app/core.ts';
import { buildGateway, buildStdioDoor, openSocket } from '#app/doors.ts';
import { demoAgent, FIRST_POLICY } from '#app/first-policy.ts';
import { createMaskedLogger } from '#app/masked-logger.ts';
import { testSocket } from '#app/self-test.ts';
import { testDoors } from '#app/trial/test-doors.ts';
import { replaceFile } from '#base/durable-file.ts';
import { invariant } from '#base/invariant.ts';
import { isJsonObject } from '#base/json.ts';
import type { PolicyRef } from '#domain/decision.ts';
import type { PluginReport } from '#domain/manifest.ts';
import type { Services } from '#operations/operation.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { OPERATIONS } from '#operations/table.ts';

export type App = {
  readonly url: string;
  /** Resolves once nobody is connected to the socket in the home. */
  readonly whenUnused: () => Promise<void>;
  readonly plugins: { readonly ready: number; readonly refused: number; readonly tools: number };
  /** Present at the first start that got as far as serving: the demo agent of the first policy and its token, shown once. */
  readonly firstStart?: { readonly agent: string; readonly token: string };
  readonly reloadPolicy: (by: string) => Promise<PolicyRef>;
  /** Looks at every plugins directory again, as `smcp plugin reload` does. */
  readonly reloadPlugins: () => Promise<readonly PluginReport[]>;
  /** Drains, ends every process, closes the log and gives the home back. Safe to call twice. */
  readonly close: () => Promise<void>;
};

/**
 * Starts a server on a prepared home.
 *
 * @throws `HOME_LOCKED` · `HOME_UNSAFE` · `POLICY_INVALID` · `CONFIG_INVALID` · `LOG_TAMPERED` · `LOG_BEHIND` ·
 * `SERVER_UNAVAILABLE` · `SELF_TEST_FAILED`; then nothing is left running.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const stack = new AsyncDisposableStack();
  try {
    return await build({ ...options, logger: createMaskedLogger(options.logger) }, stack);
  } catch (thrown) {
    await stack.disposeAsync();
    throw thrown;
  }
}

async function build(options: CoreOptions, stack: AsyncDisposableStack): Promise<App> {
  const { home, logger } = options;
  const core = await buildCore(options, stack);
  const { services } = core;
  const gateway = buildGateway(options, core);
  stack.defer(() => gateway.close());
  const socket = buildStdioDoor(options, core);
  stack.defer(() => socket.close());
  // Running calls end and are answered before the doors close.
  stack.defer(() => services.dispatcher.drain());
  await testDoors(core, { gateway, stdio: socket }, options.config);
  const { url } = await gateway.listen();
  core.consoleSite.bind(url);
  if (await openSocket(socket, options)) await testSocket(home.socket);
  replaceFile(home.server, `${JSON.stringify({ url, pid: process.pid })}\n`, 0o600);
  stack.defer(() => rmSync(home.server, { force: true }));
  core.readiness.isReady = true;
  stack.defer(() => {
    core.readiness.isReady = false;
    core.stopping.abort();
    logger.info('stopping: no new calls, running ones may end');
  });
  const isFirstStart =
    options.isForStdio !== true && services.policy.show().text === FIRST_POLICY && services.tokens.list().length === 0;
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
    reloadPlugins: () => services.plugins.reload(),
    close: () => {
      closed ??= owned.disposeAsync();
      return closed;
    },
  };
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
