// The paths agents use, with the answers that existing clients expect from them. Who asks, and whether it is an agent, is
// settled before a body is read.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SmcpError } from '#base/errors.ts';
import type { ExactJson } from '#base/exact-json.ts';
import { withExactArguments } from '#domain/call-message.ts';
import type { Admission } from './admission.ts';
import { type AgentCaller, requireAgent, unauthenticated } from './authenticate.ts';
import type { SseDoor } from './sse.ts';
import type { StreamableDoor } from './streamable.ts';

export type AgentDoors = {
  readonly admission: Admission;
  readonly sse: SseDoor;
  readonly streamable: StreamableDoor;
  /** Keeps room for the body of a request until the function returned is called. @throws `QUEUE_FULL` */
  readonly reserve: (request: FastifyRequest) => () => void;
};

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
type Method = (typeof METHODS)[number];

export function agentRoutes(app: FastifyInstance, { admission, sse, streamable, reserve }: AgentDoors): void {
  const agentOf = (request: FastifyRequest): AgentCaller => {
    const caller = admission.caller(request);
    if (caller === undefined) throw unauthenticated();
    return requireAgent(caller, request.routeOptions.url === '/mcp' ? 'mcp' : 'sse');
  };
  const onRequest = (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
    agentOf(request);
    done();
  };

  const preHandler = (request: FastifyRequest, _reply: FastifyReply, done: () => void) => {
    request.body = withExactArguments(request.body as ExactJson | undefined);
    done();
  };

  app.post('/mcp', { onRequest, preHandler }, (request, reply) => streamable.post(agentOf(request), request, reply));
  app.get('/mcp', { onRequest }, (request, reply) => streamable.sessions.listen(agentOf(request), { request, reply }));
  app.delete('/mcp', { onRequest }, (request, reply) => streamable.sessions.end(agentOf(request), { request, reply }));
  refuseOthers(app, '/mcp', ['GET', 'POST', 'DELETE']);

  app.get('/sse', { onRequest }, (request, reply) => sse.open(agentOf(request), reply));
  app.post('/sse', { onRequest: [onRequest, hintAtMessages] }, hintAtMessages);
  refuseOthers(app, '/sse', ['GET', 'POST']);

  app.post('/messages/', { onRequest, preHandler }, (request, reply) => {
    const { session_id: sessionId } = request.query as { session_id?: unknown };
    sse.receive(agentOf(request), { sessionId, body: request.body, reserve: () => reserve(request) });
    reply.code(202).type('text/plain; charset=utf-8').send('Accepted');
  });
  refuseOthers(app, '/messages/', ['POST']);

  app.post('/messages', { onRequest: [onRequest, redirectToMessages] }, redirectToMessages);
  refuseOthers(app, '/messages', ['POST']);
}

/** 405 with `Allow`, before a body is read. */
function refuseOthers(app: FastifyInstance, url: string, taken: readonly Method[]): void {
  const refuse = (_request: FastifyRequest, reply: FastifyReply): never => {
    reply.header('allow', taken.join(', '));
    throw new SmcpError('METHOD_REFUSED', `${url} takes ${taken.join(' and ')} only`, {
      details: { remedy: `use ${taken.join(' or ')}` },
    });
  };
  app.route({ method: METHODS.filter((method) => !taken.includes(method)), url, onRequest: refuse, handler: refuse });
}

function hintAtMessages(): never {
  throw new SmcpError('REQUEST_INVALID', 'messages are not posted here', {
    details: {
      remedy:
        'open the stream with GET /sse, then post to the address in its `endpoint` event (/messages/?session_id=…)',
    },
  });
}

function redirectToMessages(request: FastifyRequest, reply: FastifyReply): void {
  const query = request.url.indexOf('?');
  reply.redirect(`/messages/${query === -1 ? '' : request.url.slice(query)}`, 307);
}
