// @ts-check
// The plugin's modules as text, and which specifier means which of them. Reads only inside the plugin's directory and
// follows no link. Trust: specifiers and file contents are the plugin author's.

import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { join, posix, sep } from 'node:path';

/** A module that the plugin may not have, or that is not there; the message is for the plugin's author. */
export class PluginLoadError extends Error {}

const ENTRY = /^[^/\\\0][^\\\0]*\.m?js$/;
const ATTRIBUTES = /^[ \t]*(?:import|export)\b[^;'"`]*(['"])[^'"\n]+\1\s*with\s*\{/m;

/**
 * @param {{ readonly directory: string, readonly entry: string, readonly moduleFilesMax: number,
 *   readonly moduleBytesMax: number }} options
 */
export function createPluginFiles({ directory, entry, moduleFilesMax, moduleBytesMax }) {
  /** @type {Map<string, string>} */
  const sources = new Map();

  /** @param {string} name of a module inside the plugin, with `/` */
  const load = (name) => {
    const known = sources.get(name);
    if (known !== undefined) return known;
    if (sources.size >= moduleFilesMax) throw new PluginLoadError(`more than ${moduleFilesMax} modules`);
    const source = readInside(directory, name, moduleBytesMax);
    if (ATTRIBUTES.test(source)) {
      throw new PluginLoadError(`${name}: import attributes are not taken; write the data into a .js module`);
    }
    sources.set(name, source);
    return source;
  };

  return {
    entry,
    load,
    /** Whether a module that was loaded has this word in it, as text. @param {string} word */
    mention: (word) => [...sources.values()].some((source) => source.includes(word)),
    /**
     * The module that `specifier` means inside `referrer`.
     *
     * @param {string} specifier
     * @param {string} referrer
     * @throws {PluginLoadError}
     */
    resolve: (specifier, referrer) => {
      if (!specifier.startsWith('./') && !specifier.startsWith('../')) {
        throw new PluginLoadError(
          `${referrer} imports ${JSON.stringify(specifier)}: a plugin imports only its own files, by './name.js'`,
        );
      }
      const name = posix.normalize(posix.join(posix.dirname(referrer), specifier));
      if (name.startsWith('../') || !ENTRY.test(name)) {
        const why = name.startsWith('../') ? 'it is outside of the plugin' : 'only .js and .mjs files can be imported';
        throw new PluginLoadError(`${referrer} imports ${JSON.stringify(specifier)}: ${why}`);
      }
      return name;
    },
  };
}

/** @typedef {ReturnType<typeof createPluginFiles>} PluginFiles */

/** @param {string} directory @param {string} name @param {number} bytesMax */
function readInside(directory, name, bytesMax) {
  if (!ENTRY.test(name) || name.split('/').includes('..')) throw new PluginLoadError(`${name}: not a module's name`);
  const path = join(directory, ...name.split('/'));
  let stat;
  try {
    if (
      realpathSync(path) !==
      join(realpathSync(directory), ...name.split('/'))
        .split('/')
        .join(sep)
    ) {
      throw new PluginLoadError(`${name}: is a link, or reached through one`);
    }
    stat = lstatSync(path);
  } catch (error) {
    if (error instanceof PluginLoadError) throw error;
    throw new PluginLoadError(`${name}: no such file in the plugin`);
  }
  if (!stat.isFile()) throw new PluginLoadError(`${name}: not a regular file`);
  if (stat.size > bytesMax) throw new PluginLoadError(`${name}: larger than ${bytesMax} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch {
    throw new PluginLoadError(`${name}: can't be read as UTF-8`);
  }
}
