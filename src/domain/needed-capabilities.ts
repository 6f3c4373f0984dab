// What one host call needs, and the smallest capabilities under which a whole transcript would have been answered: for those
// who write a manifest. Pure. Decides nothing: the broker does. **Trust:** names and params are a plugin's.

import { isJsonObject, type Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { utf8Length } from '#base/utf8-length.ts';
import type { Access, Capabilities, FilesEntry, NetEntry, RunEntry } from './capability.ts';
import { capabilityOf, isHostCallName } from './host-call.ts';
import { mergeFiles, mergeNet } from './merge-entries.ts';
import { narrow } from './narrow.ts';
import { parseTarget } from './net-target.ts';
import type { Transcript, TranscriptEvent } from './transcript.ts';
import { readWorkspacePath, WORKSPACE } from './workspace-path.ts';

/** Refusals of what is no host call at all: no manifest would make it one. */
const NEVER_ANSWERED: readonly string[] = ['REQUEST_INVALID', 'HOST_CALLS_EXCEEDED', 'CANCELLED'];

/**
 * The one thing that a host call needs, each entry with every key. `{}`: nothing, or params for which no manifest could ask.
 * Of the store: room for what is set by this call alone.
 */
export function neededFor(name: string, params: Json): Capabilities {
  if (!isHostCallName(name) || capabilityOf(name) === undefined) return {};
  const fields = isJsonObject(params) ? params : {};
  switch (name) {
    case 'now':
      return { clock: true };
    case 'random':
      return { random: true };
    case 'fetch':
      return netOf(fields['url'], fields['method']);
    case 'run':
      return runOf(fields['program'], fields['args']);
    case 'tools.call':
      return typeof fields['tool'] === 'string' ? { tools: [fields['tool']] } : {};
    case 'store.get':
    case 'store.list':
      return { store: { bytesMax: 1, access: 'read' } };
    case 'store.delete':
      return { store: { bytesMax: 1, access: 'write' } };
    case 'store.set':
      return { store: { bytesMax: entryBytes(fields['key'], fields['value']), access: 'write' } };
    case 'files.move':
      return filesOf([fields['from'], fields['to']], 'write');
    case 'files.read':
    case 'files.list':
    case 'files.stat':
      return filesOf([fields['path'] ?? (name === 'files.list' ? WORKSPACE : null)], 'read');
    default:
      return filesOf([fields['path']], 'write');
  }
}

/** Whether the call needs something, and no manifest could ask for it: what it names is no place, path or program. */
export function isNeverAsked(name: string, params: Json): boolean {
  if (!isHostCallName(name)) return true;
  return capabilityOf(name) !== undefined && Object.keys(neededFor(name, params)).length === 0;
}

/** Whether `given` allows all of what one call needs. */
export function isCovered(needed: Capabilities, given: Capabilities): boolean {
  const both = narrow(given, needed);
  const isWithin = needed.files?.every(({ path, access }) =>
    both.files?.some((left) => left.path === path && left.access === access),
  );
  const hasRoom =
    needed.store === undefined ||
    (both.store !== undefined && (needed.store.access === 'read' || both.store.access === 'write'));
  const isThere = (['net', 'run', 'tools', 'clock', 'random'] as const).every(
    (kind) => needed[kind] === undefined || both[kind] !== undefined,
  );
  return isWithin !== false && hasRoom && isThere;
}

/**
 * The smallest `capabilities` of a manifest with which these runs would have been answered as they were: paths and arguments exact,
 * merged over all of them. A secret of `asked` is in it where a request went to one of its hosts, or where its exposure leaves
 * no trace. What a manifest has no room for (`LIMITS.capabilityEntriesMax`) is written with a `*`.
 */
export function smallestCapabilities(transcripts: readonly Transcript[], asked: Capabilities = {}): Capabilities {
  const { net, files, ...others } = mergedNeeds(needsOf(transcripts));
  const secrets = (asked.secrets ?? []).filter(
    ({ hosts, expose }) => expose !== undefined || net?.some(({ host }) => hosts?.includes(host)),
  );
  const store = storeOf(transcripts);
  return {
    ...(net === undefined ? {} : { net }),
    ...(files === undefined ? {} : { files }),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(store === undefined ? {} : { store }),
    ...others,
  };
}

/** What each call of these runs needed, one by one. */
export function needsOf(transcripts: readonly Transcript[]): readonly Capabilities[] {
  return transcripts.flatMap(({ events }) => answeredCalls(events)).map(({ needed }) => needed);
}

/** Many needs as one, without the store, whose room is no sum of them. */
export function mergedNeeds(needs: readonly Capabilities[]): Omit<Capabilities, 'store' | 'secrets'> {
  const net = mergeNet(needs.flatMap((one) => one.net ?? []));
  const files = mergeFiles(needs.flatMap((one) => one.files ?? []));
  const run = distinct(needs.flatMap((one) => one.run ?? []));
  const tools = [...new Set(needs.flatMap((one) => one.tools ?? []))].sort();
  return {
    ...(net.length === 0 ? {} : { net }),
    ...(files.length === 0 ? {} : { files }),
    ...(run.length === 0 ? {} : { run }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(needs.some((one) => one.clock) ? { clock: true } : {}),
    ...(needs.some((one) => one.random) ? { random: true } : {}),
  };
}

/** The entries of `asked` of which `used` needs nothing, as a manifest would write them; `{}`: all are used. */
export function unusedCapabilities(asked: Capabilities, used: Capabilities): Capabilities {
  const isUsed = (one: Capabilities): boolean => Object.keys(narrow(one, used)).length > 0;
  const net = asked.net?.filter((entry) => !isUsed({ net: [entry] })) ?? [];
  const files = asked.files?.filter((entry) => !isUsed({ files: [entry] })) ?? [];
  const run = asked.run?.filter((entry) => !isUsed({ run: [entry] })) ?? [];
  const tools = asked.tools?.filter((tool) => !isUsed({ tools: [tool] })) ?? [];
  const secrets = asked.secrets?.filter(({ name }) => !used.secrets?.some((one) => one.name === name)) ?? [];
  return {
    ...(net.length === 0 ? {} : { net }),
    ...(files.length === 0 ? {} : { files }),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(asked.store === undefined || used.store !== undefined ? {} : { store: asked.store }),
    ...(run.length === 0 ? {} : { run }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(asked.clock === undefined || used.clock === true ? {} : { clock: true }),
    ...(asked.random === undefined || used.random === true ? {} : { random: true }),
  };
}

type Answered = { readonly name: string; readonly params: Json; readonly needed: Capabilities };

/** Calls that were answered, or refused for what a manifest could have changed. Where a request was led to is needed, too. */
function answeredCalls(events: readonly TranscriptEvent[]): readonly Answered[] {
  const ends = new Map(events.flatMap((event) => (event.kind === 'asked' ? [] : [[event.call, event]])));
  return events.flatMap((event) => {
    if (event.kind !== 'asked') return [];
    const { name, params } = event;
    const end = ends.get(event.call);
    if (end?.kind === 'refused' && NEVER_ANSWERED.includes(end.error.code)) return [];
    const one = { name, params, needed: neededFor(name, params) };
    const led = end?.kind === 'answered' && name === 'fetch' ? ledTo(params, end.value) : undefined;
    return led === undefined ? [one] : [one, { name, params: led, needed: neededFor(name, led) }];
  });
}

function ledTo(params: Json, answer: Json): Json | undefined {
  const asked = isJsonObject(params) ? params['url'] : undefined;
  const url = isJsonObject(answer) ? answer['url'] : undefined;
  return typeof url !== 'string' || url === asked ? undefined : { url };
}

function netOf(url: Json | undefined, method: Json | undefined): Capabilities {
  const parsed = parseTarget(typeof url === 'string' ? url : '');
  if (parsed.kind === 'refused') return {};
  const { host, port, path } = parsed.target;
  const methods = [typeof method === 'string' ? method.toUpperCase() : 'GET'];
  return { net: [{ host, ports: [port], methods, paths: [path] }] satisfies NetEntry[] };
}

function runOf(program: Json | undefined, args: Json = []): Capabilities {
  if (typeof program !== 'string') return {};
  if (!Array.isArray(args) || !args.every((word: Json) => typeof word === 'string')) return {};
  return { run: [{ program, args }] satisfies RunEntry[] };
}

function filesOf(paths: readonly (Json | undefined)[], access: Access): Capabilities {
  // What is no path of a workspace can't be asked for, nor a move from or to it.
  const files = paths.flatMap((path): FilesEntry[] => {
    const reading = readWorkspacePath(path);
    return reading.kind === 'path' ? [{ path: reading.path.text, access }] : [];
  });
  return files.length < paths.length ? {} : { files };
}

function distinct<T>(all: readonly T[]): readonly T[] {
  const found = [...new Map(all.map((one) => [JSON.stringify(one), one])).entries()];
  return found.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function entryBytes(key: Json | undefined, value: Json | undefined): number {
  const bytes = utf8Length(typeof key === 'string' ? key : '') + utf8Length(JSON.stringify(value ?? null));
  return Math.min(Math.max(bytes, 1), LIMITS.pluginStoreBytesMax);
}

/** The most that the store held at a time, of what these runs set; each begins where the one before it ended. */
function storeOf(transcripts: readonly Transcript[]): Capabilities['store'] {
  const held = new Map<string, number>();
  let bytes = 1;
  let access: Access | undefined;
  for (const { name, params } of transcripts.flatMap(({ events }) => answeredCalls(events))) {
    if (!name.startsWith('store.')) continue;
    const writes = name === 'store.set' || name === 'store.delete';
    access = writes || access === 'write' ? 'write' : 'read';
    const fields = isJsonObject(params) ? params : {};
    const key = String(fields['key']);
    if (name === 'store.set') held.set(key, entryBytes(fields['key'], fields['value']));
    if (name === 'store.delete') held.delete(key);
    bytes = Math.max(
      bytes,
      [...held.values()].reduce((sum, one) => sum + one, 0),
    );
  }
  return access === undefined ? undefined : { bytesMax: Math.min(bytes, LIMITS.pluginStoreBytesMax), access };
}
