// What a manifest asks in its own words, as far as runs of its tools needed it: for an author who wrote patterns and wants to know
// whether they are all in use. Pure. Decides nothing: the broker does.

import type { Capabilities, NetEntry } from './capability.ts';
import { isAtOrBelow, narrow } from './narrow.ts';
import { isCovered, mergedNeeds, needsOf, smallestCapabilities } from './needed-capabilities.ts';
import type { Transcript } from './transcript.ts';

/**
 * `asked` without the entries, ports, methods and patterns that no run used, reading where writing was asked and never done; what
 * runs needed beyond it is added, exact. Equal to `asked` where that is what they needed.
 */
export function keptCapabilities(transcripts: readonly Transcript[], asked: Capabilities): Capabilities {
  const needs = needsOf(transcripts);
  const { secrets, store } = smallestCapabilities(transcripts, asked);
  const isUsed = (one: Capabilities): boolean => needs.some((need) => Object.keys(narrow(one, need)).length > 0);
  const lacking = mergedNeeds(needs.filter((need) => need.store === undefined && !isCovered(need, asked)));
  const both = {
    net: [...(asked.net ?? []).flatMap((entry) => keptNet(entry, isUsed)), ...(lacking.net ?? [])],
    files: [...keptFiles(asked, needs), ...(lacking.files ?? [])],
    secrets: secrets ?? [],
    run: [...(asked.run ?? []).filter((entry) => isUsed({ run: [entry] })), ...(lacking.run ?? [])],
    tools: [...(asked.tools ?? []).filter((tool) => isUsed({ tools: [tool] })), ...(lacking.tools ?? [])],
  };
  return {
    ...Object.fromEntries(Object.entries(both).filter(([, entries]) => entries.length > 0)),
    ...(store === undefined ? {} : { store: keptStore(asked.store, store) }),
    ...(needs.some(({ clock }) => clock) ? { clock: true } : {}),
    ...(needs.some(({ random }) => random) ? { random: true } : {}),
  };
}

function keptNet(entry: NetEntry, isUsed: (one: Capabilities) => boolean): readonly NetEntry[] {
  const { ports, methods, paths } = entry;
  const kept = {
    ...entry,
    ...(ports && { ports: ports.filter((port) => isUsed({ net: [{ ...entry, ports: [port] }] })) }),
    ...(methods && { methods: methods.filter((method) => isUsed({ net: [{ ...entry, methods: [method] }] })) }),
    ...(paths && { paths: paths.filter((path) => isUsed({ net: [{ ...entry, paths: [path] }] })) }),
  };
  return isUsed({ net: [kept] }) ? [kept] : [];
}

function keptFiles(asked: Capabilities, needs: readonly Capabilities[]): NonNullable<Capabilities['files']> {
  const needed = needs.flatMap(({ files = [] }) => files);
  return (asked.files ?? []).flatMap((entry) => {
    const within = needed.filter(({ path }) => isAtOrBelow(path, entry.path));
    if (within.length === 0) return [];
    const writes = entry.access === 'write' && within.some(({ access }) => access === 'write');
    return [{ ...entry, access: writes ? 'write' : 'read' }];
  });
}

function keptStore(
  asked: Capabilities['store'],
  needed: NonNullable<Capabilities['store']>,
): NonNullable<Capabilities['store']> {
  if (asked === undefined) return needed;
  const bytesMax = Math.max(asked.bytesMax, needed.bytesMax);
  if (needed.access === 'read') return { ...asked, bytesMax, access: 'read' };
  const { access, ...rest } = asked;
  return access === 'read' ? { ...rest, bytesMax } : { ...asked, bytesMax };
}
