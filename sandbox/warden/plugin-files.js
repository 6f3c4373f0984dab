// @ts-check
// The plugin's modules as text, and which specifier means which of them. They come from the host, which has hashed them:
// nothing is read from disk here. Trust: specifiers and sources are the plugin author's.

import { posix } from 'node:path';

/** A module that the plugin may not have, or that is not there; the message is for the plugin's author. */
export class PluginLoadError extends Error {}

const ENTRY = /^[^/\\\0][^\\\0]*\.m?js$/;
const ATTRIBUTES = /^[ \t]*(?:import|export)\b[^;'"`]*(['"])[^'"\n]+\1\s*with\s*\{/m;

/** @param {{ readonly entry: string, readonly modulesJson: string }} options */
export function createPluginFiles({ entry, modulesJson }) {
  /** By name inside the plugin, with `/`; null: no UTF-8. @type {ReadonlyMap<string, string | null>} */
  const modules = new Map(JSON.parse(modulesJson));

  /** @param {string} name */
  const load = (name) => {
    const source = modules.get(name);
    if (source === undefined) throw new PluginLoadError(`${name}: no such file in the plugin`);
    if (source === null) throw new PluginLoadError(`${name}: can't be read as UTF-8`);
    if (ATTRIBUTES.test(source)) {
      throw new PluginLoadError(`${name}: import attributes are not taken; write the data into a .js module`);
    }
    return source;
  };

  return {
    entry,
    load,
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
