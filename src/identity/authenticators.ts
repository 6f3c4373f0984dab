// Our own tokens and those that other issuers signed, as one: what the doors ask. One of ours that was exchanged for an issuer's is good as
// long as the issuer stands behind that one.

import type { Principal } from '#domain/agent.ts';
import type { DoorAuthenticator, TokenAuthority } from '#domain/ports.ts';
import type { Voucher } from './oauth/issuer.ts';
import { looksSigned } from './oauth/jwt-parts.ts';
import { signedTokenId } from './token-text.ts';

/** @param issuers of which there may be none: then only our own tokens are taken */
export function joinAuthenticators(
  own: Pick<TokenAuthority, 'authenticate' | 'stillHolds' | 'isRevoked' | 'onChange'>,
  issuers: DoorAuthenticator & Voucher,
): DoorAuthenticator {
  return {
    authenticate: (token) => {
      const found = own.authenticate(token);
      if (found !== undefined) return vouchedFor(found, issuers);
      if (!looksSigned(token) || own.isRevoked(signedTokenId(token))) return undefined;
      return issuers.authenticate(token);
    },
    stillHolds: (principal) => {
      const { signed, rights, agent } = principal.kind === 'agent' ? principal : {};
      if (signed !== undefined) return !own.isRevoked(principal.tokenId) && issuers.stillHolds(principal);
      if (!own.stillHolds(principal)) return false;
      return rights?.signedBy === undefined || agent === undefined || issuers.vouches(rights.signedBy, agent);
    },
    onChange: (listener) => {
      const ends = [own.onChange(listener), issuers.onChange(listener)];
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

/** At once for what no issuer has a say in. */
function vouchedFor(found: Principal, { vouch }: Voucher): Principal | Promise<Principal | undefined> {
  const { rights, agent } = found.kind === 'agent' ? found : {};
  if (rights?.signedBy === undefined || agent === undefined) return found;
  return vouch(rights.signedBy, agent).then((isGood) => (isGood ? found : undefined));
}
