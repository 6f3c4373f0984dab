// Takes away what a plugin must not have: clocks, chance, shared memory, code from text, memory that V8 does not count.
// What is gone says so when it is used, with the remedy. Runs first in a fresh context, before any code of the plugin.
// biome-ignore lint/correctness/noUnusedVariables: sandbox/warden runs the text of this file
function refuseAmbientPower(mentions) {
  const root = /** @type {any} */ (globalThis);
  const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf } = Reflect;
  const { freeze, hasOwn } = Object;
  const NativeError = Error;
  const NativeProxy = Proxy;
  const NativeDate = Date;
  const NativeArrayBuffer = ArrayBuffer;
  // The engine makes these when they are first touched, which takes longer than all the rest of what runs here.
  for (const name of ['Intl', 'Temporal']) if (!mentions.includes(name)) delete root[name];
  // The other way to it.
  if (root.Temporal === undefined) delete root.Date.prototype.toTemporalInstant;

  const refusal = (what, remedy) =>
    function refused() {
      throw new NativeError(`${what} is not available in a plugin: ${remedy}`);
    };
  /** All that is replaced can be assigned in a fresh context, and keeps its attributes so: far cheaper than to define it. */
  const refuse = (owner, key, what, remedy) => {
    if (hasOwn(owner, key)) owner[key] = refusal(what, remedy);
  };
  /** A stand-in made of nothing but refusals, each made when it is asked for. */
  const refuseMembers = (owner, key, hasMember, remedy) => {
    const get = (_target, member) =>
      typeof member === 'string' && hasMember(member) ? refusal(`${key}.${member}`, remedy) : undefined;
    const value = new NativeProxy(freeze({}), { get });
    if (hasOwn(owner, key)) owner[key] = value;
    else defineProperty(owner, key, { value, writable: true, enumerable: false, configurable: true });
  };
  /** A stand-in for a constructor, which is reached through its traps alone. */
  const guard = (Native, traps) => {
    const value = new NativeProxy(Native, traps);
    Native.prototype.constructor = value;
    freeze(Native);
    freeze(Native.prototype);
    root[Native.name] = value;
  };

  const askClock = 'ask the capability `clock` and use `await host.now()`';
  const noShared = 'a plugin has one thread; use ordinary arrays and buffers';
  const noCodeFromText = 'code from text is off; put the code into a file of the plugin and import it';
  const inJavaScript = 'write the tool in JavaScript, or as a plugin of runtime `process`';

  const refuseThreads = () => {
    const wasm = ['Memory', 'Module', 'Instance', 'Table', 'Global', 'compile', 'instantiate', 'validate'];
    refuseMembers(root, 'WebAssembly', (member) => wasm.includes(member), inJavaScript);
    const native = root.Atomics;
    refuseMembers(root, 'Atomics', (member) => hasOwn(native, member), noShared);
    refuse(root, 'SharedArrayBuffer', 'SharedArrayBuffer', noShared);
    refuse(root, 'WeakRef', 'WeakRef', 'nothing outlives a call; keep the value itself');
    refuse(root, 'FinalizationRegistry', 'FinalizationRegistry', 'nothing outlives a call; use try … finally');
  };

  const refuseCodeFromText = () => {
    refuse(root, 'eval', 'eval', noCodeFromText);
    const functionKinds = [() => {}, async () => {}, function* () {}, async function* () {}];
    const refused = refusal('the Function constructor', noCodeFromText);
    defineProperty(refused, 'prototype', { value: getPrototypeOf(functionKinds[0]), writable: false });
    defineProperty(root, 'Function', { value: refused });
    for (const sample of functionKinds) {
      defineProperty(getPrototypeOf(sample), 'constructor', { value: refused, writable: false, configurable: false });
    }
  };

  const guardDate = () => {
    const needArguments = (args) => {
      if (args.length === 0) throw new NativeError(`the current time is not available in a plugin: ${askClock}`);
    };
    refuse(NativeDate, 'now', 'Date.now', askClock);
    guard(NativeDate, {
      apply: () => needArguments([]),
      construct: (target, args, newTarget) => {
        needArguments(args);
        return construct(target, args, newTarget);
      },
    });
    if (root.Temporal === undefined) return;
    const { Now } = root.Temporal;
    refuseMembers(root.Temporal, 'Now', (member) => hasOwn(Now, member), askClock);
  };

  const guardBuffers = () => {
    guard(NativeArrayBuffer, {
      construct: (target, args, newTarget) => {
        if (args[1]?.maxByteLength !== undefined) {
          throw new NativeError('resizable buffers are not available in a plugin: make a larger ArrayBuffer and copy');
        }
        // Not the options: a getter may answer differently when it is asked again.
        return construct(target, [args[0]], newTarget);
      },
    });
  };

  const guardNow = (prototype) => {
    const format = getOwnPropertyDescriptor(prototype, 'format')?.get;
    const formatToParts = prototype.formatToParts;
    const needDate = (date) => {
      if (date === undefined) throw new NativeError(`the current time is not available in a plugin: ${askClock}`);
    };
    defineProperty(prototype, 'format', {
      configurable: true,
      get() {
        const bound = apply(format, this, []);
        return (date) => {
          needDate(date);
          return bound(date);
        };
      },
    });
    prototype.formatToParts = function (date) {
      needDate(date);
      return apply(formatToParts, this, [date]);
    };
  };

  // What the last regular expression found, of whichever call.
  for (const key of ['input', 'lastMatch', 'lastParen', 'leftContext', 'rightContext', '$_', '$&', '$+', '$`', "$'"]) {
    delete root.RegExp[key];
  }
  for (let group = 1; group <= 9; group += 1) delete root.RegExp[`$${group}`];

  refuse(Math, 'random', 'Math.random', 'ask the capability `random` and use `await host.random(byteCount)`');
  refuseThreads();
  refuseCodeFromText();
  guardDate();
  guardBuffers();
  if (root.Intl !== undefined) guardNow(root.Intl.DateTimeFormat.prototype);
  // It gives any object a slot that no key shows, in which a value can be left: the global one, which stays open, must have none.
  const { captureStackTrace } = root.Error;
  root.Error.captureStackTrace = (target, above) => {
    if (target === root) throw new NativeError('the global object is given no stack in a plugin: use an error');
    apply(captureStackTrace, NativeError, [target, above ?? root.Error.captureStackTrace]);
  };
  // The engine would call it with the guest's function while it reports an error, outside of every limit.
  defineProperty(NativeError, 'prepareStackTrace', {
    get: () => undefined,
    set: refusal('Error.prepareStackTrace', 'read `error.stack`'),
    configurable: false,
  });
}
