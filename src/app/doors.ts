// The doors of a server, built over what runs behind them.

import { logRoutes } from '#admin/log-routes.ts';
import { adminRoutes } from '#admin/routes.ts';
import { SmcpError } from '#base/errors.ts';
import { consoleRoutes } from '#console/routes.ts';
import { createGateway, type Gateway } from '#gateway/server.ts';
import { createStdioDoor, type StdioDoor } from '#gateway/stdio-door.ts';
import { metadataAddress, metadataRoutes } from '#identity/oauth/metadata-route.ts';
import { tokenRoute } from '#identity/token-route.ts';
import { createActConfirmer } from '#operations/confirm.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { OPERATIONS } from '#operations/table.ts';
import type { AppOptions } from './app-options.ts';
import type { Core } from './core.ts';

/** The door over HTTP; nothing listens yet. */
export function buildGateway(
  { host, port, version, config, logger }: AppOptions,
  { services, people, consoleSite, readiness, authenticator }: Core,
): Gateway {
  const { tokens, dispatcher, tools: catalog, policy, freezes, clock, log } = services;
  const { site } = consoleSite;
  const run = createOperationRunner(services);
  const confirm = createActConfirmer(services, { operations: OPERATIONS, run });
  return createGateway(
    { authenticator, dispatcher, catalog, policy, clock, logger },
    {
      host,
      port,
      names: [...config.server.names, site().rpId],
      trustProxy: config.server.trustProxy,
      version,
      routes: [
        ...adminRoutes(OPERATIONS, { run, dispatcher }, version),
        ...consoleRoutes({ people, approvals: services.approvals, acts: services.acts, confirm, site }),
        ...logRoutes(log, { isPublic: config.log.public }),
        tokenRoute({
          ...{ tokens, authenticate: authenticator.authenticate, freezes, log, clock },
          agents: policy.agents,
        }),
        ...(config.oauth === undefined ? [] : metadataRoutes(config.oauth)),
      ],
      isReady: () => readiness.isReady,
      ...(config.oauth === undefined ? {} : { metadata: metadataAddress(config.oauth.resource) }),
    },
  );
}

/** The door for `smcp stdio`; nothing listens yet. */
export function buildStdioDoor({ home, isForStdio, version, logger }: AppOptions, { services }: Core): StdioDoor {
  const { dispatcher, tools: catalog, policy, clock } = services;
  return createStdioDoor(
    { dispatcher, catalog, policy, clock, logger, agents: policy.agents },
    { socket: home.socket, command: isForStdio === true ? 'stdio' : 'serve', version },
  );
}

/**
 * A home on a file system without sockets can still be served over HTTP: false. What lies there in a socket's place is refused.
 */
export async function openSocket(door: StdioDoor, { isForStdio, logger }: AppOptions): Promise<boolean> {
  try {
    await door.listen();
    return true;
  } catch (thrown) {
    const isUnsafe = thrown instanceof SmcpError && thrown.code === 'HOME_UNSAFE';
    if (isForStdio === true || isUnsafe || !(thrown instanceof SmcpError)) throw thrown;
    logger.warn('agents can not come by smcp stdio', { code: thrown.code, error: thrown.message });
    return false;
  }
}
