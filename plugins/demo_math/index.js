// The tools of demo_math. Runs in an isolate: no Node, no clock; random bytes only through the host. The host has
// checked the arguments against plugin.json.

import { calculate } from './calculate.js';
import { formatBytes } from './format-bytes.js';

/**
 * What this plugin uses of the host.
 * @typedef {{ readonly random: (byteCount: number) => Promise<Uint8Array> }} Host
 */

/** One bit would do. With this many, the digest of what was drawn, which is in the record, can't be guessed. */
const COIN_BYTES = 16;

export const tools = {
  /** @param {{ operation: string, a: number, b: number }} args */
  calculate: async ({ operation, a, b }) => calculate(operation, a, b),

  /** @param {{ value: number }} args */
  format_bytes: async ({ value }) => formatBytes(value),

  /**
   * @param {{}} _args
   * @param {Host} host
   */
  coin_flip: async (_args, host) => {
    const [first = 0] = await host.random(COIN_BYTES);
    // One bit of a random byte is as often 0 as 1.
    return { ok: true, result: (first & 1) === 0 ? 'heads' : 'tails' };
  },
};
