// `console` of config.yaml: where people's browsers find the console. Called by config.ts.

import { SmcpError } from '#base/errors.ts';

export type ConsoleConfig = { readonly origin?: string };

/**
 * Passkeys are for a host name, by https, or for `localhost`.
 *
 * @throws `CONFIG_INVALID`
 */
export function consoleOf({ origin }: ConsoleConfig = {}, file: string): ConsoleConfig {
  if (origin === undefined) return {};
  const url = URL.parse(origin);
  const isName = url !== null && !/^[0-9.]+$|^\[/.test(url.hostname);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === 'localhost');
  if (isName && isSafe && url.origin === origin) return { origin };
  throw new SmcpError('CONFIG_INVALID', `${file}: /console/origin is no place where passkeys work`, {
    details: {
      remedy:
        'write https:// and a host name without a path, such as https://smcp.example.org, or http://localhost:8000',
    },
  });
}
