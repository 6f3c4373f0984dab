// What a grant has to give for what recorded calls did: of what they were granted the entries that they used, as a policy writes
// them. Pure. Trust: both are as they were recorded; what is no line of a record is taken for a use of everything.

import { canonicalJson } from '#base/canonical-json.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { type CapabilityKind, kindsOf } from '#domain/capability.ts';
import { isAtOrBelow } from '#domain/narrow.ts';

/** In the shapes of a policy; `{}`: none at all. */
export type UsedCapabilities = { readonly [kind in CapabilityKind]?: Json };

/**
 * What was used of what was granted, both as a record has them. Where the record does not say what was used, or not in single
 * lines, all that was granted.
 */
export function usedCapabilities(capabilities: JsonObject): UsedCapabilities {
  const granted = isJsonObject(capabilities['granted']) ? capabilities['granted'] : {};
  const lines = Array.isArray(capabilities['used']) ? capabilities['used'].filter(isJsonObject) : undefined;
  const kinds = kindsOf(granted as object);
  if (lines === undefined || lines.some(({ kind }) => !kinds.some((known) => known === kind))) {
    return joined(kinds.map((kind) => [kind, entriesOf(granted[kind]).map(inPolicy(kind))]));
  }
  const targets = new Map(kinds.map((kind) => [kind, lines.filter((line) => line['kind'] === kind).map(targetOf)]));
  const hosts = (targets.get('net') ?? []).map((place) => place.slice(0, place.lastIndexOf(':')));
  const left = kinds.flatMap((kind): readonly Entries[] => {
    const used = kind === 'secrets' ? hosts : (targets.get(kind) ?? []);
    const entries = entriesOf(granted[kind]).flatMap((entry) => narrowed(kind, entry, used));
    return entries.length === 0 ? [] : [[kind, entries.map(inPolicy(kind))]];
  });
  return joined(left);
}

/** What both are enough for; undefined where that is more than a policy has room for. */
export function bothCapabilities(one: UsedCapabilities, other: UsedCapabilities): UsedCapabilities | undefined {
  const kinds = [...new Set([...kindsOf(one as object), ...kindsOf(other as object)])];
  const merged = kinds.map((kind): Entries => {
    const entries = [...entriesOf(one[kind]), ...entriesOf(other[kind])];
    const distinct = new Map(entries.map((entry) => [canonicalJson(entry), entry] as const));
    const sorted = [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
    return [kind, kind === 'store' ? [sorted.reduce(largerStore)] : sorted];
  });
  if (merged.some(([, entries]) => entries.length > LIMITS.capabilityEntriesMax)) return undefined;
  return joined(merged);
}

/** A list of a kind; a kind that is no list is one entry. */
const entriesOf = (value: Json | undefined): readonly Json[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as Json];

const LISTS: readonly CapabilityKind[] = ['net', 'files', 'secrets', 'run', 'tools'];

type Entries = readonly [kind: CapabilityKind, entries: readonly Json[]];

function joined(kinds: readonly Entries[]): UsedCapabilities {
  return Object.fromEntries(
    kinds.map(([kind, entries]) => [kind, LISTS.includes(kind) ? entries : (entries[0] ?? true)]),
  );
}

const targetOf = ({ target }: JsonObject): string => String(target);

/** What is left of a granted entry; `[]` where it was not used. Of secrets `used` are hosts. */
function narrowed(kind: CapabilityKind, entry: Json, used: readonly string[]): readonly Json[] {
  switch (kind) {
    case 'net': {
      const { host, ports, ...rest } = entry as JsonObject;
      const asked = used.filter((place) => place.slice(0, place.lastIndexOf(':')) === host);
      const numbers = asked.map((place) => Number(place.slice(place.lastIndexOf(':') + 1)));
      const given = Array.isArray(ports) ? numbers.filter((port) => ports.includes(port)) : numbers;
      return given.length === 0 ? [] : [{ ...rest, host: host ?? '', ports: given.sort((a, b) => a - b) }];
    }
    case 'files': {
      const path = String((entry as JsonObject)['path']);
      const isUsed = used.some((one) => isAtOrBelow(one, path) || isAtOrBelow(path, one));
      return isUsed ? [entry] : [];
    }
    case 'secrets': {
      const { hosts, expose, ...rest } = entry as JsonObject;
      const given = Array.isArray(hosts) ? hosts.filter((host) => used.includes(String(host))) : [];
      // That it was there as a variable leaves no trace.
      if (expose !== undefined) return [entry];
      return given.length === 0 ? [] : [{ ...rest, hosts: given }];
    }
    case 'run':
      return used.includes(String((entry as JsonObject)['program'])) ? [entry] : [];
    case 'tools':
      return used.includes(String(entry)) ? [entry] : [];
    default:
      return used.length > 0 ? [entry] : [];
  }
}

/** A policy names a secret without what stands before its value. */
const inPolicy =
  (kind: CapabilityKind) =>
  (entry: Json): Json => {
    if (kind !== 'secrets' || !isJsonObject(entry)) return entry;
    const { prefix: _, ...rest } = entry;
    return rest;
  };

function largerStore(one: Json, other: Json): Json {
  const [a, b] = [one as JsonObject, other as JsonObject];
  const isReadOnly = a['access'] === 'read' && b['access'] === 'read';
  return {
    bytesMax: Math.max(Number(a['bytesMax']), Number(b['bytesMax'])),
    ...(isReadOnly ? { access: 'read' } : {}),
  };
}
