// @ts-check
// Gives up what the warden needs to start and never again: starting threads and programs, loading modules and addons,
// files, sockets, signals, code from text. Called before any isolate exists. A hurdle for JavaScript, not a wall: Node was
// not made to be taken apart, and native code is not held by it at all. It stands beside Node's permission model, which
// lets a process signal every other one of its user and run code from text.

import { builtinModules, Module, registerHooks, syncBuiltinESMExports } from 'node:module';

/** What stays of `process`; all else throws. Node's own code uses some of it at any time. */
const PROCESS_KEEPS = new Set([
  ...[
    'version',
    'versions',
    'arch',
    'platform',
    'release',
    'features',
    'pid',
    'ppid',
    'title',
    'argv',
    'execArgv',
    'env',
  ],
  ...['_events', '_eventsCount', '_maxListeners', '_exiting', 'exitCode', 'domain', 'config', 'argv0', 'execPath'],
  ...['stdout', 'stderr', 'cpuUsage', 'threadCpuUsage', 'memoryUsage', 'hrtime', 'uptime', 'nextTick', 'emitWarning'],
  ...['_tickCallback', '_fatalException', 'sourceMapsEnabled', 'reallyExit', 'exit', 'cwd', 'umask', 'debugPort'],
  ...['noDeprecation', 'throwDeprecation', 'traceDeprecation', 'traceProcessWarnings', '_rawDebug', 'finalization'],
]);

/** What stays of the globals besides the language's own. */
const GLOBAL_KEEPS = new Set([
  ...['global', 'globalThis', 'process', 'Buffer', 'console', 'performance', 'queueMicrotask', 'structuredClone'],
  ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'],
  ...['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'AbortController', 'AbortSignal', 'DOMException'],
  ...['Event', 'EventTarget'],
]);

/** Names that are the language's: those that a global has which no embedder has added to. */
const LANGUAGE =
  /^(?:Object|Array|Number|parseFloat|parseInt|Infinity|NaN|undefined|Boolean|String|Symbol|Date|Promise|RegExp|\w*Error|JSON|Math|Intl|ArrayBuffer|\w+Array|DataView|\w*Map|\w*Set|WeakRef|BigInt|Proxy|Reflect|SharedArrayBuffer|Atomics|FinalizationRegistry|Iterator|\w*DisposableStack|Temporal|decodeURI\w*|encodeURI\w*|escape|unescape|WebAssembly|Function|eval)$/;

/** Modules whose exports stay: they reach nothing outside of the process. */
const MODULE_KEEPS = new Set([
  ...['assert', 'buffer', 'constants', 'diagnostics_channel', 'events', 'path', 'path/posix', 'path/win32'],
  ...['perf_hooks', 'punycode', 'querystring', 'stream', 'string_decoder', 'timers', 'timers/promises', 'url', 'util'],
  ...['util/types', 'process'],
]);

const SIGKILL = 9;

/** @returns {never} */
function refused() {
  throw new Error('the warden has given this up');
}

/** @param {object} owner @param {PropertyKey} key */
function refuse(owner, key) {
  const found = Object.getOwnPropertyDescriptor(owner, key);
  if (found === undefined) return;
  if (found.configurable) {
    Object.defineProperty(owner, key, { value: refused, writable: false, configurable: false, enumerable: true });
  } else if (found.writable) {
    /** @type {any} */ (owner)[key] = refused;
  }
}

/** Makes an object's methods throw, and its class unreachable from it. @param {object | null | undefined} instance */
function disarm(instance) {
  for (let owner = instance && Object.getPrototypeOf(instance); owner; owner = Object.getPrototypeOf(owner)) {
    if (owner === Object.prototype || owner === Function.prototype) return;
    for (const key of ['constructor', 'connect', 'connect6', 'bind', 'bind6', 'listen', 'open', 'fchmod']) {
      refuse(owner, key);
    }
  }
}

/** Every module of Node's that is loaded: those that are not can't be loaded any more. */
function loadedModules() {
  const loaded = new Set(
    /** @type {any} */ (process).moduleLoadList.map((/** @type {string} */ name) => name.split(' ')[1]),
  );
  return builtinModules.filter((id) => loaded.has(id) && !MODULE_KEEPS.has(id));
}

function refuseModules() {
  const exportsOf = loadedModules().map((id) => /** @type {any} */ (process.getBuiltinModule(id)));
  // Every later require() and import() of anything, whichever way it is come by.
  registerHooks({ resolve: refused, load: refused });
  for (const exported of exportsOf) {
    if (exported === null || (typeof exported !== 'object' && typeof exported !== 'function')) continue;
    for (const key of Reflect.ownKeys(exported)) {
      const value = Object.getOwnPropertyDescriptor(exported, key)?.value;
      if (typeof value === 'function' && value.prototype) refuse(value.prototype, 'constructor');
      if (key !== 'prototype') refuse(exported, key);
    }
  }
  for (const key of Reflect.ownKeys(Module.prototype)) refuse(Module.prototype, key);
  syncBuiltinESMExports();
}

function refuseCodeFromText() {
  for (const sample of [() => {}, async () => {}, function* () {}, async function* () {}]) {
    refuse(Object.getPrototypeOf(sample), 'constructor');
  }
  refuse(globalThis, 'eval');
  refuse(globalThis, 'Function');
}

/** Of signals SIGKILL to itself stays: how a warden ends when its host is gone. */
function refuseProcess() {
  const { pid } = process;
  const kill = /** @type {any} */ (process)._kill;
  for (const key of Reflect.ownKeys(process)) {
    if (typeof key === 'symbol' || PROCESS_KEEPS.has(key)) continue;
    if (key === '_kill') {
      const killItself = (/** @type {unknown} */ target, /** @type {unknown} */ signal) =>
        target === pid && signal === SIGKILL ? kill(pid, SIGKILL) : refused();
      Object.defineProperty(process, key, { value: killItself, writable: false, configurable: false });
    } else refuse(process, key);
  }
}

/**
 * From here on the process's JavaScript has no power but what it holds already. Can't be undone.
 *
 * @param {{ readonly holds: readonly (object | null | undefined)[] }} options objects of Node's that stay in use and that
 *   lead to classes with powers
 */
export function renounce({ holds }) {
  Object.freeze(Object.setPrototypeOf(refused, null));
  refuseModules();
  for (const held of holds) {
    disarm(held);
    if (!held) continue;
    for (const key of Reflect.ownKeys(held)) {
      const part = Object.getOwnPropertyDescriptor(held, key)?.value;
      // Node's own handles: objects of C++ classes, which can be constructed like any other.
      if (key === '_handle' || key.toString() === 'Symbol(kHandle)') disarm(part);
    }
  }
  refuseProcess();
  refuseCodeFromText();
  for (const key of Reflect.ownKeys(globalThis)) {
    if (typeof key === 'symbol' || GLOBAL_KEEPS.has(key) || LANGUAGE.test(key)) continue;
    // Not looked at first: that would make Node load what is behind it.
    if (!Reflect.deleteProperty(globalThis, key)) refuse(globalThis, key);
  }
}
