// The rule by which a made-up world refuses: as the broker does, one call needs what `neededFor` says, and the call's
// capabilities must hold it. Called by the files of the world only. **Trust:** params are a plugin's.

import type { Json } from '#base/json.ts';
import type { CallContext } from '#broker/call-handler.ts';
import { denied, invalid } from '#broker/params.ts';
import type { Capabilities, CapabilityKind } from '#domain/capability.ts';
import { isCovered, neededFor } from '#domain/needed-capabilities.ts';

type Asked = { readonly name: string; readonly params: Json; readonly kind: CapabilityKind };

/**
 * What the call needs, once it was found to be given.
 *
 * @throws `REQUEST_INVALID` where what it needs can't be told · `CAPABILITY_DENIED`
 */
export function checkGiven({ name, params, kind }: Asked, { capabilities }: CallContext): Capabilities {
  const needed = neededFor(name, params);
  if (needed[kind] === undefined) throw invalid(`${name}: the params are not those of this call`);
  if (isCovered(needed, capabilities)) return needed;
  throw denied({
    capability: kind,
    asked: JSON.stringify(needed[kind]),
    allowed: [JSON.stringify(capabilities[kind] ?? [])],
    message: `this call was not given ${kind} for what it asks`,
    remedy: `ask for ${JSON.stringify({ [kind]: needed[kind] })} in plugin.json, and have the grant give it`,
  });
}
