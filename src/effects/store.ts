// The effect of the capability `store`: values by key, of one plugin and agent. Called by the broker, which has decided.

import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { PluginStore, StoreOwner } from '#domain/store-ports.ts';

/** A key that was checked. Made by `parseKey` only. */
export type StoreKey = string & { readonly __brand: 'StoreKey' };

/** `undefined` when it can't be a key. **Trust:** the value is a guest's. */
export function parseKey(value: unknown): StoreKey | undefined {
  const isKey =
    typeof value === 'string' &&
    value !== '' &&
    value.isWellFormed() &&
    Buffer.byteLength(value) <= LIMITS.storeKeyBytesMax;
  return isKey ? (value as StoreKey) : undefined;
}

export type StoreEffect = {
  /** Undefined when there is none. */
  readonly get: (owner: StoreOwner, key: StoreKey) => Json | undefined;
  /** False, and nothing is kept, when all values and keys would take more than `bytesMax`. **Durability:** on disk when it resolves. */
  readonly set: (owner: StoreOwner, key: StoreKey, value: Json, bytesMax: number) => Promise<boolean>;
  /** Whether there was one. **Durability:** as `set`. */
  readonly delete: (owner: StoreOwner, key: StoreKey) => Promise<boolean>;
  /** Keys that begin with `prefix` and come after `after`, in the order of their UTF-8 bytes. */
  readonly list: (
    owner: StoreOwner,
    range: { readonly prefix: string; readonly after: string; readonly countMax: number },
  ) => readonly string[];
};

export function createStoreEffect(store: PluginStore): StoreEffect {
  return {
    get: (owner, key) => {
      const json = store.get(owner, key);
      return json === undefined ? undefined : (JSON.parse(json) as Json);
    },
    set: (owner, key, value, bytesMax) => store.set(owner, { key, json: JSON.stringify(value) }, bytesMax),
    delete: store.delete,
    list: store.list,
  };
}
