// `server.trustProxy` of config.yaml: whose word on a client's address is taken. Pure.

import { isIP } from 'node:net';
import { SmcpError } from '#base/errors.ts';

const BITS: { readonly [family: number]: number } = { 4: 32, 6: 128 };

/**
 * Addresses and networks, as they are written.
 *
 * @throws `CONFIG_INVALID` for what is no address, and for a network of everybody
 */
export function checkTrustedProxies(proxies: readonly string[], file: string): readonly string[] {
  for (const [index, text] of proxies.entries()) {
    const problem = problemOf(text);
    if (problem === undefined) continue;
    throw new SmcpError('CONFIG_INVALID', `${file}: /server/trustProxy/${index} ${problem}`, {
      details: { remedy: 'write the address of the proxy, such as 127.0.0.1, or its network, such as 10.0.0.0/24' },
    });
  }
  return proxies;
}

function problemOf(text: string): string | undefined {
  const [address = '', prefix, more] = text.split('/');
  const bitsMax = BITS[isIP(address)];
  if (bitsMax === undefined || more !== undefined || address.includes('%')) return 'is no address';
  if (prefix === undefined) return undefined;
  if (!/^[0-9]{1,3}$/.test(prefix) || Number(prefix) > bitsMax) return 'is no network';
  return Number(prefix) === 0 ? 'is everybody: each client could say where it is' : undefined;
}
