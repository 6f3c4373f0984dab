// @ts-check
// Which modules a plugin is made of and what each import in them means, as an isolate finds out by compiling them; what
// the engine has compiled it keeps, so that each call compiles them again for next to nothing. Trust: the sources are
// the plugin author's; compiling runs none of them.

import { describeGuestError } from './guest-error.js';
import { PluginLoadError } from './plugin-files.js';

const HOOK_NAME = 'smcp:hook';
const ROOT_NAME = 'smcp:root';
/** Takes the prelude's registration out of the guest's sight. Evaluated once in a context, before any code of the plugin. */
const HOOK_SOURCE = 'export const register = globalThis.smcpRegister; delete globalThis.smcpRegister;';
/** Registers when the plugin's modules are evaluated, top-level awaits included. */
const ROOT_SOURCE = `import { register } from '${HOOK_NAME}'; import * as plugin from 'smcp:entry'; register(plugin);`;

/** Making these safe costs more than all the rest, so a plugin that never names them does without. */
const LARGE_GLOBALS = ['Intl', 'Temporal'];

/**
 * @typedef {{
 *   readonly hook: { readonly name: string, readonly source: string },
 *   readonly root: string,
 *   readonly sources: ReadonlyMap<string, string>,
 *   readonly imports: ReadonlyMap<string, ReadonlyMap<string, string>>,
 *   readonly mentions: string,
 * }} PluginGraph `sources` by name, the root's among them; `imports`: by importing name and specifier; `mentions`: the large globals that a module names
 */

/**
 * Compiles the plugin's modules, from its entry on, on isolated-vm's threads.
 *
 * @param {{
 *   readonly isolate: import('isolated-vm').Isolate,
 *   readonly files: import('./plugin-files.js').PluginFiles,
 * }} options
 * @returns {Promise<PluginGraph>}
 * @throws {PluginLoadError} when a module is missing, refused or does not compile
 */
export async function compilePluginGraph({ isolate, files }) {
  const sources = new Map([
    [ROOT_NAME, ROOT_SOURCE],
    [files.entry, files.load(files.entry)],
  ]);
  /** @param {string} specifier @param {string} referrer */
  const resolve = (specifier, referrer) => {
    if (referrer === ROOT_NAME) return specifier === HOOK_NAME ? HOOK_NAME : files.entry;
    return files.resolve(specifier, referrer);
  };
  /** @type {Map<string, Map<string, string>>} */
  const imports = new Map();
  // A map hands out what is added while it is walked.
  for (const [name, source] of sources) {
    const own = new Map();
    imports.set(name, own);
    for (const specifier of await importsOf(isolate, name, source)) {
      const imported = resolve(specifier, name);
      own.set(specifier, imported);
      if (imported !== HOOK_NAME && !sources.has(imported)) sources.set(imported, files.load(imported));
    }
  }
  const texts = [...sources.values()];
  const mentions = LARGE_GLOBALS.filter((name) => texts.some((source) => source.includes(name))).join();
  return { hook: { name: HOOK_NAME, source: HOOK_SOURCE }, root: ROOT_NAME, sources, imports, mentions };
}

/** @param {import('isolated-vm').Isolate} isolate @param {string} filename @param {string} source */
async function importsOf(isolate, filename, source) {
  try {
    const module = await isolate.compileModule(source, { filename });
    const specifiers = module.dependencySpecifiers;
    module.release();
    return specifiers;
  } catch (error) {
    if (isolate.isDisposed) throw error;
    throw new PluginLoadError(describeGuestError(error));
  }
}
