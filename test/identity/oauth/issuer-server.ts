// A small real issuer: signs access tokens and publishes its keys by HTTP, as the test wants them published.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';

export type SigningKey = { readonly kid: string; readonly privateKey: CryptoKey; readonly jwk: JWK };

export async function makeKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export type Claims = { readonly [name: string]: unknown };
export type Signing = {
  readonly key?: SigningKey;
  readonly header?: Partial<JWTHeaderParameters>;
  readonly nowMs?: number;
};

export type TestIssuer = Awaited<ReturnType<typeof openIssuer>>;

export const AUDIENCE = 'https://smcp.example/mcp';

export async function openIssuer() {
  const first = await makeKey('first');
  const state = {
    keys: [first.jwk] as unknown[],
    asked: 0,
    /** In place of the keys. */
    answer: undefined as ((response: ServerResponse, request: IncomingMessage) => void) | undefined,
  };
  const server = createServer((request, response) => {
    state.asked += 1;
    if (state.answer !== undefined) return state.answer(response, request);
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: state.keys }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** A good token, but for what is given: a claim that is undefined is left out. */
  const sign = (
    claims: Claims = {},
    { key = first, header = {}, nowMs = Date.now() }: Signing = {},
  ): Promise<string> => {
    const nowS = Math.floor(nowMs / 1000);
    const own: { [name: string]: unknown } = {
      ...{ iss: url, aud: AUDIENCE, sub: 'u1', client_id: 'athena', iat: nowS, exp: nowS + 600, jti: 'j1' },
      ...claims,
    };
    for (const [name, value] of Object.entries(own)) if (value === undefined) delete own[name];
    const protectedHeader = { alg: String(key.jwk.alg), kid: key.kid, typ: 'at+jwt', ...header };
    return new SignJWT(own).setProtectedHeader(protectedHeader).sign(key.privateKey);
  };

  return {
    url,
    first,
    state,
    sign,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A JWT whose parts are given; the signature is the text, or empty. */
export function handMade(header: object, claims: object, signature: string | Buffer = ''): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const last = typeof signature === 'string' ? signature : signature.toString('base64url');
  return `${part(header)}.${part(claims)}.${last}`;
}
