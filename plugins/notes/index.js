// The tools of notes. Runs in an isolate and asks for `files`, in workspace/notes, and for `store`, where the tags are. The host has
// checked the arguments against plugin.json, and holds every path against what was given.

import { isNote, nameOf, noteNames, pathOf } from './names.js';
import { findLines } from './search.js';
import { dropTags, keepTags, namesWithTag, tagsOf } from './tags.js';
import { utf8Length } from './utf8.js';

/** @typedef {import('#plugins/plugin-api.d.ts').Host} Host */

const LISTED_MAX = 200;
/** What a note may grow to by additions: one read answers with it. */
const NOTE_BYTES_MAX = 256 * 1024;

/** @type {import('#plugins/plugin-api.d.ts').Tools} */
export const tools = {
  write: async ({ name, text, tags, onlyNew = false }, host) => {
    const note = nameOf(name);
    const mode = onlyNew ? 'create' : 'replace';
    const { bytes } = await host.files.write({ path: pathOf(note), text, mode });
    // The note first: a tag never names one that was not written.
    const kept = tags === undefined ? await tagsOf(host, note) : await keepTags(host, note, tags);
    return { name: note, bytes, tags: kept };
  },

  append: async ({ name, text }, host) => {
    const note = nameOf(name);
    const path = pathOf(note);
    const before = await sizeOf(host, note);
    const added = before > 0 && !(await endsWithLine(host, path, before)) ? `\n${text}` : text;
    if (before + utf8Length(added) > NOTE_BYTES_MAX) {
      throw new Error(`a note has at most ${NOTE_BYTES_MAX} bytes: begin another one`);
    }
    const { bytes } = await host.files.write({ path, text: added, mode: 'append' });
    return { name: note, bytes };
  },

  read: async ({ name, offset = 0 }, host) => {
    const note = nameOf(name);
    const { text, bytes, isCut } = await readText(host, pathOf(note), offset);
    const next = isCut ? { next: offset + utf8Length(text) } : {};
    return { name: note, text, tags: await tagsOf(host, note), bytes, ...next };
  },

  list: async ({ tag, after = '' }, host) => {
    const found = tag === undefined ? await noteNames(host) : await namesWithTag(host, tag);
    const names = found.names.filter((name) => name > after);
    const notes = [];
    for (const name of names.slice(0, LISTED_MAX)) {
      const bytes = await sizeOf(host, name);
      // A tag outlives a file that a person removed.
      if (bytes >= 0) notes.push({ name, bytes, tags: await tagsOf(host, name) });
    }
    return { notes, isCut: found.isCut || names.length > LISTED_MAX };
  },

  search: async ({ words, tag }, host) => {
    const { names, isCut } = tag === undefined ? await noteNames(host) : await namesWithTag(host, tag);
    const found = await findLines(host, names, words);
    return { matches: found.matches, isCut: found.isCut || isCut };
  },

  remove: async ({ name }, host) => {
    const note = nameOf(name);
    await host.files.remove({ path: pathOf(note) });
    await dropTags(host, note);
    return { name: note };
  },
};

/**
 * In bytes; -1 where there is no such note.
 *
 * @param {Host} host
 * @param {string} note
 */
async function sizeOf(host, note) {
  try {
    const { kind, bytes = 0 } = await host.files.stat({ path: pathOf(note) });
    return isNote({ name: pathOf(note), kind }) ? bytes : -1;
  } catch (error) {
    if (isMissing(error)) return -1;
    throw error;
  }
}

/**
 * @param {Host} host
 * @param {string} path
 * @param {number} size
 */
async function endsWithLine(host, path, size) {
  const last = await host.files.read({ path, as: 'base64', offset: size - 1, length: 1 });
  return 'base64' in last && last.base64 === LINE_FEED_BASE64;
}

const LINE_FEED_BASE64 = 'Cg==';

/**
 * @param {Host} host
 * @param {string} path
 * @param {number} offset
 */
async function readText(host, path, offset) {
  const read = await host.files.read({ path, offset });
  if (!('text' in read)) throw new Error('a note is a text');
  return read;
}

/** @param {unknown} error */
function isMissing(error) {
  return /** @type {{ code?: unknown }} */ (error).code === 'NOT_FOUND';
}
