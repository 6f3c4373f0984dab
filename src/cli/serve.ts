// smcp serve: the server. Prints where it listens and how to connect; SIGTERM and SIGINT drain, SIGHUP reads the policy again.

import { resolve } from 'node:path';
import type { App } from '#app.ts';
import { SmcpError } from '#base/errors.ts';
import type { Logger } from '#base/log.ts';
import { isLoopbackHost } from '#base/trusted-address.ts';
import { type Home, prepareHome } from '#config/home.ts';
import { productPluginsDirectory, productVersion } from '#config/product.ts';
import { type Command, type CommandInput, EXIT, text } from './command.ts';
import { DEV_CONFIG, serveChanges } from './serve-dev.ts';
import { welcome } from './welcome.ts';

export const serveCommand: Command = {
  words: ['serve'],
  arguments: [],
  options: {
    host: { type: 'string', placeholder: 'H', help: 'address to listen on; 127.0.0.1 if absent' },
    port: { type: 'string', placeholder: 'P', help: 'port to listen on, 0 for a free one; 8000 if absent' },
    plugins: {
      type: 'string',
      multiple: true,
      placeholder: 'DIR',
      help: 'a directory of plugins, beside the bundled ones',
    },
    policy: { type: 'string', placeholder: 'FILE', help: "the policy; the home's policy.yaml if absent" },
    dev: { type: 'boolean', help: 'serve plugins of --plugins anew whenever they change, without asking for approval' },
    'allow-external': { type: 'boolean', help: 'allow an address that other machines can reach' },
  },
  summary: 'Serves agents over MCP; the first start makes the home.',
  isLocal: true,
  run: async ({ home, isJson, terminal }, input) => {
    const { createApp } = await import('#app.ts');
    const { createLogger } = await import('#app/logger.ts');
    const { loadConfig, refusedVariables } = await import('#config/config.ts');
    // Node would open its inspector to the whole machine at this signal, which any process of this user can send.
    process.on('SIGUSR1', () => {});
    prepareHome(home);
    const isDev = input.options['dev'] === true;
    const loaded = loadConfig(home.config, terminal.env);
    const config = isDev ? { ...loaded, ...DEV_CONFIG } : loaded;
    const address = addressOf(input, config.server);
    const logger = createLogger(config.logging.level);
    for (const sentence of refusedVariables(terminal.env)) logger.warn(sentence);
    const policyFile = text(input, 'policy');
    const externalPlugins = directoriesOf(input, config.plugins, home);
    const app = await createApp({
      home,
      config,
      ...address,
      logger,
      setLogLevel: logger.setLevel,
      version: productVersion(),
      productPlugins: productPluginsDirectory(),
      externalPlugins,
      ...(policyFile === undefined ? {} : { policyFile }),
    });
    // Listening to signals before anybody can know of the server.
    const stopped = untilStopped(app, logger);
    terminal.out(
      isJson ? `${JSON.stringify({ url: app.url, home: home.directory, ...app.firstStart })}\n` : welcome(app, home),
    );
    using _dev = isDev ? serveChanges({ app, logger, terminal }, externalPlugins) : undefined;
    await stopped;
    return EXIT.done;
  },
};

/** Resolves when the server was asked to stop and has stopped. A second signal does not hurry it: drain is bounded. */
function untilStopped(app: App, logger: Logger): Promise<void> {
  const reload = () => {
    app.reloadPolicy('SIGHUP').then(
      () => {},
      (thrown: unknown) => logger.error('policy not applied; the one before stays in force', describe(thrown)),
    );
  };
  return new Promise((resolve, reject) => {
    let isStopping = false;
    const stop = () => {
      if (isStopping) return;
      isStopping = true;
      app.close().then(() => {
        process.off('SIGHUP', reload).off('SIGTERM', stop).off('SIGINT', stop);
        resolve();
      }, reject);
    };
    process.on('SIGHUP', reload).on('SIGTERM', stop).on('SIGINT', stop);
  });
}

function describe(thrown: unknown) {
  if (!(thrown instanceof SmcpError)) return { error: String(thrown) };
  const findings = thrown.details['findings'];
  return {
    code: thrown.code,
    error: thrown.message,
    ...(Array.isArray(findings) ? { findings: findings.map((finding) => JSON.stringify(finding)) } : {}),
  };
}

/** @throws `USAGE` for a port that is none, and for an address others can reach without --allow-external. */
function addressOf(input: CommandInput, configured: { readonly host: string; readonly port: number }) {
  const host = text(input, 'host') ?? configured.host;
  const portText = text(input, 'port') ?? String(configured.port);
  const port = /^[0-9]{1,5}$/.test(portText) ? Number(portText) : Number.NaN;
  if (!(port <= 65_535)) {
    throw new SmcpError('USAGE', `--port must be a number from 0 to 65535, not ${JSON.stringify(portText)}`, {
      details: { remedy: 'leave it out for 8000, or give 0 for a free one' },
    });
  }
  if (!isLoopbackHost(host) && input.options['allow-external'] !== true) {
    throw new SmcpError('USAGE', `${host} is an address that other machines can reach`, {
      details: {
        remedy: 'add --allow-external if that is meant; put TLS in front, tokens travel in the clear otherwise',
      },
    });
  }
  return { host, port };
}

function directoriesOf(input: CommandInput, configured: readonly string[], home: Home): readonly string[] {
  const given = input.options['plugins'];
  const fromOptions = Array.isArray(given) ? given.map(String).map((path) => resolve(path)) : [];
  return [...fromOptions, ...configured.map((path) => resolve(home.directory, path))];
}
