// A grant's capabilities: the shapes of a manifest, or their shorthand. Pure; takes what fits the schema.

import type { Json, JsonObject } from '#base/json.ts';
import { isJsonObject } from '#base/json.ts';
import type { Capabilities } from '#domain/capability.ts';

/**
 * The manifest's shapes. `[]` instead of the map: none at all, `{}`. A kind with `[]`: none of it, as if it were absent.
 */
export function readCapabilities(written: Json): Capabilities {
  if (!isJsonObject(written)) return {};
  const read: { [kind: string]: Json } = {};
  for (const [kind, value] of Object.entries(written)) {
    if (!Array.isArray(value)) read[kind] = value;
    else if (value.length > 0)
      read[kind] = value.map((entry) => (typeof entry === 'string' ? expand(kind, entry) : entry));
  }
  return read as Capabilities;
}

function expand(kind: string, shorthand: string): Json {
  const colon = shorthand.lastIndexOf(':');
  const before = shorthand.slice(0, colon);
  const after = shorthand.slice(colon + 1);
  const shapes: { readonly [kind: string]: JsonObject } = {
    net: { host: before, ports: [Number(after)] },
    files: { path: before, access: after },
    secrets: { name: shorthand },
    run: { program: shorthand },
  };
  return shapes[kind] ?? shorthand;
}

const PORT_MAX = 65_535;

/** Shorthands of `net` whose port can't be; as indices. */
export function wrongPorts(written: Json): readonly number[] {
  const net = isJsonObject(written) ? written['net'] : undefined;
  if (!Array.isArray(net)) return [];
  return net.flatMap((entry, index) =>
    typeof entry === 'string' && Number(entry.slice(entry.lastIndexOf(':') + 1)) > PORT_MAX ? [index] : [],
  );
}
