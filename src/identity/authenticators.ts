// Our own tokens and those that other issuers signed, as one: what the doors ask. One of ours that was exchanged for an issuer's is good as
// long as the issuer stands behind that one.

import type { OnChange } from '#base/listeners.ts';
import type { AgentName, Principal, SignedBy } from '#domain/agent.ts';
import type { DoorAuthenticator, TokenAuthority } from '#domain/ports.ts';
import type { Voucher } from './oauth/issuer.ts';
import { looksSigned } from './oauth/jwt-parts.ts';
import { signedTokenId } from './token-text.ts';

/**
 * @param issuers of which there may be none: then only our own tokens are taken
 * @param onRevoked after tokens of theirs were revoked by their claims
 */
export function joinAuthenticators(
  own: Pick<TokenAuthority, 'authenticate' | 'stillHolds' | 'isRevoked' | 'signedBy' | 'onChange'>,
  issuers: DoorAuthenticator & Voucher,
  onRevoked?: OnChange,
): DoorAuthenticator {
  /** By its id alone: what is asked about may be no more than that, such as who gave an approval. */
  const vouchingFor = (principal: Principal): readonly [SignedBy, AgentName] | undefined => {
    const signedBy = own.signedBy(principal.tokenId);
    return principal.kind === 'agent' && signedBy !== undefined ? [signedBy, principal.agent] : undefined;
  };
  /** At once for what no issuer has a say in. */
  const whenVouched = (found: Principal): Principal | Promise<Principal | undefined> => {
    const asked = vouchingFor(found);
    return asked === undefined ? found : issuers.vouch(...asked).then((isGood) => (isGood ? found : undefined));
  };
  return {
    authenticate: (token) => {
      const found = own.authenticate(token);
      if (found !== undefined) return whenVouched(found);
      if (!looksSigned(token) || own.isRevoked(signedTokenId(token))) return undefined;
      return issuers.authenticate(token);
    },
    stillHolds: (principal) => {
      const isSigned = principal.kind === 'agent' && principal.signed !== undefined;
      if (isSigned) return !own.isRevoked(principal.tokenId) && issuers.stillHolds(principal);
      if (!own.stillHolds(principal)) return false;
      const asked = vouchingFor(principal);
      return asked === undefined || issuers.vouches(...asked);
    },
    onChange: (listener) => {
      const ends = [own.onChange, issuers.onChange, onRevoked].map((on) => on?.(listener));
      return () => {
        for (const end of ends) end?.();
      };
    },
  };
}
