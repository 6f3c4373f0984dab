// What a plugin's author imports as `smcp/harness`. Plain JavaScript, since it runs before the first TypeScript file: an
// installed package strips its own types (docs/decisions/0001-strip-types-when-installed.md).

import { stripOwnTypesWhenInstalled } from '#base/strip-types.js';

/**
 * Runs the plugin of this directory in the real sandbox, with a made-up world behind its host calls.
 *
 * @type {typeof import('./start-plugin.ts').startPlugin}
 */
export async function startPlugin(directory, options) {
  stripOwnTypesWhenInstalled();
  const harness = await import('./start-plugin.ts');
  return harness.startPlugin(directory, options);
}

/**
 * The world in a JSON file.
 *
 * @param {string} file
 */
export async function loadWorld(file) {
  stripOwnTypesWhenInstalled();
  const worlds = await import('./world.ts');
  return worlds.loadWorld(file);
}
