// Routes that features bring, as the ports describe them, put onto Fastify. The feature sees a plain request and returns
// a plain answer; what it throws leaves by the error table.

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SmcpError } from '#base/errors.ts';
import { type ExactJson, roundedJson, unheldPointers } from '#base/exact-json.ts';
import type { Json } from '#base/json.ts';
import type { HttpAnswer, HttpRequest, HttpRoute } from '#domain/door-ports.ts';
import { type Admission, FOR_ANYONE } from './admission.ts';
import { requireAdmin, unauthenticated } from './authenticate.ts';
import { clientAddress } from './client-address.ts';
import { TAKES_FORM } from './form-body.ts';

export function addRoutes(app: FastifyInstance, admission: Admission, routes: readonly HttpRoute[]): void {
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      config: {
        ...(route.access === 'anyone' ? FOR_ANYONE : {}),
        ...(route.takesForm === true ? TAKES_FORM : {}),
      },
      ...(route.bodyBytesMax === undefined ? {} : { bodyLimit: route.bodyBytesMax }),
      // Before the body is read: what may not be asked is not parsed.
      onRequest: (request, _reply, done) => {
        if (route.access === 'admin') requireAdmin(admission.caller(request) ?? fail());
        // Generated clients name a type also where they send nothing: only what has bytes must be JSON.
        if (request.headers['content-length'] === '0') delete request.headers['content-type'];
        done();
      },
      handler: async (request, reply) => {
        const asked = asHttpRequest(request, { admission, signal: signalOf(reply) });
        const { status, body, contentType, headers = {} }: HttpAnswer = await route.handle(asked);
        const payload = body instanceof Uint8Array ? Buffer.from(body) : asText(body, contentType);
        return reply
          .code(status)
          .type(contentType ?? 'application/json; charset=utf-8')
          .headers(headers)
          .send(payload);
      },
    });
  }
}

type Asking = { readonly admission: Admission; readonly signal: AbortSignal };

function asHttpRequest(request: FastifyRequest, { admission, signal }: Asking): HttpRequest {
  const caller = admission.caller(request);
  return {
    principal: caller,
    params: singleTexts(request.params),
    query: singleTexts(request.query),
    body: plainBody(request.body as ExactJson | undefined),
    headers: {
      ...{ host: request.headers.host, origin: request.headers.origin, cookie: request.headers.cookie },
      page: single(request.headers['x-smcp-page']),
    },
    address: clientAddress(request),
    signal,
    mayStillAct: () => admission.stillHolds(caller),
  };
}

/** Undefined for a header that was sent more than once. */
const single = (value: string | readonly string[] | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

/** @throws `REQUEST_INVALID` for a number that would become another one. */
function plainBody(body: ExactJson | undefined): Json | undefined {
  if (body === undefined) return undefined;
  const [pointer] = unheldPointers(body, 1);
  if (pointer === undefined) return roundedJson(body);
  throw new SmcpError('REQUEST_INVALID', `the number at ${pointer} has more digits than this route can take`, {
    details: { pointer, remedy: 'send it with 15 digits, or leave it out' },
  });
}

/** Aborted when the connection closes before the answer has left. */
function signalOf({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const onClose = () => {
    if (!raw.writableFinished) controller.abort();
  };
  if (raw.destroyed) onClose();
  else raw.once('close', onClose);
  return controller.signal;
}

/** A text as it is where the route names a content type of its own, else JSON. */
function asText(body: Exclude<HttpAnswer['body'], Uint8Array>, contentType: string | undefined): string {
  return contentType !== undefined && typeof body === 'string' ? body : JSON.stringify(body);
}

/** @throws `REQUEST_INVALID` for a name that is given twice: which one counts would be a guess. */
function singleTexts(values: unknown): { readonly [name: string]: string } {
  const texts: [string, string][] = [];
  for (const [name, value] of Object.entries(values ?? {})) {
    if (typeof value !== 'string') {
      const details = { remedy: 'give each name once' };
      throw new SmcpError('REQUEST_INVALID', `${name} is given more than once`, { details });
    }
    texts.push([name, value]);
  }
  return Object.fromEntries(texts);
}

function fail(): never {
  throw unauthenticated();
}
