// What a token leaves of what the policy gives, from what is kept of it. Pure. **Trust:** scopes are a person's or an agent's; a row that
// can't be read leaves nothing.

import type { TokenRights, TokenRow } from '#domain/agent.ts';
import { compileScopes } from '#domain/token-scope.ts';
import { isSignedId } from './token-text.ts';

/** A token's rights, ready to be asked. `broken`: it is no token. Absent: it takes nothing away. */
export function rightsOf({ rights }: Pick<TokenRow, 'rights'>): TokenRights | 'broken' | undefined {
  if (rights === undefined || rights === 'broken') return rights;
  const { onBehalfOf, actors, signedBy } = rights;
  const scopes = compileScopes(rights.scopes);
  if (scopes === undefined || onBehalfOf.length !== actors.length) return 'broken';
  const [root] = onBehalfOf;
  // Of whose issuer nothing is kept, nobody can say whether it still stands.
  if (root !== undefined && isSignedId(root) !== (signedBy !== undefined)) return 'broken';
  return { scopes, onBehalfOf, actors, ...(signedBy === undefined ? {} : { signedBy }) };
}
