// Looks for words in notes, line by line, within bounds.

import { pathOf } from './names.js';

/** @typedef {import('#plugins/plugin-api.d.ts').Host} Host */
/** @typedef {{ name: string, line: number, text: string }} Match */

const MATCHES_MAX = 100;
const LINE_LENGTH_MAX = 300;
/** Bytes of notes that one search reads. */
const READ_BYTES_MAX = 8 * 1024 * 1024;

/**
 * @param {Host} host
 * @param {readonly string[]} names
 * @param {string} words
 * @returns {Promise<{ matches: Match[], isCut: boolean }>}
 */
export async function findLines(host, names, words) {
  const wanted = words.toLowerCase();
  /** @type {Match[]} */
  const matches = [];
  let isCut = false;
  let bytesLeft = READ_BYTES_MAX;
  for (const name of names) {
    if (bytesLeft <= 0) return { matches, isCut: true };
    const note = await readNote(host, name);
    if (note === undefined) continue;
    bytesLeft -= note.bytes;
    isCut ||= note.isCut;
    for (const [index, line] of note.text.split('\n').entries()) {
      if (!line.toLowerCase().includes(wanted)) continue;
      if (matches.length === MATCHES_MAX) return { matches, isCut: true };
      matches.push({ name, line: index + 1, text: line.slice(0, LINE_LENGTH_MAX).toWellFormed() });
    }
  }
  return { matches, isCut };
}

/**
 * The first piece of it; undefined where it is gone, or is no text, as a file may be that a person put there.
 *
 * @param {Host} host
 * @param {string} name
 */
async function readNote(host, name) {
  try {
    const read = await host.files.read({ path: pathOf(name) });
    return 'text' in read ? { text: read.text, bytes: read.bytes, isCut: read.isCut } : undefined;
  } catch (error) {
    const { code } = /** @type {{ code?: unknown }} */ (error);
    if (code === 'NOT_FOUND' || code === 'REQUEST_INVALID') return undefined;
    throw error;
  }
}
