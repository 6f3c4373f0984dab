// Where people's browsers find the console: as config.yaml says, else at localhost by the port that the server got.

import type { ConsoleSite } from '#domain/people-ports.ts';

export type ConsoleSiteHolder = {
  readonly site: () => ConsoleSite;
  /** Once it is known where the server listens. */
  readonly bind: (url: string) => void;
};

/** `port`: until it listens; 0 is told as it is. */
export function createConsoleSite({ origin }: { readonly origin?: string }, port: number): ConsoleSiteHolder {
  let site = siteOf(origin ?? `http://localhost:${port}`);
  return {
    site: () => site,
    bind: (url) => {
      if (origin === undefined) site = siteOf(`http://localhost:${new URL(url).port || '80'}`);
    },
  };
}

/** A port that goes without saying is in no origin. */
function siteOf(text: string): ConsoleSite {
  const { origin, hostname, protocol } = new URL(text);
  return { origin, rpId: hostname, isSecure: protocol === 'https:' };
}
