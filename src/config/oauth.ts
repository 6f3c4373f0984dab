// `oauth` of config.yaml: another issuer whose access tokens are taken. Looks at addresses; fetches nothing.

import { SmcpError } from '#base/errors.ts';

export type OAuthConfig = {
  readonly issuer: string;
  readonly audience: string;
  /** The address of this server, as its clients know it. */
  readonly resource: string;
  /** `file`: relative to the home. */
  readonly jwks: { readonly uri: string } | { readonly file: string };
  readonly agentClaim: string;
  /** Agents by the claim's value; absent: the value is the name. */
  readonly agents?: { readonly [value: string]: string };
  readonly algorithms: readonly string[];
  readonly requiredScopes: readonly string[];
  readonly type: 'at+jwt' | 'any';
  readonly leewaySeconds: number;
};

type Optional = 'resource' | 'algorithms' | 'requiredScopes' | 'type' | 'leewaySeconds';
export type WrittenOAuth = Omit<OAuthConfig, Optional | 'jwks'> &
  Partial<Pick<OAuthConfig, Optional>> & { readonly jwks: { readonly uri?: string; readonly file?: string } };

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** Clocks of two machines that keep time differ by less. */
const LEEWAY_SECONDS = 30;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** With defaults; undefined when nothing is written. @throws `CONFIG_INVALID` for an address that can't be trusted */
export function oauthOf(written: WrittenOAuth | undefined, file: string): OAuthConfig | undefined {
  if (written === undefined) return undefined;
  const { audience, jwks, resource = audience } = written;
  checkAddress(file, 'issuer', written.issuer);
  if (jwks.uri !== undefined) checkAddress(file, 'jwks/uri', jwks.uri);
  const isHint = written.resource === undefined;
  checkAddress(file, isHint ? 'audience' : 'resource', resource, isHint ? 'write oauth.resource, too' : undefined);
  return {
    ...written,
    resource,
    jwks: jwks.uri === undefined ? { file: String(jwks.file) } : { uri: jwks.uri },
    algorithms: written.algorithms ?? ALGORITHMS,
    requiredScopes: written.requiredScopes ?? [],
    type: written.type ?? 'at+jwt',
    leewaySeconds: written.leewaySeconds ?? LEEWAY_SECONDS,
  };
}

/** Whoever stands between could otherwise put keys of their own in the place of the issuer's. */
function checkAddress(file: string, key: string, text: string, hint?: string): void {
  const url = URL.parse(text);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
  const isPlain = url !== null && url.username === '' && url.password === '' && url.hash === '';
  if (isSafe && isPlain) return;
  throw new SmcpError('CONFIG_INVALID', `${file}: /oauth/${key} is no address that can be trusted`, {
    details: {
      remedy: hint ?? 'write it as https://…, without a name, a password or #; http:// for this machine only',
    },
  });
}
