// Several issuers as one. A token's own `iss` picks exactly one of them, and nothing of another is asked: neither its keys nor what it may say.
// **Trust:** that claim is the caller's until the issuer that it picks has found the token good.

import type { Logger } from '#base/log.ts';
import type { Issuer } from './issuer.ts';
import { jwtParts } from './jwt-parts.ts';

/** @param issuers by name; the empty map takes nothing */
export function createIssuers(issuers: ReadonlyMap<string, Issuer>, logger: Logger): Issuer {
  const all = [...issuers.values()];
  return {
    authenticate: (text) => {
      const name = issuerNamed(text);
      const issuer = name === undefined ? undefined : issuers.get(name);
      if (issuer === undefined) logger.debug('a signed token names no issuer that is taken here');
      return issuer?.authenticate(text);
    },
    stillHolds: (principal) => {
      const name = principal.kind === 'agent' ? principal.signed?.issuer : undefined;
      return name !== undefined && issuers.get(name)?.stillHolds(principal) === true;
    },
    vouches: (signedBy, agent) => issuers.get(signedBy.issuer)?.vouches(signedBy, agent) === true,
    vouch: async (signedBy, agent) => (await issuers.get(signedBy.issuer)?.vouch(signedBy, agent)) === true,
    ownerOf: (id) => {
      for (const { ownerOf } of all) {
        const owner = ownerOf(id);
        if (owner !== undefined) return owner;
      }
      return undefined;
    },
    onChange: (listener) => {
      const ends = all.map(({ onChange }) => onChange(listener));
      return () => {
        for (const end of ends) end();
      };
    },
    close: () => {
      for (const { close } of all) close();
    },
  };
}

function issuerNamed(text: string): string | undefined {
  try {
    const { iss } = jwtParts(text).claims;
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
}
