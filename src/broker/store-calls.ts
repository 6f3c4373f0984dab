// The host calls of the capability `store`. Called by the broker only.

import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { StoreEntry } from '#domain/capability.ts';
import type { LabelledPlace } from '#domain/label-ports.ts';
import { denied, malformed } from '#domain/refusal.ts';
import type { StoreOwner } from '#domain/store-ports.ts';
import { parseKey, type StoreEffect, type StoreKey } from '#effects/store.ts';
import type { CallContext, CallHandlers } from './call-handler.ts';
import { fieldsOf, invalid } from './params.ts';

const TARGET = 'store';

export function createStoreCalls(store: StoreEffect): CallHandlers {
  return {
    'store.get': (params, context) => {
      const key = readKey('store.get', fieldsOf('store.get', params, ['key'])['key']);
      return {
        target: TARGET,
        looksAt: [valueAt(context, key)],
        perform: () => store.get(ownerOf(context), key) ?? null,
      };
    },
    'store.set': (params, context) => {
      const { key: named, value } = fieldsOf('store.set', params, ['key', 'value']);
      const key = readKey('store.set', named);
      if (value === undefined) throw invalid('store.set: value is missing', 'delete a key by store.delete');
      const { bytesMax } = writable('store.set', context);
      return {
        target: TARGET,
        writesTo: [valueAt(context, key)],
        perform: () => set(store, context, { key, value, bytesMax }),
      };
    },
    'store.delete': (params, context) => {
      const key = readKey('store.delete', fieldsOf('store.delete', params, ['key'])['key']);
      writable('store.delete', context);
      // That a key is there, or is there no more, says something, too.
      const places = [valueAt(context, key)];
      return {
        ...{ target: TARGET, looksAt: places, writesTo: places },
        perform: () => store.delete(ownerOf(context), key),
      };
    },
    'store.list': (params, context) => {
      const { prefix = '', after = '' } = fieldsOf('store.list', params, ['prefix', 'after']);
      if (typeof prefix !== 'string' || typeof after !== 'string') {
        throw invalid('store.list: prefix and after are texts', 'leave them out for all keys from the first');
      }
      return {
        target: TARGET,
        looksAt: [{ kind: 'values', ...ownerOf(context), prefix }],
        perform: () => list(store, context, { prefix, after }),
      };
    },
  };
}

function readKey(name: string, value: Json | undefined): StoreKey {
  const key = parseKey(value);
  if (key !== undefined) return key;
  throw malformed({
    asked: typeof value === 'string' ? value : 'no text',
    allowed: [`texts of 1 to ${LIMITS.storeKeyBytesMax} bytes in UTF-8`],
    message: `${name}: this is no key`,
    remedy: 'name the value by a short text, and keep what is long in the value',
  });
}

/** @throws `CAPABILITY_DENIED` for a store that may only be read */
function writable(name: string, { capabilities }: CallContext): StoreEntry {
  const given = capabilities.store;
  if (given !== undefined && given.access !== 'read') return given;
  throw denied({
    capability: 'store',
    asked: name,
    allowed: given === undefined ? [] : ['store.get', 'store.list'],
    message: 'this call may only read its store',
    remedy: 'ask for {"store": {"bytesMax": …, "access": "write"}} in plugin.json, and have the grant give it',
  });
}

async function set(
  store: StoreEffect,
  context: CallContext,
  { key, value, bytesMax }: { readonly key: StoreKey; readonly value: Json; readonly bytesMax: number },
): Promise<null> {
  if (await store.set(ownerOf(context), key, value, bytesMax)) return null;
  throw new SmcpError('QUOTA_EXCEEDED', 'the store is full: nothing was changed', {
    details: { bytesMax, remedy: 'delete keys that are not needed, or raise `store.bytesMax` in plugin.json' },
  });
}

/** One more than is shown tells whether there are more. */
function list(
  store: StoreEffect,
  context: CallContext,
  range: { readonly prefix: string; readonly after: string },
): Json {
  const countMax = LIMITS.storeKeysListedMax;
  const found = store.list(ownerOf(context), { ...range, countMax: countMax + 1 });
  return { keys: found.slice(0, countMax), isCut: found.length > countMax };
}

const ownerOf = ({ plugin, agent }: CallContext): StoreOwner => ({ plugin, agent });

const valueAt = (context: CallContext, key: string): LabelledPlace => ({ kind: 'value', ...ownerOf(context), key });
