// Who gets past the door: Host, then Origin, then the token, for every request and before its body is read. What a route
// allows is said in its config; a route that says nothing, and a path that is no route, need a token.

import type { FastifyRequest } from 'fastify';
import type { Principal } from '#domain/agent.ts';
import type { DoorAuthenticator } from '#domain/ports.ts';
import { callerOf, unauthenticated } from './authenticate.ts';
import { type BoundAddress, checkHost, checkOrigin } from './guards.ts';

export type Admission = {
  /**
   * A promise where its token is one that another issuer signed and was not seen before.
   *
   * @throws `HOST_REFUSED` · `ORIGIN_REFUSED` · `UNAUTHENTICATED` · `INSUFFICIENT_SCOPE`
   */
  readonly admit: (request: FastifyRequest) => void | Promise<void>;
  /** Who asks; undefined only on routes for anyone. */
  readonly caller: (request: FastifyRequest) => Principal | undefined;
  /** Whether its token still stands for the caller; true where nobody was asked for one. */
  readonly stillHolds: (caller: Principal | undefined) => boolean;
};

/** The config of a route that needs no token. */
export const FOR_ANYONE = { access: 'anyone' } as const;

export function createAdmission(authenticator: DoorAuthenticator, bound: () => BoundAddress): Admission {
  const callers = new WeakMap<FastifyRequest, Principal>();
  return {
    admit: (request) => {
      const { host, origin } = request.headers;
      const guarded = { host, origin, localAddress: request.socket.localAddress };
      checkHost(guarded, bound());
      checkOrigin(guarded);
      const isOpen = isForAnyone(request.routeOptions.config);
      const settle = (caller: Principal | undefined): void => {
        if (caller !== undefined) callers.set(request, caller);
        else if (!isOpen) throw unauthenticated();
      };
      const caller = callerOf(request.headers, authenticator);
      if (!(caller instanceof Promise)) return settle(caller);
      // What a token lacks is nothing to a route that asks for none.
      return caller.then(settle, (thrown: unknown) => {
        if (!isOpen) throw thrown;
      });
    },
    caller: (request) => callers.get(request),
    stillHolds: (caller) => caller === undefined || authenticator.stillHolds(caller),
  };
}

/** Whether a route with this config needs no token. */
export function isForAnyone(config: unknown): boolean {
  return (config as { access?: unknown } | undefined)?.access === FOR_ANYONE.access;
}
