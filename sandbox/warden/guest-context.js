// @ts-check
// A context in an isolate, and one call after the other in it. Making it runs the prelude, which freezes all that is built
// in; each call gets the plugin's modules anew, so that nothing of one call is there in the next. All of this is work of
// ours while the thread waits, which is far cheaper than a task per step and safe: no code of a guest can run in it
// (guest-isolate.js sees to that). Every handle that is made is released: releasing only the context leaks.

import { describeGuestError } from './guest-error.js';
import { PluginLoadError } from './plugin-files.js';

const AS_REFERENCE = /** @type {const} */ ({ reference: true });
const RESULT_AS_REFERENCE = /** @type {const} */ ({ result: AS_REFERENCE });

/** @typedef {{ release: () => void }} Handle */

/** @param {Handle[]} handles */
function releaseAll(handles) {
  for (let handle = handles.pop(); handle !== undefined; handle = handles.pop()) handle.release();
}

/**
 * @param {{
 *   readonly ivm: typeof import('isolated-vm'),
 *   readonly isolate: import('isolated-vm').Isolate,
 *   readonly prelude: import('isolated-vm').Script,
 *   readonly graph: import('./plugin-graph.js').PluginGraph,
 *   readonly boundsJson: string,
 * }} options
 */
export function createGuestContext({ ivm, isolate, prelude, graph, boundsJson }) {
  /** @type {(text: unknown) => number} */
  let post = () => -1;
  /** @type {Handle[]} */
  const own = [];
  /** Of the call that is under way. @type {Handle[]} */
  const ofCall = [];
  /** @type {import('isolated-vm').Module | undefined} */
  let root;
  /** @template {Handle} T @param {T} handle @returns {T} */
  const keep = (handle) => {
    own.push(handle);
    return handle;
  };
  const release = () => {
    post = () => -1;
    releaseAll(ofCall);
    releaseAll(own);
  };

  try {
    const context = keep(isolate.createContextSync());
    const make = keep(prelude.runSync(context, AS_REFERENCE));
    const callback = new ivm.Callback((/** @type {unknown} */ text) => post(text), { sync: true });
    const enter = keep(make.applySync(undefined, [callback, boundsJson, graph.mentions], RESULT_AS_REFERENCE));
    const hook = keep(isolate.compileModuleSync(graph.hook.source, { filename: graph.hook.name }));
    hook.instantiateSync(context, () => hook);
    hook.evaluateSync();
    return {
      /**
       * Begins a call: the plugin's modules are there anew, and none of their code has run.
       *
       * @param {{ readonly tool: string, readonly argsJson: string, readonly outputBytes: number,
       *   readonly post: (text: unknown) => number }} call `post` takes the context's host calls
       * @throws {PluginLoadError} when the modules don't fit together
       */
      begin: (call) => {
        post = call.post;
        root = linkModules({ isolate, context, graph, hook, handles: ofCall });
        enter.applySync(undefined, ['start', call.tool, call.argsJson, call.outputBytes]);
      },
      /** Runs the plugin's modules, and the tool once they have loaded. @returns {Promise<unknown>} */
      evaluate: async () => root?.evaluate(),
      /**
       * The same while this thread waits: from the event loop itself, so that the guest's code always has as much of the stack.
       *
       * @param {number} timeMs bounds the guest's code, and not what reading the guest's errors runs
       * @returns {Promise<unknown>}
       */
      evaluateHere: (timeMs) =>
        new Promise((resolve, reject) => {
          setImmediate(() => {
            try {
              resolve(root?.evaluateSync({ timeout: timeMs }));
            } catch (error) {
              reject(error);
            }
          });
        }),
      /** @param {number} number @param {boolean} isOk @param {string} json @returns {Promise<unknown>} */
      answer: (number, isOk, json) => enter.apply(undefined, ['answer', number, isOk, json]),
      /**
       * How the call stands, by the trampoline's word: `L` its modules load, `P` it runs, else its ending behind a `=` where the
       * next call would find the context as this one did.
       *
       * @returns {unknown}
       */
      standing: () => enter.applySync(undefined, ['finish']),
      /** Nothing of the call is in the context any more. */
      end: () => {
        post = () => -1;
        releaseAll(ofCall);
      },
      release,
    };
  } catch (error) {
    if (!isolate.isDisposed) release();
    throw error;
  }
}

/** @typedef {ReturnType<typeof createGuestContext>} GuestContext */

/**
 * @param {{
 *   readonly isolate: import('isolated-vm').Isolate,
 *   readonly context: import('isolated-vm').Context,
 *   readonly graph: import('./plugin-graph.js').PluginGraph,
 *   readonly hook: import('isolated-vm').Module,
 *   readonly handles: Handle[],
 * }} options
 */
function linkModules({ isolate, context, graph, hook, handles }) {
  /** @type {Map<string, import('isolated-vm').Module>} */
  const modules = new Map([[graph.hook.name, hook]]);
  /** @type {Map<import('isolated-vm').Module, ReadonlyMap<string, string> | undefined>} */
  const importsOf = new Map();
  /** @param {string | undefined} name */
  const moduleNamed = (name) => {
    const module = name === undefined ? undefined : modules.get(name);
    if (module === undefined) throw new PluginLoadError(`unresolved import ${name}`);
    return module;
  };

  try {
    for (const [name, source] of graph.sources) {
      const module = isolate.compileModuleSync(source, { filename: name });
      handles.push(module);
      modules.set(name, module);
      importsOf.set(module, graph.imports.get(name));
    }
    const root = moduleNamed(graph.root);
    root.instantiateSync(context, (specifier, referrer) => moduleNamed(importsOf.get(referrer)?.get(specifier)));
    return root;
  } catch (error) {
    if (isolate.isDisposed || error instanceof PluginLoadError) throw error;
    throw new PluginLoadError(describeGuestError(error));
  }
}
