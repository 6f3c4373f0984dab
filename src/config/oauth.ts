// `oauth` of config.yaml: other issuers whose access tokens are taken, one or a list. Looks at addresses; fetches nothing.

import { SmcpError } from '#base/errors.ts';
import { trustedAddress } from '#base/trusted-address.ts';

export type IssuerConfig = {
  readonly issuer: string;
  readonly audience: string;
  /** Where its keys are; `file`: relative to the home; absent: where its own metadata says. */
  readonly jwks?: { readonly uri: string } | { readonly file: string };
  readonly agentClaim: string;
  /** Agents by the claim's value; absent: the value is the name. */
  readonly agents?: { readonly [value: string]: string };
  /** Patterns of the agents that it may speak for; absent: every agent but those that administer. */
  readonly speaksFor?: readonly string[];
  readonly algorithms: readonly string[];
  readonly requiredScopes: readonly string[];
  readonly type: 'at+jwt' | 'any';
  readonly leewaySeconds: number;
};

export type OAuthConfig = {
  /** The address of this server, as its clients know it. */
  readonly resource: string;
  /** At least one; no two of one name. */
  readonly issuers: readonly IssuerConfig[];
};

type Optional = 'algorithms' | 'requiredScopes' | 'type' | 'leewaySeconds';
type WrittenIssuer = Omit<IssuerConfig, Optional | 'jwks'> &
  Partial<Pick<IssuerConfig, Optional>> & {
    readonly resource?: string;
    readonly jwks?: { readonly uri?: string; readonly file?: string };
  };
export type WrittenOAuth = WrittenIssuer | readonly WrittenIssuer[];

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** Clocks of two machines that keep time differ by less. */
const LEEWAY_SECONDS = 30;

/**
 * With defaults; undefined when nothing is written.
 *
 * @throws `CONFIG_INVALID` for an address that can't be trusted, and for issuers that could not be told apart
 */
export function oauthOf(written: WrittenOAuth | undefined, file: string): OAuthConfig | undefined {
  if (written === undefined) return undefined;
  const isList = isWrittenList(written);
  const list = (isList ? written : [written]).map((one, index) => ({
    one,
    resource: one.resource ?? one.audience,
    invalid: invalidAt(file, isList ? `/oauth/${index}` : '/oauth'),
  }));
  const [first] = list;
  if (first === undefined) return undefined;
  const names = list.map(({ one }) => one.issuer);
  for (const [index, { one, resource, invalid }] of list.entries()) {
    checkAddresses(one, invalid);
    if (names.indexOf(one.issuer) !== index) {
      throw invalid('issuer', 'is named before', "name each issuer once: a token's iss picks one");
    }
    if (resource !== first.resource) {
      throw invalid('resource', 'is another one than of the first issuer', 'write the same resource for each issuer');
    }
    if (list.length > 1 && one.agents === undefined && one.speaksFor === undefined) {
      throw invalid('speaksFor', 'is missing', 'of several issuers each says which agents it may speak for');
    }
  }
  return { resource: first.resource, issuers: list.map(({ one }) => withDefaults(one)) };
}

const isWrittenList = (written: WrittenOAuth): written is readonly WrittenIssuer[] => Array.isArray(written);

function withDefaults({ resource: _, jwks, ...written }: WrittenIssuer): IssuerConfig {
  const named = written.agents === undefined ? undefined : [...new Set(Object.values(written.agents))];
  const speaksFor = written.speaksFor ?? named;
  return {
    ...written,
    ...(jwks === undefined ? {} : { jwks: jwks.uri === undefined ? { file: String(jwks.file) } : { uri: jwks.uri } }),
    ...(speaksFor === undefined ? {} : { speaksFor }),
    algorithms: written.algorithms ?? ALGORITHMS,
    requiredScopes: written.requiredScopes ?? [],
    type: written.type ?? 'at+jwt',
    leewaySeconds: written.leewaySeconds ?? LEEWAY_SECONDS,
  };
}

type Invalid = (key: string, what: string, remedy: string) => SmcpError;

const invalidAt =
  (file: string, pointer: string): Invalid =>
  (key, what, remedy) =>
    new SmcpError('CONFIG_INVALID', `${file}: ${pointer}/${key} ${what}`, { details: { remedy } });

/** Whoever stands between could otherwise put keys of their own in the place of the issuer's. */
function checkAddresses({ issuer, audience, resource, jwks }: WrittenIssuer, invalid: Invalid): void {
  const check = (key: string, text: string, hint?: string): void => {
    if (trustedAddress(text) !== undefined) return;
    const remedy = 'write it as https://…, without a name, a password or #; http:// for this machine only';
    throw invalid(key, 'is no address that can be trusted', hint ?? remedy);
  };
  check('issuer', issuer);
  if (jwks === undefined && issuer.includes('?')) {
    throw invalid('issuer', 'has a query: metadata has no address then', 'say where its keys are: jwks: { uri: … }');
  }
  if (jwks?.uri !== undefined) check('jwks/uri', jwks.uri);
  if (resource === undefined) check('audience', audience, 'write oauth.resource, too');
  else check('resource', resource);
}
