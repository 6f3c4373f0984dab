// Agents and their tokens as text for a person. **Trust:** as in render.ts.

import type { JsonObject } from '#base/json.ts';
import { list, str, table } from './render.ts';

/** A line for each token: whose, until when, and what it leaves of what the policy gives. */
export function agentsText(agents: readonly JsonObject[]): string {
  const rows = agents.flatMap((agent) => {
    const name = str(agent['name']) + (agent['inPolicy'] === true ? '' : ' (not in the policy)');
    const tokens = list(agent['tokens']).map((token) => [
      name,
      str(token['id']),
      str(token['state']),
      `created ${str(token['createdAt'])}`,
      token['expiresAt'] === null ? 'does not expire' : `expires ${str(token['expiresAt'])}`,
      rightsText(token),
    ]);
    return tokens.length > 0 ? tokens : [[name, 'no token', '', '', '', '']];
  });
  return table(rows, 'no agents');
}

export function issuedText({ token, agent, id, expiresAt, scopes }: JsonObject): string {
  const only = Array.isArray(scopes) && scopes.length > 0 ? `, only ${scopes.map(str).join(' ')}` : '';
  const end = expiresAt === null ? `good until: smcp agent revoke ${str(id)}` : `expires ${str(expiresAt)}`;
  return `${str(token)}\n\nThis is the only time it is shown. Agent ${str(agent)}, id ${str(id)}${only}, ${end}\n`;
}

/** '' for an agent's own token that takes nothing away. Of several lists each must allow. */
function rightsText({ scopes, onBehalfOf, actor }: JsonObject): string {
  const lists = (Array.isArray(scopes) ? scopes : []).map((one) => (Array.isArray(one) ? one.map(str).join(' ') : ''));
  const above = Array.isArray(onBehalfOf) ? onBehalfOf.map(str).at(-1) : undefined;
  const below = above === undefined ? [] : [`below ${above}${actor === undefined ? '' : ` as ${str(actor)}`}`];
  return [...(lists.length === 0 ? [] : [`only ${lists.join(' and only ')}`]), ...below].join(', ');
}

/** Which tokens of an issuer a revocation is about. */
export function signedTokensText({ issuer, jti, subject, before }: JsonObject): string {
  if (jti !== undefined) return `the token ${str(jti)} of ${str(issuer)}`;
  const whose = subject === undefined ? 'all tokens' : `tokens of ${str(subject)}`;
  return `${whose} of ${str(issuer)} that were issued before ${str(before)}`;
}
