// Whether a grant's capabilities give at most what another one's give. Pure. Sure of a yes only: what it can't compare it
// takes for more.

import { canonicalJson } from '#base/canonical-json.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { type Capabilities, kindsOf } from '#domain/capability.ts';

/** `undefined` stands for all that was approved, `{}` for none. */
export function isWithin(inner: Capabilities | undefined, outer: Capabilities | undefined): boolean {
  if (outer === undefined) return true;
  if (inner === undefined) return false;
  return kindsOf(inner).every((kind) => isKindWithin(inner[kind] as Json, outer[kind] as Json | undefined));
}

function isKindWithin(inner: Json, outer: Json | undefined): boolean {
  if (outer === undefined) return false;
  if (isSame(inner, outer)) return true;
  if (Array.isArray(inner) && Array.isArray(outer)) {
    return inner.every((entry) => outer.some((other) => isSame(entry, other) || isEntryWithin(entry, other)));
  }
  return isJsonObject(inner) && isJsonObject(outer) && isStoreWithin(inner, outer);
}

/** Keys of an entry whose lists give a power with each of their items. */
const LISTS_OF_POWERS: readonly string[] = ['ports', 'methods', 'paths', 'hosts'];

/** The same entry but for shorter lists. A key that only one of them has might mean anything. */
function isEntryWithin(inner: Json, outer: Json): boolean {
  if (!isJsonObject(inner) || !isJsonObject(outer)) return false;
  const keys = Object.keys(inner);
  if (keys.length !== Object.keys(outer).length) return false;
  return keys.every((key) => {
    const [mine, theirs] = [inner[key] ?? null, Object.hasOwn(outer, key) ? (outer[key] ?? null) : undefined];
    if (theirs === undefined) return false;
    if (isSame(mine, theirs)) return true;
    const areLists = LISTS_OF_POWERS.includes(key) && Array.isArray(mine) && Array.isArray(theirs);
    return areLists && mine.length > 0 && mine.every((item) => theirs.some((other) => isSame(item, other)));
  });
}

/** A store of the same access, and no larger. */
function isStoreWithin(inner: JsonObject, outer: JsonObject): boolean {
  const { bytesMax: innerBytesMax, ...rest } = inner;
  const { bytesMax: outerBytesMax, ...otherRest } = outer;
  const isSmaller =
    typeof innerBytesMax === 'number' && typeof outerBytesMax === 'number' && innerBytesMax <= outerBytesMax;
  return isSmaller && isSame(rest, otherRest);
}

const isSame = (one: Json, other: Json): boolean => canonicalJson(one) === canonicalJson(other);
