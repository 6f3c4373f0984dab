// Tries every door at the start with what it must refuse: before the port opens those of HTTP, before the server says that it is ready
// the socket of the home. A door that lets one through stops the start.
// Whole calls are sent by src/app/trial.

import { createConnection } from 'node:net';
import { LIMITS } from '#base/limits.ts';
import { createLineReader } from '#base/line-reader.ts';
import { checkOwnedSocket, socketAddress } from '#base/owned-socket.ts';
import { STDIO_PROTOCOL } from '#domain/stdio.ts';
import type { Gateway } from '#gateway/server.ts';
import { failed } from './trial/failure.ts';
import { NOBODY, strangers } from './trial/stranger.ts';

/** Statuses by which a door turns a stranger away: no good token, a strange Host or Origin. */
const UNAUTHENTICATED = 401;
const FORBIDDEN = 403;

/** How many routes are tried in every way: those of agents come first. */
const THOROUGH = 12;

export type TestedGateway = Pick<Gateway, 'guarded' | 'attempt'>;

/**
 * Asks for every route that needs a token: without one, and with invented ones, both ways to send it; and once with a strange Host and
 * a strange Origin. By the very handlers that are served, without a connection.
 *
 * @throws `SELF_TEST_FAILED` with the first route that did not refuse
 */
export async function testGateway({ guarded, attempt }: TestedGateway): Promise<void> {
  const attempts = strangers();
  const routes = guarded();
  if (routes.length === 0) throw failed('the gateway', 'has no route that asks for a token');
  for (const [index, route] of routes.entries()) {
    // All routes have one guard: the rarer ways to show a token are tried on some of them, so that a start does not wait for it.
    for (const { headers, with: what } of index < THOROUGH ? attempts : attempts.slice(0, 2)) {
      const status = await attempt({ ...route, headers });
      if (status !== UNAUTHENTICATED) throw failed(`${route.method} ${route.path}`, `answered ${status} to ${what}`);
    }
  }
  const [route = { method: 'GET', path: '/' }] = routes;
  for (const name of ['host', 'origin']) {
    const value = name === 'host' ? 'rebound.invalid' : 'https://elsewhere.invalid';
    const status = await attempt({ ...route, headers: { [name]: value } });
    if (status !== FORBIDDEN) throw failed(`${route.method} ${route.path}`, `answered ${status} to a strange ${name}`);
  }
}

/** What may be asked without a token: whether the server lives, whose tokens it takes, and the console, which asks who signed in. */
const FOR_ANYONE = [/^\/(healthz|readyz)$/, /^\/\.well-known\/oauth-protected-resource(\/|$)/, /^\/console(\/|$)/];
/** Where the configuration says so. */
const PUBLIC_LOG = /^\/log\//;

/** @throws `SELF_TEST_FAILED` with the first route that asks for no token and ought to */
export function testUnguarded({ unguarded }: Pick<Gateway, 'unguarded'>, { hasPublicLog }: { hasPublicLog: boolean }) {
  const known = hasPublicLog ? [...FOR_ANYONE, PUBLIC_LOG] : FOR_ANYONE;
  const stray = unguarded().find(({ path }) => !known.some((pattern) => pattern.test(path)));
  if (stray !== undefined) throw failed(`${stray.method} ${stray.path}`, 'asks for no token');
}

/** What the console's pages ask before anybody has signed in, and to be signed out. */
const BEFORE_SIGN_IN = /^\/console\/api\/(enrolment|sign-in|sign-out)(\/|$)/;

/**
 * Asks, as a page of the console does, whatever takes a person who signed in: without a session, and with an invented one.
 *
 * @param origin the console's own, so that it is not turned away for where it comes from
 * @throws `SELF_TEST_FAILED` with the first question that was answered
 */
export async function testConsole(
  { unguarded, attempt }: Pick<Gateway, 'unguarded' | 'attempt'>,
  origin: string,
): Promise<void> {
  const page = { host: new URL(origin).host, origin, 'content-type': 'application/json' };
  const cookie = ['smcp-console', '__Host-smcp-console'].map((name) => `${name}=${'A'.repeat(43)}`).join('; ');
  for (const route of unguarded()) {
    if (!route.path.startsWith('/console/api/') || BEFORE_SIGN_IN.test(route.path)) continue;
    for (const [what, session] of [
      ['nobody', {}],
      ['an invented session', { cookie, 'x-smcp-page': 'A'.repeat(43) }],
    ] as const) {
      const body = route.method === 'POST' ? { body: '{}' } : {};
      const status = await attempt({ ...route, headers: { ...page, ...session }, ...body });
      if (status < 400) throw failed(`${route.method} ${route.path}`, `answered ${status} to ${what}`);
    }
  }
}

/**
 * Looks at the socket of the home as a client does: it is its owner's, and an agent that the policy does not name is turned away.
 *
 * @throws `SELF_TEST_FAILED` · `HOME_UNSAFE`
 */
export async function testSocket(path: string): Promise<void> {
  if (!checkOwnedSocket(path)) throw failed('the socket of the home', 'is not there');
  for (const agent of [undefined, NOBODY]) {
    const answer = await greet(path, agent);
    if (answer.includes('"error"')) continue;
    throw failed(
      'the socket of the home',
      `let in ${agent === undefined ? 'nobody' : 'an agent that no policy names'}`,
    );
  }
}

/** The first line that the door answers to a hello; '' when it only closes. */
async function greet(path: string, agent: string | undefined): Promise<string> {
  using address = socketAddress(path);
  const socket = createConnection(address.path);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const late = setTimeout(() => reject(failed('the socket of the home', 'does not answer')), LIMITS.stdioHelloMsMax);
  const reader = createLineReader({
    bytesMax: LIMITS.bodyBytesMax,
    onLine: (line) => resolve(line.toString('utf8')),
    onTooLong: () => resolve(''),
  });
  socket.on('data', (chunk: Buffer) => reader.push(chunk));
  // A door that only closes has let nobody in.
  socket.on('close', () => resolve('"error"'));
  socket.on('error', (cause) => reject(failed('the socket of the home', `can't be reached: ${cause.message}`)));
  socket.write(`${JSON.stringify({ smcp: STDIO_PROTOCOL, ...(agent === undefined ? {} : { agent }) })}\n`);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}
