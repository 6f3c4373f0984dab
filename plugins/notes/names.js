// Names of notes and the files that hold them: `projects/alpha` lies in workspace/notes/projects/alpha.md.

/** @typedef {import('#plugins/plugin-api.d.ts').Host} Host */

const FOLDER = 'workspace/notes';
const ENDING = '.md';
/** Names that one listing looks at, and folders. */
const NAMES_MAX = 2_000;
const FOLDERS_MAX = 200;

/**
 * One name for what is written in several ways: the files of a workspace are in the normal form C.
 *
 * @param {string} written
 */
export function nameOf(written) {
  return written.normalize('NFC');
}

/** @param {string} name */
export function pathOf(name) {
  return `${FOLDER}/${name}${ENDING}`;
}

/** @param {{ readonly name: string, readonly kind: string }} entry */
export function isNote({ name, kind }) {
  return kind === 'file' && name.endsWith(ENDING);
}

/**
 * The names of all notes, sorted. `isCut`: there are more than are looked at.
 *
 * @param {Host} host
 * @returns {Promise<{ names: string[], isCut: boolean }>}
 */
export async function noteNames(host) {
  /** @type {string[]} */
  const names = [];
  const folders = [''];
  let isCut = false;
  for (let at = 0; at < folders.length; at += 1) {
    const folder = folders[at] ?? '';
    const listed = await entriesOf(host, folder);
    isCut ||= listed.isCut;
    for (const entry of listed.entries) {
      if (isNote(entry)) names.push(`${folder}${entry.name.slice(0, -ENDING.length)}`);
      if (entry.kind === 'folder' && folders.length < FOLDERS_MAX) folders.push(`${folder}${entry.name}/`);
      else isCut ||= entry.kind === 'folder';
    }
    if (names.length > NAMES_MAX) return { names: names.slice(0, NAMES_MAX).sort(), isCut: true };
  }
  return { names: names.sort(), isCut };
}

/**
 * @param {Host} host
 * @param {string} folder '' or one that ends with /
 */
async function entriesOf(host, folder) {
  try {
    return await host.files.list({ path: `${FOLDER}${folder === '' ? '' : '/'}${folder.slice(0, -1)}` });
  } catch (error) {
    // Nothing was written yet.
    if (/** @type {{ code?: unknown }} */ (error).code === 'NOT_FOUND') return { entries: [], isCut: false };
    throw error;
  }
}
