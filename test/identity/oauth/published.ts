// What a test issuer publishes at which path: metadata and keys; everything else is not there. Keeps the paths that were asked for.

import type { ServerResponse } from 'node:http';
import type { TestIssuer } from './issuer-server.ts';

/** Sent as JSON, unless it is a function that answers by itself. */
export type Published = object | ((response: ServerResponse) => void);

export function publish(issuer: TestIssuer, documents: { [path: string]: Published | undefined }) {
  const asked: string[] = [];
  issuer.state.answer = (response, request) => {
    const path = request.url ?? '';
    asked.push(path);
    const found = path === '/keys' ? (documents[path] ?? { keys: issuer.state.keys }) : documents[path];
    if (found === undefined) return void response.writeHead(404).end('nothing is there');
    if (typeof found === 'function') return found(response);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(found));
  };
  return { asked, documents };
}

/** Good metadata of the issuer at a path of its host. */
export const metadataOf = ({ url }: TestIssuer, path = '') => ({ issuer: `${url}${path}`, jwks_uri: `${url}/keys` });

export const RFC8414 = '/.well-known/oauth-authorization-server';
export const OPENID = '/.well-known/openid-configuration';
