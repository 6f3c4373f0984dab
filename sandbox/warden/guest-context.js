// @ts-check
// One fresh context in an isolate: prelude run, the plugin's modules compiled and linked, none of the plugin's code run
// yet. Made while the thread waits, which is far cheaper than a task per step and safe: no code of a guest can run in it
// (guest-isolate.js sees to that). Every handle it makes is released with it: releasing only the context leaks.

import { describeGuestError } from './guest-error.js';
import { PluginLoadError } from './plugin-files.js';

const AS_REFERENCE = /** @type {const} */ ({ reference: true });
const RESULT_AS_REFERENCE = /** @type {const} */ ({ result: AS_REFERENCE });

/**
 * @param {{
 *   readonly ivm: typeof import('isolated-vm'),
 *   readonly isolate: import('isolated-vm').Isolate,
 *   readonly prelude: import('isolated-vm').Script,
 *   readonly graph: import('./plugin-graph.js').PluginGraph,
 *   readonly boundsJson: string,
 * }} options
 * @throws {PluginLoadError} when the modules don't fit together
 */
export function prepareGuestContext({ ivm, isolate, prelude, graph, boundsJson }) {
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
    const context = keep(isolate.createContextSync());
    const harden = keep(prelude.runSync(context, AS_REFERENCE));
    const callback = new ivm.Callback((/** @type {unknown} */ text) => post(text), { sync: true });
    const enter = keep(harden.applySync(undefined, [callback, boundsJson, graph.mentions], RESULT_AS_REFERENCE));
    const root = linkModules({ isolate, context, graph, keep });
    return {
      /** Runs the plugin's modules, and the tool once they have loaded. @returns {Promise<unknown>} */
      evaluate: () => root.evaluate(),
      /** Calls the prelude's dispatcher on isolated-vm's thread. @param {...(string | number | boolean)} args @returns {Promise<unknown>} */
      enter: (...args) => enter.apply(undefined, args),
      /**
       * The same while this thread waits: for what runs code of the prelude alone.
       *
       * @param {...(string | number | boolean)} args
       * @returns {unknown}
       */
      enterNow: (...args) => enter.applySync(undefined, args),
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

/** @typedef {ReturnType<typeof prepareGuestContext>} GuestContext */

/**
 * @param {{
 *   readonly isolate: import('isolated-vm').Isolate,
 *   readonly context: import('isolated-vm').Context,
 *   readonly graph: import('./plugin-graph.js').PluginGraph,
 *   readonly keep: <T extends { release: () => void }>(handle: T) => T,
 * }} options
 */
function linkModules({ isolate, context, graph, keep }) {
  /** @type {Map<string, import('isolated-vm').Module>} */
  const modules = new Map();
  /** @type {Map<import('isolated-vm').Module, string>} */
  const names = new Map();
  /** @param {string} name */
  const moduleNamed = (name) => {
    const module = modules.get(name);
    if (module === undefined) throw new PluginLoadError(`unresolved import ${name}`);
    return module;
  };

  try {
    for (const [name, source] of graph.sources) {
      const module = keep(isolate.compileModuleSync(source, { filename: name }));
      modules.set(name, module);
      names.set(module, name);
    }
    const root = moduleNamed(graph.root);
    root.instantiateSync(context, (specifier, referrer) =>
      moduleNamed(graph.resolve(specifier, names.get(referrer) ?? '')),
    );
    return root;
  } catch (error) {
    if (isolate.isDisposed || error instanceof PluginLoadError) throw error;
    throw new PluginLoadError(describeGuestError(error));
  }
}
