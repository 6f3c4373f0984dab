// The network of a made-up world: it takes the place of the effect alone. What a request may be, and what its answer looks like, is the
// broker's own. Nothing leaves the process. **Trust:** requests were read and allowed by the broker.

import { SmcpError } from '#base/errors.ts';
import { compileStarPattern } from '#base/star-pattern.ts';
import type { RawAnswer } from '#effects/net/exchange.ts';
import type { NetEffect, NetRequest } from '#effects/net/net-effect.ts';
import type { HttpAnswer, HttpRequest, World, WorldError } from './world.ts';

export function createWorldNet(world: World, errorOf: (error: WorldError) => SmcpError): NetEffect {
  return {
    isListed: (host) => world.privateHosts?.includes(host) === true,
    request: async ({ target, method, headers, body = new Uint8Array() }: NetRequest) => {
      const request: HttpRequest = { url: target.url, method, headers, body };
      const answer = answerTo(world, request);
      if (answer.error !== undefined) throw errorOf(answer.error);
      return rawOf(answer);
    },
  };
}

function answerTo({ http = [] }: World, request: HttpRequest): Omit<HttpAnswer, 'url'> {
  const fits = ({ url, method }: HttpAnswer) =>
    compileStarPattern(url)(request.url) && (method ?? request.method).toUpperCase() === request.method;
  const answer = typeof http === 'function' ? http(request) : http.find(fits);
  if (answer !== undefined) return answer;
  const message = `the world has no answer to ${request.method} ${request.url}`;
  throw new SmcpError('CAPABILITY_UNAVAILABLE', message, { details: { remedy: 'add one to `http` of the world' } });
}

function rawOf({ status = 200, headers = {}, text, json, base64 }: Omit<HttpAnswer, 'url'>): RawAnswer {
  const type = json === undefined ? [] : [['content-type', 'application/json'] as const];
  const written = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const isTyped = written.some(([name]) => name === 'content-type');
  return {
    status,
    headers: [...(isTyped ? [] : type), ...written],
    body:
      base64 === undefined
        ? Buffer.from(json === undefined ? (text ?? '') : JSON.stringify(json))
        : Buffer.from(base64, 'base64'),
  };
}
