// What runs the code of isolates, in one line, for the record: wardens are the same Node as the host, with the same locale data,
// in an environment of their own.

const { v8, icu = 'none', unicode = 'none', tz = 'none' } = process.versions;

/** What every warden has of an environment: no locale and no time zone of the machine gets in. */
export const WARDEN_ENVIRONMENT = { TZ: 'UTC', LANG: 'C.UTF-8' } as const;

/**
 * Product, engine, locale data, locale, time zone, processor: the same line, code, arguments and transcript give the same
 * result. `product`: its version; absent: not named.
 */
export function engineLine(product?: string): string {
  const parts = [`v8 ${v8}`, `icu ${icu}`, `unicode ${unicode}`, `tz ${tz}`];
  const { LANG, TZ } = WARDEN_ENVIRONMENT;
  return [...(product === undefined ? [] : [`smcp ${product}`]), ...parts, LANG, TZ, process.arch].join('; ');
}
