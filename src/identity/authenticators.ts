// Our own tokens and those that another issuer signed, as one: what the doors ask.

import type { DoorAuthenticator, TokenAuthority } from '#domain/ports.ts';
import { looksSigned } from './oauth/access-token.ts';
import { signedTokenId } from './token-text.ts';

/** @param issuer absent: only our own tokens are taken */
export function joinAuthenticators(
  own: Pick<TokenAuthority, 'authenticate' | 'stillHolds' | 'isRevoked' | 'onChange'>,
  issuer: DoorAuthenticator | undefined,
): DoorAuthenticator {
  if (issuer === undefined) return own;
  return {
    authenticate: (token) => {
      const found = own.authenticate(token);
      if (found !== undefined || !looksSigned(token) || own.isRevoked(signedTokenId(token))) return found;
      return issuer.authenticate(token);
    },
    stillHolds: (principal) => {
      const isSigned = principal.kind === 'agent' && principal.signed !== undefined;
      return isSigned ? !own.isRevoked(principal.tokenId) && issuer.stillHolds(principal) : own.stillHolds(principal);
    },
    onChange: (listener) => {
      const ends = [own.onChange(listener), issuer.onChange(listener)];
      return () => {
        for (const end of ends) end();
      };
    },
  };
}
