// Whom no door may take: nobody, and whoever shows what no person issued. For the self-test of the start.

import { randomHex } from '#base/ids.ts';
import type { AgentName } from '#domain/agent.ts';

/** No policy can name it (`parseAgentName`), so no grant is its. */
export const NOBODY = 'smcp' as AgentName;

export type Stranger = { readonly with: string; readonly headers: { readonly [name: string]: string } };

export const inventedToken = (): string => `smcp_${randomHex(8)}_${'A'.repeat(43)}`;

/** The ways to come without a good token; the first two are the usual ones. */
export function strangers(): readonly Stranger[] {
  const invented = inventedToken();
  return [
    { with: 'no token', headers: {} },
    { with: 'an invented token', headers: { authorization: `Bearer ${invented}` } },
    { with: 'an invented token as X-API-Key', headers: { 'x-api-key': invented } },
    { with: 'an unsigned access token', headers: { authorization: `Bearer ${unsignedToken()}` } },
  ];
}

/** As somebody writes one who hopes that `alg: none` is believed. */
function unsignedToken(): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', typ: 'at+jwt' })}.${part({ sub: 'admin' })}.`;
}
