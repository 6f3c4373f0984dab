// Where an issuer's keys are, as the issuer's own metadata says it. **Source:** RFC 8414 §3, OpenID Connect Discovery 1.0 §4. **Trust:** the
// issuer's name is a person's; the document is the issuer's, and of no use where it calls itself by another name (mix-up): whoever may write
// one document of a host must not speak for every issuer of it.

import type { Clock } from '#base/clock.ts';
import { asSmcpError } from '#base/errors.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { trustedAddress } from '#base/trusted-address.ts';
import { type KeySource, keysFromAddress } from './fetch-keys.ts';
import { fetchText, unavailable } from './fetch-text.ts';

export type DiscoveryPorts = {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Aborted when the server begins to stop. */
  readonly stopping: AbortSignal;
};

/** Keys from where the issuer's metadata says. What it said last is used while it can't be asked, for a bounded time. */
export function keysByDiscovery(issuer: string, { clock, logger, stopping }: DiscoveryPorts): KeySource {
  let found: { readonly uri: string; readonly atMs: number } | undefined;
  const locate = async (): Promise<string> => {
    const before = found;
    const ageMs = before === undefined ? Number.POSITIVE_INFINITY : clock.monotonicMs() - before.atMs;
    if (before !== undefined && ageMs < LIMITS.issuerMetadataFreshMs) return before.uri;
    try {
      const uri = await findKeysAddress(issuer, stopping);
      found = { uri, atMs: clock.monotonicMs() };
      if (uri !== before?.uri) logger.info("an issuer's keys were found", { issuer, uri });
      return uri;
    } catch (thrown) {
      if (before === undefined || ageMs >= LIMITS.issuerMetadataStaleMsMax) throw thrown;
      const { code, message } = asSmcpError(thrown);
      logger.warn("an issuer's metadata was not fetched; its keys are where they were", {
        ...{ issuer, code, error: message },
      });
      return before.uri;
    }
  };
  return async () => keysFromAddress(await locate(), stopping)();
}

/** The addresses at which an issuer's metadata may be, in the order in which they are asked. A slash at its end is not part of them. */
export function metadataAddresses(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const before = ['oauth-authorization-server', 'openid-configuration'].map(
    (name) => `${origin}/.well-known/${name}${path}`,
  );
  return path === '' ? before : [...before, `${origin}${path}/.well-known/openid-configuration`];
}

/** All of it in the time that one answer has. The first document that is there is the issuer's: one that is wrong is not passed over. */
async function findKeysAddress(issuer: string, stopping: AbortSignal): Promise<string> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(LIMITS.issuerFetchMsMax)]);
  for (const uri of metadataAddresses(issuer)) {
    const fetched = await fetchText(uri, { signal, bytesMax: LIMITS.issuerMetadataBytesMax });
    const document = fetched.kind === 'text' ? asDocument(fetched.text) : undefined;
    if (document !== undefined) return keysAddressIn(document, { issuer, uri });
  }
  throw unavailable('has no metadata', { uri: metadataAddresses(issuer).join(' ') });
}

type Document = { readonly [name: string]: Json | undefined };

/** Undefined for what is no JSON object: some servers answer every path with a page. */
function asDocument(text: string): Document | undefined {
  try {
    const parsed = JSON.parse(text) as Json;
    return isJsonObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** @throws `ISSUER_UNAVAILABLE` for a document of another issuer, or one whose keys are where anybody could answer */
export function keysAddressIn(
  document: Document,
  { issuer, uri }: { readonly issuer: string; readonly uri: string },
): string {
  if (document['issuer'] !== issuer) {
    throw unavailable(
      'has metadata of another issuer: it must be called there as oauth.issuer says, letter by letter',
      {
        uri,
      },
    );
  }
  const keys = document['jwks_uri'];
  if (typeof keys !== 'string') throw unavailable('has metadata without jwks_uri', { uri });
  const address = trustedAddress(keys);
  // A server elsewhere has no business with what listens on this machine.
  const isReachable = address !== undefined && (!address.isLoopback || trustedAddress(issuer)?.isLoopback === true);
  if (!isReachable) throw unavailable('has its keys at an address that can not be trusted', { uri });
  return keys;
}
