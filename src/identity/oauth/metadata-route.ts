// Where clients learn whose tokens are taken here. For anyone: it says nothing that a client doesn't need. **Source:** RFC 9728.

import type { JsonObject } from '#base/json.ts';
import type { HttpRoute } from '#domain/door-ports.ts';

export type ResourceMetadata = {
  /** What a token's audience is asked for: the address of this server, as its clients know it. */
  readonly resource: string;
  readonly issuers: readonly { readonly issuer: string; readonly requiredScopes: readonly string[] }[];
};

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The document, below its own path and with that of each door of agents behind it. */
export function metadataRoutes(metadata: ResourceMetadata): readonly HttpRoute[] {
  const { resource, issuers } = metadata;
  const scopes = new Set(issuers.flatMap(({ requiredScopes }) => requiredScopes));
  const body: JsonObject = {
    resource,
    authorization_servers: issuers.map(({ issuer }) => issuer),
    bearer_methods_supported: ['header'],
    resource_name: 'SMCP',
    ...(scopes.size === 0 ? {} : { scopes_supported: [...scopes] }),
  };
  const own = new URL(metadataAddress(resource)).pathname;
  const paths = new Set([WELL_KNOWN, `${WELL_KNOWN}/mcp`, `${WELL_KNOWN}/sse`, own]);
  return [...paths].map((path) => ({
    method: 'GET',
    path,
    access: 'anyone',
    handle: () => ({ status: 200, body }),
  }));
}

/** Where the document of a resource is: the well-known path is put before the resource's own. **Source:** RFC 9728 §3.1. */
export function metadataAddress(resource: string): string {
  const { origin, pathname } = new URL(resource);
  return `${origin}${WELL_KNOWN}${pathname === '/' ? '' : pathname}`;
}
