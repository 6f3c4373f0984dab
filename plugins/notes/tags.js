// Tags of notes, in the plugin's store, which is the agent's own: `of/NAME` holds the tags of a note, `tag/TAG/NAME` says that it has one.

/** @typedef {import('#plugins/plugin-api.d.ts').Host} Host */

/** Pages of the store that are looked at for one tag: each has 1,000 names. */
const PAGES_MAX = 2;

/**
 * @param {Host} host
 * @param {string} name
 * @returns {Promise<string[]>}
 */
export async function tagsOf(host, name) {
  const kept = await host.store.get(`of/${name}`);
  return Array.isArray(kept) ? kept.map(String) : [];
}

/**
 * In place of those it had; answers with them as they are kept: in lower case, sorted, each once.
 *
 * @param {Host} host
 * @param {string} name
 * @param {readonly string[]} written
 */
export async function keepTags(host, name, written) {
  const tags = [...new Set(written.map(tagOf))].sort();
  const before = await tagsOf(host, name);
  // What finds the note is added before, and taken away after, what the note says.
  for (const tag of tags) if (!before.includes(tag)) await host.store.set(`tag/${tag}/${name}`, true);
  if (tags.length > 0) await host.store.set(`of/${name}`, tags);
  else await host.store.delete(`of/${name}`);
  for (const tag of before) if (!tags.includes(tag)) await host.store.delete(`tag/${tag}/${name}`);
  return tags;
}

/**
 * @param {Host} host
 * @param {string} name
 */
export async function dropTags(host, name) {
  await keepTags(host, name, []);
}

/**
 * The names of the notes with this tag, sorted.
 *
 * @param {Host} host
 * @param {string} tag
 */
export async function namesWithTag(host, tag) {
  const prefix = `tag/${tagOf(tag)}/`;
  /** @type {string[]} */
  const names = [];
  let after = '';
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const { keys, isCut } = await host.store.list({ prefix, after });
    names.push(...keys.map((key) => key.slice(prefix.length)));
    if (!isCut) return { names: names.sort(), isCut: false };
    after = keys.at(-1) ?? '';
  }
  return { names: names.sort(), isCut: true };
}

/** @param {string} written */
function tagOf(written) {
  return written.normalize('NFC').toLowerCase();
}
