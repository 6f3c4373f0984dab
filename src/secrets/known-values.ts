// The values that a server has set or read, for the mask of its own log lines. In memory only, the last ones within a bound.

import { LIMITS } from '#base/limits.ts';
import type { SecretMask } from '#domain/secret-ports.ts';
import { createSecretMask } from './mask.ts';

export type KnownValues = {
  readonly add: (name: string, value: string) => void;
  readonly mask: () => SecretMask | undefined;
};

/** Of one name: the one before, too, which a call under way may still have. */
const VALUES_PER_NAME = 2;

export function createKnownValues(): KnownValues {
  /** The last one that was used stands last. */
  const byName = new Map<string, readonly string[]>();
  let mask: SecretMask | undefined;
  return {
    add: (name, value) => {
      const before = byName.get(name) ?? [];
      byName.delete(name);
      byName.set(name, [value, ...before.filter((one) => one !== value)].slice(0, VALUES_PER_NAME));
      if (before[0] === value) return;
      mask = undefined;
      let bytes = 0;
      for (const [other, values] of [...byName].reverse()) {
        bytes += values.reduce((sum, one) => sum + Buffer.byteLength(one), 0);
        if (bytes > LIMITS.secretsKnownBytesMax) byName.delete(other);
      }
    },
    mask: () => {
      if (byName.size === 0) return undefined;
      mask ??= createSecretMask([...byName.values()].flat());
      return mask;
    },
  };
}
