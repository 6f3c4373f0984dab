// One HTTP request to a place that the broker has allowed: the name is resolved once, every address of it vetted, and a vetted address
// dialled. Follows nothing and keeps nothing: no redirection, no cookie, no connection, no proxy. Called by the broker only.

import type { Socket } from 'node:net';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { isAddressLiteral } from '#domain/host-name.ts';
import { type NetTarget, placeOf } from '#domain/net-target.ts';
import { type Classify, createClassify } from './addresses.ts';
import { createDial, type Dial } from './dial.ts';
import { exchange, type RawAnswer } from './exchange.ts';
import { endedBy, fetchFailed, wordOf } from './failures.ts';
import { createPlaces } from './places.ts';
import { createNameResolution, type NameResolution } from './resolve.ts';
import { vetAddresses } from './vet.ts';

/** Host names whose addresses may be what no other's may. Of the operator's configuration; canonical. */
export type PrivateSpace = { readonly privateHosts: readonly string[]; readonly loopbackHosts: readonly string[] };

export type NetRequest = {
  /** Whose request it is: each agent has so many places. */
  readonly agent: string;
  readonly target: NetTarget;
  readonly method: string;
  /** Names in lower case. Checked: none of those that are written here. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
  readonly signal: AbortSignal;
  /** Bytes that head and body of the answer may each have beyond their bounds: for a caller who takes secrets out, and then counts. */
  readonly roomBytes: number;
};

export type NetEffect = {
  /** Whether the operator has listed the host: only then it may be spoken to without TLS, at private addresses. */
  readonly isListed: (host: string) => boolean;
  /**
   * **Trust:** the target was allowed by the broker. The answer is a foreign server's.
   * @throws `CAPABILITY_DENIED` for addresses that may not be reached · `FETCH_FAILED` · `ANSWER_TOO_LARGE` · `QUEUE_FULL` · `CANCELLED`
   */
  readonly request: (request: NetRequest) => Promise<RawAnswer>;
};

export type NetPorts = {
  readonly logger: Logger;
  /** Absent: the system's. */
  readonly names?: NameResolution;
  readonly dial?: Dial;
  readonly classify?: Classify;
  /** Absent: those of LIMITS. */
  readonly times?: Times;
};

/** How long a name, the head of an answer and the request as a whole may take. */
export type Times = { readonly resolveMsMax: number; readonly firstByteMsMax: number; readonly requestMsMax: number };

const TIMES: Times = {
  resolveMsMax: LIMITS.netResolveMsMax,
  firstByteMsMax: LIMITS.netFirstByteMsMax,
  requestMsMax: LIMITS.netRequestMsMax,
};

export function createNetEffect(
  { logger, names = createNameResolution(), dial = createDial(), classify = createClassify(), times = TIMES }: NetPorts,
  space: PrivateSpace = { privateHosts: [], loopbackHosts: [] },
): NetEffect {
  const places = createPlaces([
    { what: 'requests at once', countMax: LIMITS.netAtOnceMax },
    { what: 'requests of one agent at once', countMax: LIMITS.netAtOncePerAgentMax },
    { what: 'requests to one host at once', countMax: LIMITS.netAtOncePerHostMax },
  ]);
  const isListed = (host: string) => space.privateHosts.includes(host) || space.loopbackHosts.includes(host);

  const vetted = async ({ host, scheme }: NetTarget, signal: AbortSignal): Promise<readonly string[]> => {
    const resolve = isListed(host) ? names.bySystem : names.byServers;
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(times.resolveMsMax)]);
    const addresses = isAddressLiteral(host) ? [host] : await resolve(host, inTime);
    return vetAddresses({ host, addresses, isPlain: scheme === 'http' }, { classify, space, logger });
  };

  const connect = async (target: NetTarget, signal: AbortSignal): Promise<Socket> => {
    const { host, port, scheme } = target;
    const addresses = (await vetted(target, signal)).slice(0, LIMITS.netDialledMax);
    let failure: unknown = fetchFailed('name', 'the name of the host leads to no address');
    for (const address of addresses) {
      if (signal.aborted) break;
      try {
        return await dial({ address, host, port, isPlain: scheme === 'http', signal });
      } catch (thrown) {
        const word = thrown instanceof SmcpError ? wordOf(thrown.cause) : 'unknown';
        logger.debug('a host could not be reached', { host, port, address, error: word });
        failure = thrown;
      }
    }
    throw endedBy(signal, () => failure as SmcpError);
  };

  return {
    isListed,
    request: async ({ agent, target, method, headers, body, roomBytes, signal: ended }) => {
      const leave = places.enter(['', agent, `${target.host}:${target.port}`]);
      const signal = AbortSignal.any([ended, AbortSignal.timeout(times.requestMsMax)]);
      let socket: Socket | undefined;
      try {
        if (signal.aborted) throw endedBy(signal, () => new SmcpError('CANCELLED', 'the call is being ended'));
        socket = await connect(target, signal);
        const path = `${target.path}${target.query}`;
        const own = ownHeaders(target, method, body);
        return await exchange(socket, {
          ...{ method, path, signal, roomBytes, body: body ?? new Uint8Array(), firstByteMsMax: times.firstByteMsMax },
          headers: { accept: '*/*', 'user-agent': 'smcp', ...headers, ...own },
        });
      } finally {
        socket?.destroy();
        leave();
      }
    },
  };
}

function ownHeaders(
  { scheme, host, port }: NetTarget,
  method: string,
  body: Uint8Array | undefined,
): Readonly<Record<string, string>> {
  const hasBody = body !== undefined || ['POST', 'PUT', 'PATCH'].includes(method);
  return {
    ...{ host: placeOf(scheme, host, port), connection: 'close', 'accept-encoding': 'identity' },
    ...(hasBody ? { 'content-length': String(body?.length ?? 0) } : {}),
  };
}
