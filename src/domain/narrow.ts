// Asked ∩ approved ∩ granted, entry by entry. Pure. What two lists say differently is given only as far as both say it.

import { coversStarPattern } from '#base/star-pattern.ts';
import { coversArgumentPattern } from './argument-pattern.ts';
import type { Capabilities, FilesEntry, NetEntry, RunEntry, SecretEntry, StoreEntry } from './capability.ts';

/** What a manifest's entry means where it leaves a key out. */
export const NET_DEFAULTS = { ports: [443], methods: ['GET'], paths: ['/*'] } as const;

/**
 * What is left of `asked`. `granted` undefined: all of it. A kind that `granted` lacks is not given; of a kind that both
 * have, each entry is what an entry of `asked` and one of `granted` allow together. A key that a granted entry leaves out
 * narrows nothing; one that an asked entry leaves out has its default.
 *
 * Two patterns of paths or arguments of which neither holds the other leave nothing: what both mean can't be written as one.
 */
export function narrow(asked: Capabilities, granted: Capabilities | undefined): Capabilities {
  if (granted === undefined) return asked;
  const net = pairs(asked.net, granted.net, netOf);
  const files = pairs(asked.files, granted.files, filesOf);
  const secrets = pairs(asked.secrets, granted.secrets, secretOf);
  const run = pairs(asked.run, granted.run, runOf);
  const tools = asked.tools?.filter((name) => granted.tools?.some((pattern) => coversStarPattern(pattern, name)));
  const store =
    asked.store === undefined || granted.store === undefined ? undefined : storeOf(asked.store, granted.store);
  return {
    ...(net === undefined ? {} : { net }),
    ...(files === undefined ? {} : { files }),
    ...(secrets === undefined ? {} : { secrets }),
    ...(store === undefined ? {} : { store }),
    ...(run === undefined ? {} : { run }),
    ...(tools === undefined || tools.length === 0 ? {} : { tools }),
    ...(asked.clock === true && granted.clock === true ? { clock: true } : {}),
    ...(asked.random === true && granted.random === true ? { random: true } : {}),
  };
}

/** Undefined where nothing is left. */
function pairs<Entry>(
  asked: readonly Entry[] | undefined,
  granted: readonly Entry[] | undefined,
  both: (asked: Entry, granted: Entry) => Entry | undefined,
): readonly Entry[] | undefined {
  const left = (asked ?? []).flatMap((one) =>
    (granted ?? []).flatMap((other) => {
      const entry = both(one, other);
      return entry === undefined ? [] : [entry];
    }),
  );
  return left.length === 0 ? undefined : left;
}

function netOf(asked: NetEntry, granted: NetEntry): NetEntry | undefined {
  if (asked.host !== granted.host) return undefined;
  const ports = inBoth(asked.ports ?? NET_DEFAULTS.ports, granted.ports);
  const methods = inBoth(asked.methods ?? NET_DEFAULTS.methods, granted.methods);
  const paths = patternsInBoth(asked.paths ?? NET_DEFAULTS.paths, granted.paths);
  if (ports.length === 0 || methods.length === 0 || paths.length === 0) return undefined;
  return { host: asked.host, ports, methods, paths };
}

function filesOf(asked: FilesEntry, granted: FilesEntry): FilesEntry | undefined {
  const access = asked.access === 'write' && granted.access === 'write' ? 'write' : 'read';
  if (isAtOrBelow(asked.path, granted.path)) return { path: asked.path, access };
  return isAtOrBelow(granted.path, asked.path) ? { path: granted.path, access } : undefined;
}

/** Whether a path of `/` and names is this folder, or lies in it. */
export function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function secretOf(asked: SecretEntry, granted: SecretEntry): SecretEntry | undefined {
  if (asked.name !== granted.name) return undefined;
  const { hosts, header, prefix, expose, ...rest } = asked;
  const left = hosts === undefined ? [] : inBoth(hosts, granted.hosts);
  const isSameHeader = granted.header === undefined || granted.header.toLowerCase() === header?.toLowerCase();
  const injected =
    header === undefined || left.length === 0 || !isSameHeader
      ? undefined
      : { hosts: left, header, ...(prefix === undefined ? {} : { prefix }) };
  // A grant that names hosts, and not the exposure, gives the hosts.
  const isExposed = expose === 'env' && (granted.expose === 'env' || granted.hosts === undefined);
  if (injected === undefined && !isExposed) return undefined;
  return { ...rest, ...injected, ...(isExposed ? { expose } : {}) };
}

function storeOf(asked: StoreEntry, granted: StoreEntry): StoreEntry {
  const isReadOnly = asked.access === 'read' || granted.access === 'read';
  return { bytesMax: Math.min(asked.bytesMax, granted.bytesMax), access: isReadOnly ? 'read' : 'write' };
}

/** No arguments in a manifest: none. None in a grant: those that are asked. */
function runOf(asked: RunEntry, granted: RunEntry): RunEntry | undefined {
  if (asked.program !== granted.program) return undefined;
  const args = asked.args ?? [];
  if (granted.args === undefined) return { program: asked.program, args };
  if (granted.args.length !== args.length) return undefined;
  const both = args.map((pattern, index) => argumentInBoth(pattern, granted.args?.[index] ?? ''));
  return both.every((pattern) => pattern !== undefined) ? { program: asked.program, args: both } : undefined;
}

function inBoth<Item>(asked: readonly Item[], granted: readonly Item[] | undefined): readonly Item[] {
  return granted === undefined ? asked : asked.filter((item) => granted.includes(item));
}

function patternsInBoth(asked: readonly string[], granted: readonly string[] | undefined): readonly string[] {
  if (granted === undefined) return asked;
  const both = asked.flatMap((one) => granted.map((other) => patternInBoth(one, other)));
  return [...new Set(both.filter((pattern) => pattern !== undefined))];
}

function argumentInBoth(one: string, other: string): string | undefined {
  if (coversArgumentPattern(other, one)) return one;
  return coversArgumentPattern(one, other) ? other : undefined;
}

function patternInBoth(one: string, other: string): string | undefined {
  if (coversStarPattern(other, one)) return one;
  return coversStarPattern(one, other) ? other : undefined;
}
