// A record for each plugin whose code is new to this home, before any of its tools can be called.

import { type Clock, rfc3339 } from '#base/clock.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { MetaStore } from '#domain/store-ports.ts';

/**
 * Records the plugin, unless its code is what was recorded last under its name; also one whose manifest another version of
 * the product makes of the same code.
 *
 * **Durability:** the record is on disk when it resolves. A crash in between only repeats it.
 */
export async function recordNewPlugin(
  { log, meta, clock }: { readonly log: RecordLog; readonly meta: MetaStore; readonly clock: Clock },
  plugin: Plugin,
): Promise<void> {
  const key = `plugin/${plugin.name}`;
  const { digest, manifestDigest } = plugin;
  const known = plugin.isDiscovered === true ? `${digest} ${manifestDigest}` : digest;
  if (meta.get(key) === known) return;
  await log.append({
    kind: 'plugin',
    predicate: {
      name: plugin.name,
      version: plugin.version,
      package: plugin.digest,
      manifest: plugin.manifestDigest,
      capabilities: plugin.manifest.capabilities ?? {},
      origin: plugin.origin,
      time: rfc3339(clock.nowMs()),
    },
  });
  meta.put(key, known);
}
