// Takes away what a plugin must not have: clocks, chance, shared memory, code from text, memory that V8 does not count.
// What is gone says so when it is used, with the remedy. Runs first in a fresh context, before any code of the plugin.
// biome-ignore lint/correctness/noUnusedVariables: sandbox/warden runs the text of this file
function refuseAmbientPower(mentions) {
  const root = globalThis;
  const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { freeze, hasOwn } = Object;
  const NativeError = Error;
  const NativeTypeError = TypeError;
  const NativeDate = Date;
  const NativeArrayBuffer = ArrayBuffer;
  // The engine makes these when they are first touched, which takes longer than all the rest of what runs here.
  for (const name of ['Intl', 'Temporal']) if (!mentions.includes(name)) delete root[name];

  const refusal = (what, remedy) =>
    function refused() {
      throw new NativeError(`${what} is not available in a plugin: ${remedy}`);
    };
  const replace = (owner, key, value) =>
    defineProperty(owner, key, { value, writable: true, enumerable: false, configurable: true });
  const refuse = (owner, key, what, remedy) => {
    if (hasOwn(owner, key)) replace(owner, key, refusal(what, remedy));
  };
  const refuseMembers = (owner, key, members, remedy) => {
    const replacement = {};
    for (const member of members) replacement[member] = refusal(`${key}.${member}`, remedy);
    replace(owner, key, freeze(replacement));
  };

  const askClock = 'ask the capability `clock` and use `await host.now()`';
  const noShared = 'a plugin has one thread; use ordinary arrays and buffers';
  const noCodeFromText = 'code from text is off; put the code into a file of the plugin and import it';
  const inJavaScript = 'write the tool in JavaScript, or as a plugin of runtime `process`';
  const wasmMembers = ['Memory', 'Module', 'Instance', 'Table', 'Global', 'compile', 'instantiate', 'validate'];
  const textKeys = (owner) => ownKeys(owner).filter((key) => typeof key === 'string');
  refuseMembers(root, 'WebAssembly', wasmMembers, inJavaScript);
  refuseMembers(root, 'Atomics', textKeys(root.Atomics), noShared);
  refuse(root, 'SharedArrayBuffer', 'SharedArrayBuffer', noShared);
  refuse(root, 'WeakRef', 'WeakRef', 'nothing outlives a call; keep the value itself');
  refuse(root, 'FinalizationRegistry', 'FinalizationRegistry', 'nothing outlives a call; use try … finally');
  refuse(Math, 'random', 'Math.random', 'ask the capability `random` and use `await host.random(byteCount)`');

  const refuseCodeFromText = () => {
    refuse(root, 'eval', 'eval', noCodeFromText);
    const functionKinds = [() => {}, async () => {}, function* () {}, async function* () {}];
    for (const sample of functionKinds) {
      const prototype = getPrototypeOf(sample);
      const refused = refusal('the Function constructor', noCodeFromText);
      defineProperty(refused, 'prototype', { value: prototype, writable: false });
      defineProperty(prototype, 'constructor', { value: refused, writable: false, configurable: false });
      if (sample === functionKinds[0]) replace(root, 'Function', refused);
    }
  };

  const copyStatics = (from, to) => {
    for (const key of ownKeys(from)) {
      if (key !== 'prototype' && key !== 'length' && key !== 'name') {
        defineProperty(to, key, getOwnPropertyDescriptor(from, key));
      }
    }
    defineProperty(to, 'prototype', { value: from.prototype, writable: false });
    replace(from.prototype, 'constructor', to);
  };

  const guardDate = () => {
    function GuestDate(...args) {
      if (new.target === undefined || args.length === 0) {
        throw new NativeError(`the current time is not available in a plugin: ${askClock}`);
      }
      return construct(NativeDate, args, new.target);
    }
    copyStatics(NativeDate, GuestDate);
    defineProperty(GuestDate, 'name', { value: 'Date' });
    refuse(GuestDate, 'now', 'Date.now', askClock);
    replace(root, 'Date', GuestDate);
    if (root.Temporal !== undefined) refuseMembers(root.Temporal, 'Now', textKeys(root.Temporal.Now), askClock);
  };

  const guardBuffers = () => {
    function GuestArrayBuffer(length, options) {
      if (new.target === undefined) throw new NativeTypeError('ArrayBuffer needs new');
      if (options?.maxByteLength !== undefined) {
        throw new NativeError('resizable buffers are not available in a plugin: make a larger ArrayBuffer and copy');
      }
      return construct(NativeArrayBuffer, [length], new.target);
    }
    copyStatics(NativeArrayBuffer, GuestArrayBuffer);
    defineProperty(GuestArrayBuffer, 'name', { value: 'ArrayBuffer' });
    replace(root, 'ArrayBuffer', GuestArrayBuffer);
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
    replace(prototype, 'formatToParts', function (date) {
      needDate(date);
      return apply(formatToParts, this, [date]);
    });
  };
  refuseCodeFromText();
  guardDate();
  guardBuffers();
  if (root.Intl !== undefined) guardNow(root.Intl.DateTimeFormat.prototype);
  // The engine would call it with the guest's function while it reports an error, outside of every limit.
  defineProperty(NativeError, 'prepareStackTrace', {
    get: () => undefined,
    set: refusal('Error.prepareStackTrace', 'read `error.stack`'),
    configurable: false,
  });
}
