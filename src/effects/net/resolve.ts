// From a host's name to addresses. Called once for each request, by the effect `net` only, for names that the broker has allowed.

import { lookup } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { LIMITS } from '#base/limits.ts';
import { endedBy, fetchFailed } from './failures.ts';
import { createPlaces } from './places.ts';

/**
 * Every address of a name.
 *
 * @throws `FETCH_FAILED` (`name`, `timeout`) · `CANCELLED` · `QUEUE_FULL`
 */
export type ResolveName = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

export type NameResolution = {
  /** By the servers of names alone: no file of hosts, no list of domains to search, no thread. */
  readonly byServers: ResolveName;
  /** As the system's programs do it, files and all: for names that the operator has listed. */
  readonly bySystem: ResolveName;
};

/** @param servers Addresses of servers of names, with ports; absent: the system's. */
export function createNameResolution({ servers }: { readonly servers?: readonly string[] } = {}): NameResolution {
  const places = createPlaces([{ what: 'lookups of private names at once', countMax: LIMITS.netSystemLookupsMax }]);
  return {
    byServers: async (host, signal) => {
      const resolver = new Resolver({ timeout: LIMITS.netResolveMsMax / 4, tries: 2 });
      if (servers !== undefined) resolver.setServers(servers);
      const cancel = () => resolver.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      try {
        const found = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
        return foundIn(found, signal);
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    },
    bySystem: async (host, signal) => {
      const leave = places.enter(['']);
      // The thread can't be called back: its place is free when it is.
      const answer = systemLookup(host).finally(leave);
      const aborted = Promise.withResolvers<never>();
      const abort = () => aborted.reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      try {
        return foundIn(await Promise.allSettled([Promise.race([answer, aborted.promise])]), signal);
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
  };
}

function foundIn(results: readonly PromiseSettledResult<readonly string[]>[], signal: AbortSignal): readonly string[] {
  const found = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  if (found.length > 0 && !signal.aborted) return found;
  const cause = results.find((result) => result.status === 'rejected')?.reason;
  throw endedBy(signal, () => fetchFailed('name', 'the name of the host leads to no address', cause));
}

function systemLookup(host: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, order: 'verbatim' }, (error, found) => {
      if (error === null) resolve(found.map(({ address }) => address));
      else reject(error);
    });
  });
}
