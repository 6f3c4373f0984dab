// `smcp stdio` with access to the home: through the socket of whatever serves it, which may be this process. When a
// `smcp stdio` that served others too has ended, one of them takes the home and the rest follow; a `smcp serve` was ended
// by a person, so nobody takes its place.

import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '#app.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Home } from '#config/home.ts';
import { EXIT } from './command.ts';
import { interrupted, type StdioClient } from './stdio-client.ts';
import { repeatHandshake } from './stdio-handshake.ts';
import { type Link, parseLine, reach } from './stdio-link.ts';
import { aborted, atMost } from './stdio-stop.ts';

export type LocalOptions = {
  readonly home: Home;
  readonly agent: string | undefined;
  /** Makes this process the server of the home. @throws `HOME_LOCKED` when another one is */
  readonly startApp: () => Promise<App>;
  /** Aborted when this process is told to end. */
  readonly stop: AbortSignal;
  /** Says something on stderr. */
  readonly say: (sentence: string) => void;
};

/** `app` when this process serves the home. */
type Served = { readonly link: Link; readonly app?: App };

/**
 * Serves the client until it is gone, or the process is told to end.
 *
 * @returns the exit code.
 * @throws what the server refuses (`USAGE`, `AGENT_UNKNOWN`, …) · `SERVER_UNAVAILABLE` when it went away or can't be reached
 */
export async function serveLocally(client: StdioClient, options: LocalOptions): Promise<number> {
  for (;;) {
    const served = await join(options);
    if (served === undefined) return EXIT.done;
    const { link, app } = served;
    try {
      const end = (await repeatHandshake(link, client.handshake()))
        ? await carry(client, link, options.stop)
        : 'server';
      if (end !== 'server') {
        if (app !== undefined && end === 'client') await Promise.race([app.whenUnused(), aborted(options.stop)]);
        return EXIT.done;
      }
    } finally {
      link.destroy();
      await app?.close();
    }
    const lost = client.failAll(interrupted());
    if (link.command === 'serve' || app !== undefined) throw goneAway(lost);
    options.say(`the smcp stdio that served this home has ended, ${lost} of its calls with it; going on without it`);
  }
}

/** Undefined when it was told to end before. */
async function join({ home, agent, startApp, stop }: LocalOptions): Promise<Served | undefined> {
  const { isHomeLocked } = await import('#store/lock-home.ts');
  const untilMs = performance.now() + LIMITS.stdioStartMsMax;
  while (!stop.aborted) {
    const link = await reach(home, agent);
    if (link !== undefined) return { link };
    const app = isHomeLocked(home.directory) ? undefined : await unlessLocked(startApp);
    if (app !== undefined) return { app, link: await reachOwn(app, home, agent) };
    if (performance.now() > untilMs) throw unreachable(home);
    await sleep(LIMITS.stdioRetryMs);
  }
  return undefined;
}

async function unlessLocked(startApp: LocalOptions['startApp']): Promise<App | undefined> {
  try {
    return await startApp();
  } catch (thrown) {
    if (thrown instanceof SmcpError && thrown.code === 'HOME_LOCKED') return undefined;
    throw thrown;
  }
}

async function reachOwn(app: App, home: Home, agent: string | undefined): Promise<Link> {
  try {
    const link = await reach(home, agent);
    if (link === undefined) throw unreachable(home);
    return link;
  } catch (thrown) {
    await app.close();
    throw thrown;
  }
}

/** Messages go both ways until one side ends. @throws `SERVER_UNAVAILABLE` when the server gave up a client that does not read */
async function carry(client: StdioClient, link: Link, stop: AbortSignal): Promise<'client' | 'stop' | 'server'> {
  let isClientSlow = false;
  link.listen({
    onLine: (line) => {
      const value = parseLine(line);
      if (value !== undefined) client.deliver(value, line);
    },
    onDrain: client.resume,
  });
  client.attach({
    send: ({ line }) => {
      if (!link.send(line)) client.pause();
    },
    pause: () => {
      isClientSlow = true;
      link.pause();
    },
    resume: () => {
      isClientSlow = false;
      link.resume();
    },
  });
  const end = await Promise.race([
    client.ended.then(() => 'client' as const),
    aborted(stop).then(() => 'stop' as const),
    link.closed.then(() => 'server' as const),
  ]);
  client.detach();
  if (end === 'server' && isClientSlow) throw notRead();
  if (end !== 'client') return end;
  link.finish();
  await atMost(LIMITS.doorCloseMsMax, Promise.race([link.closed, aborted(stop)]));
  return end;
}

function goneAway(lost: number): SmcpError {
  const calls = lost === 0 ? '' : `; ${lost} ${lost === 1 ? 'request was' : 'requests were'} under way`;
  return new SmcpError('SERVER_UNAVAILABLE', `the server of this home went away${calls}`, {
    details: { remedy: 'start it again with smcp serve, then let the client connect again' },
  });
}

function notRead(): SmcpError {
  return new SmcpError('SERVER_UNAVAILABLE', 'the client does not read the answers that it asked for', {
    details: { remedy: 'let the client connect again, and ask for less at once' },
  });
}

function unreachable(home: Home): SmcpError {
  return new SmcpError('SERVER_UNAVAILABLE', `${home.directory} is taken, but nobody answers at its socket`, {
    details: {
      remedy:
        'another command may be working on the home, or its server is of an older version: end it, then try again',
    },
  });
}
