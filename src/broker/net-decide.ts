// Whether a request is among those that a call was given. Called by the broker's files of `net` only. Decides each hop by itself.

import type { NetEntry } from '#domain/capability.ts';
import { NET_DEFAULTS } from '#domain/narrow.ts';
import { matchesPaths } from '#domain/net-path.ts';
import type { NetTarget } from '#domain/net-target.ts';
import { denied } from '#domain/refusal.ts';

/** The port that `http` is never spoken at. An entry that names no port means it, so any other one was named. */
const TLS_PORT = 443;

type Given = {
  readonly entries: readonly NetEntry[];
  readonly isListed: (host: string) => boolean;
};

type Asked = { readonly method: string; readonly target: NetTarget };

/**
 * One entry has to allow all of it: host, port, method and path.
 *
 * @param isListed Whether the operator's configuration names the host. Only then `http` is spoken, at the port that an entry names.
 * @throws `CAPABILITY_DENIED`
 */
export function checkRequest({ method, target }: Asked, { entries, isListed }: Given): void {
  const { scheme, host, port, path, url } = target;
  const ofHost = entries.filter((entry) => entry.host === host);
  const isGiven = ofHost.some(
    ({ ports = NET_DEFAULTS.ports, methods = NET_DEFAULTS.methods, paths = NET_DEFAULTS.paths }) =>
      (ports as readonly number[]).includes(port) &&
      (methods as readonly string[]).includes(method) &&
      matchesPaths(paths, path),
  );
  const options = {
    capability: 'net',
    asked: `${method} ${url}`,
    allowed: (ofHost.length > 0 ? ofHost : entries).map(shown),
  } as const;
  if (!isGiven) {
    throw denied({
      ...options,
      message:
        ofHost.length > 0 ? 'this call was given the host, but not for this' : 'this call was not given that host',
      remedy: 'name host, port, method and path in one entry of `net` in plugin.json, and have the grant give it',
    });
  }
  if (scheme === 'http' && (!isListed(host) || port === TLS_PORT)) {
    throw denied({
      ...options,
      message: 'without TLS only hosts are asked that the operator has listed',
      remedy:
        'ask by https; or name a port in plugin.json, and have the operator list the host in config.yaml under `net`',
    });
  }
}

function shown({
  host,
  ports = NET_DEFAULTS.ports,
  methods = NET_DEFAULTS.methods,
  paths = NET_DEFAULTS.paths,
}: NetEntry): string {
  return `${methods.join('|')} ${host}:${ports.join('|')}${paths.join('|')}`;
}
