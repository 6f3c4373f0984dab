// What a profile of the Python SMCP's governor names, as patterns of tool names of a policy. Pure. A profile must never give more here
// than it did there: what has no equal is left out and told.

import { pointerSegment } from '#base/exact-json.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { ADMIN_TOOL_PREFIX } from '#domain/tool.ts';

export type ProfileMode = 'all' | 'prefix' | 'glob' | 'explicit';

/** Something of a profile that is left out. `pointer`: within the profile. */
export type ProfileFinding = { readonly pointer: string; readonly message: string; readonly remedy: string };

export type ProfilePatterns = { readonly patterns: readonly string[]; readonly findings: readonly ProfileFinding[] };

/** Where each mode has its list; the first is the one that is documented. */
const LISTS: { readonly [mode in ProfileMode]: readonly string[] } = {
  all: [],
  prefix: ['prefixes', 'prefix', 'tools'],
  glob: ['globs', 'glob', 'patterns', 'tools'],
  explicit: ['tools', 'names'],
};

/** Keys that say nothing about what is allowed. */
const TOLD: readonly string[] = ['name', 'mode', 'description'];

const NAME = /^[A-Za-z0-9_-]+$/;
const NAME_LENGTH_MAX = 128;

/** A list stands for `explicit`, and the text `all` for that mode; a map has its mode, or is told by its one list. */
export function patternsOfProfile(profile: Json): ProfilePatterns {
  if (profile === 'all') return { patterns: ['*'], findings: [] };
  if (Array.isArray(profile)) return read('explicit', profile, '');
  if (!isJsonObject(profile)) return nothing('', 'this is no profile', 'write a map with mode, and a list of names');
  const mode = modeOf(profile);
  if (mode === undefined) {
    return nothing('/mode', 'the mode is none of all, prefix, glob and explicit', 'name one of them');
  }
  const lists = LISTS[mode].filter((key) => profile[key] !== undefined);
  const stray = Object.keys(profile).find((key) => !TOLD.includes(key) && !lists.includes(key));
  if (stray !== undefined) {
    const message = `nobody knows what ${JSON.stringify(stray.slice(0, 64))} does in a profile of mode ${mode}: it may take rights away`;
    return nothing(
      `/${pointerSegment(stray)}`,
      message,
      'remove the key, and write what it meant into the policy by hand',
    );
  }
  if (mode === 'all') return { patterns: ['*'], findings: [] };
  const parts = lists.map((key) => read(mode, profile[key] ?? null, `/${key}`));
  if (parts.length === 0) return nothing('', `a profile of mode ${mode} has no list of names`, `add ${LISTS[mode][0]}`);
  return {
    patterns: [...new Set(parts.flatMap(({ patterns }) => patterns))],
    findings: parts.flatMap(({ findings }) => findings),
  };
}

function modeOf(profile: JsonObject): ProfileMode | undefined {
  const { mode } = profile;
  if (typeof mode === 'string') {
    const written = mode.toLowerCase();
    return Object.hasOwn(LISTS, written) ? (written as ProfileMode) : undefined;
  }
  if (mode !== undefined) return undefined;
  const told = (['prefix', 'glob', 'explicit'] as const).filter((one) => profile[LISTS[one][0] ?? ''] !== undefined);
  return told.length === 1 ? told[0] : undefined;
}

function read(mode: Exclude<ProfileMode, 'all'>, written: Json, pointer: string): ProfilePatterns {
  const entries = typeof written === 'string' ? [written] : written;
  if (!Array.isArray(entries)) return nothing(pointer, 'this is no list of names', 'write a list');
  const read = entries.map((entry: Json, at) => patternOf(mode, entry, `${pointer}/${at}`));
  return {
    patterns: read.flatMap((one) => (typeof one === 'string' ? [one] : [])),
    findings: read.flatMap((one) => (typeof one === 'string' ? [] : [one])),
  };
}

/** The pattern that matches the same names, or why there is none. */
function patternOf(mode: Exclude<ProfileMode, 'all'>, entry: Json, pointer: string): string | ProfileFinding {
  if (typeof entry !== 'string' || entry === '') {
    return { pointer, message: 'this is no name', remedy: 'write the name of a tool' };
  }
  const shown = JSON.stringify(entry.slice(0, NAME_LENGTH_MAX));
  if (entry.startsWith(ADMIN_TOOL_PREFIX)) {
    const message = `${shown} would give tools that administer this server: no profile ever did`;
    return { pointer, message, remedy: 'grant such tools by hand if you mean it' };
  }
  const pattern = mode === 'prefix' ? `${entry}*` : entry;
  const plain = mode === 'glob' ? entry.replaceAll('*', '') : entry;
  if ((plain === '' || NAME.test(plain)) && pattern.length <= NAME_LENGTH_MAX) return pattern;
  const message =
    mode === 'glob' && /[?[\]]/.test(entry)
      ? `${shown} has a sign that no pattern has here: * is the only one`
      : `${shown} can't be ${mode === 'explicit' ? 'the name of a tool' : 'a part of such a name'}`;
  return { pointer, message, remedy: 'name the tools, or write a pattern with * that matches them and no others' };
}

function nothing(pointer: string, message: string, remedy: string): ProfilePatterns {
  return { patterns: [], findings: [{ pointer, message, remedy }] };
}
