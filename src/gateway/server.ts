// The HTTP server: one door for agents, administrators and watchers. Guards come before routing has a say, so that no
// route, known or not, is reached around them. The only maker of the gateway; app.ts calls it.

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { connectInMemory, type InMemoryConnection } from '#base/in-memory-connection.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { Principal } from '#domain/agent.ts';
import type { HttpRoute } from '#domain/door-ports.ts';
import type { PolicyDecider } from '#domain/policy-ports.ts';
import type { Dispatcher, DoorAuthenticator, ToolCatalog } from '#domain/ports.ts';
import { createAdmission, isForAnyone } from './admission.ts';
import { agentRoutes } from './agent-routes.ts';
import { unauthenticated } from './authenticate.ts';
import { challengeOf } from './challenge.ts';
import { trustedProxies } from './client-address.ts';
import { boundConnections } from './connections.ts';
import { parseFormBody } from './form-body.ts';
import { asHostName } from './guards.ts';
import { healthRoutes } from './health.ts';
import { addRoutes } from './http-routes.ts';
import { parseJsonBody } from './json-body.ts';
import { createReceiving } from './receiving.ts';
import { countAnswers, createSending } from './sending.ts';
import { createSessionRoom } from './session-room.ts';
import { createSlowAnswers } from './slow-answers.ts';
import { createSseDoor } from './sse.ts';
import { createStreamableDoor } from './streamable.ts';
import { createToolChanges } from './tool-changes.ts';
import { asDoorError, httpRefusal } from './wire-errors.ts';

export type GatewayPorts = {
  readonly authenticator: DoorAuthenticator;
  readonly dispatcher: Dispatcher;
  readonly catalog: ToolCatalog;
  readonly policy: PolicyDecider;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** `port` 0: any free one. `version` is the product's. `routes` are those that features add. */
export type GatewayOptions = {
  readonly host: string;
  readonly port: number;
  /** Host names, beside loopback and the bound address, under which clients may ask for this server. Lower case. */
  readonly names: readonly string[];
  /** Addresses and networks of proxies whose `X-Forwarded-For` counts; absent: nobody's. */
  readonly trustProxy?: readonly string[];
  readonly version: string;
  readonly routes: readonly HttpRoute[];
  readonly isReady: () => boolean;
  /** Where it is said which issuer's tokens are taken, beside our own; absent: none. */
  readonly metadata?: string;
};

/** A route as a client asks for it. */
export type RouteName = { readonly method: string; readonly path: string };

export type Gateway = {
  /** Every route that needs a token, with something in the place of each parameter. */
  readonly guarded: () => readonly RouteName[];
  /** Every other route: for anyone, or with a guard of its own. */
  readonly unguarded: () => readonly RouteName[];
  /** Asks for a route without a connection, through the handlers that are served. Resolves with the status. For the self-test. */
  readonly attempt: (
    asked: RouteName & { readonly headers: { readonly [name: string]: string }; readonly body?: string },
  ) => Promise<number>;
  /** Takes a connection that did not come by the port, as it takes those that do. For the self-test, before anybody else can come. */
  readonly dial: () => Promise<InMemoryConnection>;
  /** Resolves once connections are taken. @throws `SERVER_UNAVAILABLE` when the address can't be had */
  readonly listen: () => Promise<{ readonly url: string }>;
  /**
   * Takes no new connections, ends every stream (their calls are cancelled) and lets other answers leave for at most
   * `doorCloseMsMax`. Drain the dispatcher first to let running calls end.
   */
  readonly close: () => Promise<void>;
};

const SECURITY_HEADERS = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' };

/** Builds the door; nothing listens yet. What it subscribed to it leaves at `close`. */
export function createGateway(ports: GatewayPorts, options: GatewayOptions): Gateway {
  const bound = { host: options.host, port: options.port, names: options.names };
  const admission = createAdmission(ports.authenticator, () => bound);
  const refuse = (thrown: unknown, reply: FastifyReply) => {
    const error = asDoorError(thrown, ports.logger);
    const challenge = challengeOf(error, { headers: reply.request.headers, metadata: options.metadata });
    const { status, headers, body } = httpRefusal(error, challenge);
    return reply
      .code(status)
      .headers({ ...SECURITY_HEADERS, ...headers })
      .send(body);
  };
  const app = createHttpServer(options.trustProxy ?? [], (thrown, request, reply) => {
    // Requests that Fastify can't route (a malformed URL) come here without having met a hook.
    const admit = async () => admission.admit(request);
    admit().then(
      () => refuse(thrown, reply),
      (refused: unknown) => refuse(refused, reply),
    );
  });
  const connections = boundConnections(app.server, LIMITS.connectionsMax);
  const receiving = createReceiving();
  const sending = createSending(ports);
  countAnswers(app, sending);
  const reserve = (request: FastifyRequest) => {
    return receiving.reserve(nameOf(admission.caller(request) ?? fail()), request.headers['content-length']);
  };
  /** Whose connection it is from now on, and room for what is on its way in. */
  const take = (request: FastifyRequest, reply: FastifyReply): void => {
    const caller = admission.caller(request);
    if (caller === undefined) return;
    connections.trust(request.socket);
    sending.belongsTo(request.socket, nameOf(caller));
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    if (length !== undefined || encoding !== undefined) reply.raw.once('close', reserve(request));
  };
  const { guarded, unguarded } = collectRoutes(app);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY_HEADERS);
    const admitted = admission.admit(request);
    if (admitted === undefined) {
      take(request, reply);
      done();
    } else admitted.then(() => take(request, reply)).then(() => done(), done);
  });
  app.setErrorHandler((thrown, _request, reply) => refuse(thrown, reply));
  app.setNotFoundHandler(() => {
    throw new SmcpError('NOT_FOUND', 'nothing is there', {
      details: { remedy: 'agents use /mcp or /sse; what administrators use is described at /openapi.json' },
    });
  });

  const doors = createAgentDoors(ports, options);
  agentRoutes(app, { admission, reserve, ...doors });
  addRoutes(app, admission, [...healthRoutes(options.isReady), ...options.routes]);

  return {
    guarded: () => guarded,
    unguarded: () => unguarded,
    attempt: async ({ method, path, headers, body }) => {
      const payload = body === undefined ? {} : { payload: body };
      const { statusCode } = await app.inject({ method: method as 'GET', url: path, headers, ...payload });
      return statusCode;
    },
    dial: async () => {
      await app.ready();
      const connection = connectInMemory();
      app.server.emit('connection', connection.far);
      return connection;
    },
    listen: async () => {
      await listenOn(app, options);
      const address = app.server.address();
      if (typeof address === 'object' && address !== null) bound.port = address.port;
      return { url: `http://${asHostName(options.host)}:${bound.port}` };
    },
    close: async () => {
      doors.closeStreams();
      const cut = setTimeout(() => app.server.closeAllConnections(), LIMITS.doorCloseMsMax);
      await app.close();
      clearTimeout(cut);
      sending.close();
      await doors.close();
    },
  };
}

type Routes = { readonly guarded: readonly RouteName[]; readonly unguarded: readonly RouteName[] };

/** Fills with the routes that are added from now on. */
function collectRoutes(app: FastifyInstance): Routes {
  const guarded: RouteName[] = [];
  const unguarded: RouteName[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    const routes = isForAnyone(config) ? unguarded : guarded;
    const path = url.replace(/:[a-zA-Z]+|\*/g, 'x');
    for (const name of Array.isArray(method) ? method : [method]) routes.push({ method: name, path });
  });
  return { guarded, unguarded };
}

/** The doors of agents and what they share. */
function createAgentDoors(ports: GatewayPorts, options: GatewayOptions) {
  const room = createSessionRoom(ports);
  const slow = createSlowAnswers();
  const shared = { ...ports, room, slow, changes: createToolChanges(ports) };
  const sse = createSseDoor(shared, options);
  const streamable = createStreamableDoor(shared, options);
  const unsubscribe = ports.authenticator.onChange(room.endInvalid);
  return {
    sse,
    streamable,
    closeStreams: room.closeStreams,
    close: async () => {
      unsubscribe();
      room.close();
      slow.close();
      await streamable.close();
    },
  };
}

function fail(): never {
  throw unauthenticated();
}

function nameOf(principal: Principal): string {
  return principal.kind === 'agent' ? `agent ${principal.agent}` : principal.kind;
}

type UnroutedHandler = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => void;

function createHttpServer(proxies: readonly string[], onUnrouted: UnroutedHandler): FastifyInstance {
  const app = Fastify({
    bodyLimit: LIMITS.bodyBytesMax,
    requestTimeout: LIMITS.requestMsMax,
    keepAliveTimeout: LIMITS.keepAliveMsMax,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    frameworkErrors: onUnrouted,
    ...trustedProxies(proxies),
    http: {
      headersTimeout: LIMITS.headersMsMax,
      connectionsCheckingInterval: LIMITS.connectionCheckMs,
      keepAlive: true,
      keepAliveInitialDelay: LIMITS.connectionProbeMs,
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (thrown) {
      done(thrown as SmcpError);
    }
  });
  addFormParser(app);
  return app;
}

/** Of a form, which few routes take. */
function addFormParser(app: FastifyInstance): void {
  const type = 'application/x-www-form-urlencoded';
  app.addContentTypeParser(type, { parseAs: 'string' }, (request, body, done) => {
    try {
      done(null, parseFormBody(request.routeOptions.config, String(body)));
    } catch (thrown) {
      done(thrown as SmcpError);
    }
  });
}

async function listenOn(app: FastifyInstance, { host, port }: GatewayOptions): Promise<void> {
  try {
    // For `localhost` Fastify would run a second server on ::1, which our bounds and close would not reach.
    await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port });
  } catch (cause) {
    throw new SmcpError('SERVER_UNAVAILABLE', `can't listen on ${asHostName(host)}:${port}`, {
      cause,
      details: { remedy: 'stop what listens there, or choose another port with --port' },
    });
  }
}
