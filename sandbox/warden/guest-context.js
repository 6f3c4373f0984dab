// @ts-check
// One fresh context in an isolate: prelude run, the plugin's modules compiled and linked, none of the plugin's code run
// yet. Gives one function to enter it. Every handle it makes is released with it: releasing only the context leaks.

import { PluginLoadError } from './plugin-files.js';

const HOOK_NAME = 'smcp:hook';
const ROOT_NAME = 'smcp:root';
/** Takes the prelude's registration out of the guest's sight before any module of the plugin is evaluated. */
const HOOK_SOURCE = 'export const register = globalThis.smcpRegister; delete globalThis.smcpRegister;';
/** Registers when the plugin's modules are evaluated, top-level awaits included. */
const ROOT_SOURCE = `import { register } from '${HOOK_NAME}'; import * as plugin from 'smcp:entry'; register(plugin);`;

/** Making these safe costs more than all the rest, so a plugin that never names them does without. */
const LARGE_GLOBALS = ['Intl', 'Temporal'];

/**
 * @param {{
 *   readonly ivm: typeof import('isolated-vm'),
 *   readonly isolate: import('isolated-vm').Isolate,
 *   readonly prelude: import('isolated-vm').Script,
 *   readonly files: import('./plugin-files.js').PluginFiles,
 *   readonly boundsJson: string,
 * }} options
 * @throws {PluginLoadError} when a module is missing, refused or does not compile
 */
export async function prepareGuestContext({ ivm, isolate, prelude, files, boundsJson }) {
  /** @type {(text: unknown) => number} */
  let post = () => -1;
  /** @type {{ release: () => void }[]} */
  const handles = [];
  /** @template {{ release: () => void }} T @param {T} handle @returns {T} */
  const keep = (handle) => {
    handles.push(handle);
    return handle;
  };
  const release = () => {
    post = () => -1;
    for (const handle of handles.splice(0).reverse()) handle.release();
  };

  try {
    // Asked for together, since each wait for isolated-vm's thread costs as much as what is waited for.
    const [context, modules] = await allOf([
      isolate.createContext().then(keep),
      compileModules({ isolate, files, keep }),
    ]);
    const callback = new ivm.Callback((/** @type {unknown} */ text) => post(text), { sync: true });
    const mentions = LARGE_GLOBALS.filter((name) => files.mention(name)).join();
    const hardened = async () => {
      const harden = keep(await prelude.run(context, { reference: true }));
      return keep(await harden.apply(undefined, [callback, boundsJson, mentions], { result: { reference: true } }));
    };
    const [enter] = await allOf([hardened(), linkModules({ isolate, context, modules })]);
    return {
      root: modules.root,
      /** Calls the prelude's dispatcher. @param {...(string | number | boolean)} args @returns {Promise<unknown>} */
      enter: (...args) => enter.apply(undefined, args),
      /** Who takes this context's host calls. @param {(text: unknown) => number} taker */
      bind: (taker) => {
        post = taker;
      },
      release,
    };
  } catch (error) {
    if (!isolate.isDisposed) release();
    throw error;
  }
}

/** @typedef {Awaited<ReturnType<typeof prepareGuestContext>>} GuestContext */

/**
 * Like Promise.all, but settles only when all have: what a late one made is then known, and can be released.
 *
 * @template {readonly unknown[]} T
 * @param {readonly [...{ [K in keyof T]: Promise<T[K]> }]} promises
 * @returns {Promise<T>}
 */
async function allOf(promises) {
  const results = await Promise.allSettled(promises);
  const values = results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  return /** @type {any} */ (values);
}

/**
 * Every module of the plugin's graph, compiled, and what each specifier in it means.
 *
 * @param {{
 *   readonly isolate: import('isolated-vm').Isolate,
 *   readonly files: import('./plugin-files.js').PluginFiles,
 *   readonly keep: <T extends { release: () => void }>(handle: T) => T,
 * }} options
 */
async function compileModules({ isolate, files, keep }) {
  /** @type {Map<string, import('isolated-vm').Module>} */
  const modules = new Map();
  /** @type {Map<import('isolated-vm').Module, string>} */
  const names = new Map();

  /** @param {string} name @param {string} source */
  const compile = async (name, source) => {
    let module;
    try {
      module = keep(await isolate.compileModule(source, { filename: name }));
    } catch (error) {
      if (isolate.isDisposed) throw error;
      throw new PluginLoadError(describeGuestError(error));
    }
    modules.set(name, module);
    names.set(module, name);
    return module;
  };
  /** @param {string} specifier @param {string} referrer */
  const nameOf = (specifier, referrer) => {
    if (referrer === ROOT_NAME) return specifier === HOOK_NAME ? HOOK_NAME : files.entry;
    return files.resolve(specifier, referrer);
  };

  const entrySource = files.load(files.entry);
  const [root, entry] = await allOf([
    compile(ROOT_NAME, ROOT_SOURCE),
    compile(files.entry, entrySource),
    compile(HOOK_NAME, HOOK_SOURCE),
  ]);
  const queue = [entry];
  for (let module = queue.pop(); module !== undefined; module = queue.pop()) {
    const referrer = names.get(module) ?? '';
    for (const specifier of module.dependencySpecifiers) {
      const name = nameOf(specifier, referrer);
      if (!modules.has(name)) queue.push(await compile(name, files.load(name)));
    }
  }
  return {
    root,
    /** @param {string} specifier @param {import('isolated-vm').Module} referrer */
    resolve: (specifier, referrer) => {
      const module = modules.get(nameOf(specifier, names.get(referrer) ?? ''));
      if (module === undefined) throw new PluginLoadError(`unresolved import ${specifier}`);
      return module;
    },
  };
}

/**
 * @param {{
 *   readonly isolate: import('isolated-vm').Isolate,
 *   readonly context: import('isolated-vm').Context,
 *   readonly modules: Awaited<ReturnType<typeof compileModules>>,
 * }} options
 */
async function linkModules({ isolate, context, modules }) {
  try {
    await modules.root.instantiate(context, modules.resolve);
  } catch (error) {
    if (isolate.isDisposed || error instanceof PluginLoadError) throw error;
    throw new PluginLoadError(describeGuestError(error));
  }
}

/**
 * What went wrong and where in the plugin: the message, and file:line of the first frame that is a module of the plugin.
 * Frames of the warden's own, which isolated-vm appends, are left out.
 *
 * @param {unknown} error as isolated-vm copied it out
 */
export function describeGuestError(error) {
  if (typeof error !== 'object' || error === null) return String(error);
  const { message, stack } = /** @type {{ message?: unknown, stack?: unknown }} */ (error);
  const text = typeof message === 'string' ? message : 'the module threw a value without a message';
  const inside = typeof stack === 'string' ? stack.slice(text.length) : '';
  const where = /(?:^|[\s(])((?!smcp:)[\w.@-][\w./@-]*\.m?js:\d+:\d+)/.exec(inside)?.[1];
  return where === undefined || text.includes(where) ? text : `${text} (${where})`;
}
