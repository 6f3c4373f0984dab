// What a guest may ask of the host, and the capability that each of it needs. Pure; the sandbox refuses by this table
// what a call lacks, the broker once more, and a test keeps the guest's own list equal.

import type { CapabilityKind } from './capability.ts';

/** The capability that each host call needs; undefined: every plugin may make it. */
export const HOST_CALLS = {
  log: undefined,
  progress: undefined,
  cost: undefined,
  now: 'clock',
  random: 'random',
  fetch: 'net',
  'files.read': 'files',
  'files.write': 'files',
  'files.list': 'files',
  'files.stat': 'files',
  'files.move': 'files',
  'files.remove': 'files',
  'files.makeFolder': 'files',
  'store.get': 'store',
  'store.set': 'store',
  'store.delete': 'store',
  'store.list': 'store',
  run: 'run',
  'tools.call': 'tools',
} as const satisfies { readonly [name: string]: CapabilityKind | undefined };

export type HostCallName = keyof typeof HOST_CALLS;

/** **Trust:** the name is a guest's. */
export function isHostCallName(name: string): name is HostCallName {
  return Object.hasOwn(HOST_CALLS, name);
}

/** The capability that a host call needs; undefined: none. */
export function capabilityOf(name: HostCallName): CapabilityKind | undefined {
  return HOST_CALLS[name];
}
