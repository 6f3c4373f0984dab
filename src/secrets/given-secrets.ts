// The secrets of one invocation: read when they are needed, put into requests to their hosts or into the program's environment, and
// masked in whatever comes back. Made by secrets.ts for a server, by sandbox/harness for a made-up world.
// **Trust:** the entries were approved and granted; the host is one that the broker has canonical.

import { createHash } from 'node:crypto';
import { LIMITS } from '#base/limits.ts';
import type { SecretEntry } from '#domain/capability.ts';
import type { UsedCapability } from '#domain/invocation.ts';
import type { CallSecrets } from '#domain/secret-ports.ts';
import type { MaskOf } from './kept-masks.ts';
import { createSecretMask, type ValueMask } from './mask.ts';
import { headerValue, invalid } from './secret-value.ts';

/** The value of a secret, checked. @throws `SECRET_MISSING` · `SECRET_UNAVAILABLE` · `SECRET_INVALID` · `SECRET_TAMPERED` */
export type ReadSecret = (name: string) => Promise<string>;

/** Nothing of a value is told: neither its bytes nor a digest of it. */
const NOTHING_TOLD = `sha256:${createHash('sha256').digest('hex')}`;

export function createGivenSecrets(
  read: ReadSecret,
  entries: readonly SecretEntry[],
  maskOf: MaskOf = createSecretMask,
): CallSecrets {
  const values = new Map<string, string>();
  const reading = new Map<string, Promise<string>>();
  const counts = new Map<string, number>();
  let mask: ValueMask | undefined;

  /** Known to the mask before it is handed to anybody. */
  const take = async (name: string): Promise<string> => {
    const value = await read(name);
    values.set(name, value);
    const bytes = [...values.values()].reduce((sum, one) => sum + Buffer.byteLength(one), 0);
    if (bytes > LIMITS.secretsOfCallBytesMax) {
      throw invalid(
        name,
        `makes the secrets of one call more than ${LIMITS.secretsOfCallBytesMax} bytes`,
        'give it fewer',
      );
    }
    mask = undefined;
    return value;
  };
  /** One that could not be read is tried again when it is needed again. */
  const once = (name: string): Promise<string> => {
    const known = reading.get(name);
    if (known !== undefined) return known;
    const value = take(name);
    reading.set(name, value);
    value.catch(() => reading.delete(name));
    return value;
  };
  const readAll = async (names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    const unique = [...new Set(names)];
    const found = await Promise.allSettled(unique.map(once));
    return new Map(unique.map((name, at) => [name, settledValue(found[at])]));
  };
  /** Those that the program itself was given; of the others it has nothing to print. */
  const shown = (): readonly string[] =>
    entries.flatMap(({ name, expose }) => (expose === 'env' ? [values.get(name) ?? []].flat() : []));
  const count = (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1);

  return {
    headersFor: async (host) => {
      const all = await readAll(entries.map(({ name }) => name));
      const headers = new Map<string, string>();
      for (const { name, hosts, header, prefix = '' } of entries) {
        if (header === undefined || hosts?.includes(host) !== true) continue;
        headers.set(header.toLowerCase(), headerValue(name, prefix, all.get(name) ?? ''));
        count(name);
      }
      return Object.fromEntries(headers);
    },
    environment: async () => {
      const names = entries.filter(({ expose }) => expose === 'env').map(({ name }) => name);
      const all = await readAll(names);
      for (const name of all.keys()) count(name);
      return Object.fromEntries(all);
    },
    mask: () => {
      if (values.size === 0) return undefined;
      mask ??= maskOf([...values.values()], shown());
      return mask;
    },
    used: () =>
      [...counts]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(
          ([name, times]): UsedCapability => ({
            ...{ kind: 'secrets', target: name, count: times },
            ...{ bytes: 0, transcript: NOTHING_TOLD },
          }),
        ),
  };
}

/** All of them are waited for, so that nothing is read behind the back of who has gone on. */
function settledValue(settled: PromiseSettledResult<string> | undefined): string {
  if (settled?.status === 'fulfilled') return settled.value;
  throw settled?.reason;
}
