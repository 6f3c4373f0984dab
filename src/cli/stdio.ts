// smcp stdio: MCP on stdin and stdout as one agent, for clients that start their servers. A bridge to a server by
// SMCP_URL and SMCP_TOKEN, else to that of the home, which this process becomes where there is none. Nothing but
// messages is ever written to stdout.

import { resolve } from 'node:path';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { homeExists, prepareHome } from '#config/home.ts';
import { productPluginsDirectory, productVersion } from '#config/product.ts';
import { findServer } from './admin-client.ts';
import { type Command, type CommandContext, text } from './command.ts';
import { createStdioClient } from './stdio-client.ts';
import { serveLocally } from './stdio-local.ts';
import { serveRemotely } from './stdio-remote.ts';
import { stopSignal } from './stdio-stop.ts';

export const stdioCommand: Command = {
  words: ['stdio'],
  arguments: [],
  options: {
    agent: { type: 'string', placeholder: 'NAME', help: 'as this agent of the policy; SMCP_TOKEN says it by itself' },
  },
  summary: 'Speaks MCP on stdin and stdout as an agent, for clients that start their servers.',
  isLocal: true,
  run: async (context, input) => {
    // Node would open its inspector to the whole machine at this signal, which any process of this user can send.
    process.on('SIGUSR1', () => {});
    // A client that is gone reads no more of it; others may still be served from here.
    process.stderr.on('error', () => {});
    using stop = stopSignal();
    const client = createStdioClient({ input: process.stdin, output: process.stdout });
    try {
      const serve = context.terminal.env['SMCP_URL'] === undefined ? local : remote;
      return await serve(context, { client, stop: stop.signal, agent: text(input, 'agent') });
    } finally {
      process.stdin.destroy();
      leaveSoon();
    }
  },
};

type Serving = {
  readonly client: ReturnType<typeof createStdioClient>;
  readonly stop: AbortSignal;
  readonly agent: string | undefined;
};

async function remote({ home, terminal }: CommandContext, { client, stop, agent }: Serving): Promise<number> {
  const server = await findServer(home, terminal);
  const say = (sentence: string) => terminal.err(`${sentence}\n`);
  if (agent !== undefined) say(`SMCP_TOKEN decides which agent this is; whether it is ${agent} is not checked`);
  return serveRemotely(client, { server, stop, say });
}

async function local(context: CommandContext, { client, stop, agent }: Serving): Promise<number> {
  const { home, terminal } = context;
  // Before a home is made for a wrong command line.
  if (agent === undefined && !homeExists(home)) {
    throw new SmcpError('USAGE', 'which agent?', {
      details: { remedy: `add --agent demo: the first start makes the home ${home.directory} with that agent` },
    });
  }
  prepareHome(home);
  return serveLocally(client, {
    home,
    agent,
    startApp: () => startApp(context),
    stop,
    say: (sentence) => terminal.err(`${sentence}\n`),
  });
}

/** Serves the home from here. HTTP is for commands: without it nobody could freeze what this client's agent does. */
async function startApp({ home, terminal }: CommandContext) {
  const { createApp } = await import('#app.ts');
  const { createLogger } = await import('#app/logger.ts');
  const { loadConfig, refusedVariables } = await import('#config/config.ts');
  const config = loadConfig(home.config, terminal.env);
  const logger = createLogger(config.logging.level, stderrWriter());
  for (const sentence of refusedVariables(terminal.env)) logger.warn(sentence);
  return createApp({
    home,
    config,
    host: '127.0.0.1',
    port: 0,
    isForStdio: true,
    logger,
    setLogLevel: logger.setLevel,
    version: productVersion(),
    productPlugins: productPluginsDirectory(),
    externalPlugins: config.plugins.map((path) => resolve(home.directory, path)),
  });
}

/** A client that does not read stderr must not hold up the server of others: what does not fit is dropped. */
function stderrWriter(): (line: string) => void {
  return (line) => {
    if (process.stderr.writableLength <= LIMITS.stderrBufferBytesMax) process.stderr.write(line);
  };
}

/** What a client does not read would keep the process: it may take its time, but no longer than a door takes to close. */
function leaveSoon(): void {
  setTimeout(() => process.exit(), LIMITS.doorCloseMsMax).unref();
}
