// Freezes the built-ins, so that what the trampoline relies on stays what it was. Runs last, before any code of the plugin.
// First looks at everything, then changes it: the engine rebuilds a prototype that is looked at between two changes.
// biome-ignore lint/correctness/noUnusedVariables: sandbox/warden runs the text of this file
function freezeBuiltIns(standIns) {
  const root = globalThis;
  const { defineProperty, get, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { freeze } = Object;
  const NativeError = Error;
  const NativeTypeError = TypeError;
  const NativeUint8Array = Uint8Array;
  const toText = String;
  const isHolder = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

  const toFreeze = [];
  /** Triples: a prototype, a key of it, and its accessor. */
  const toOverride = [];

  // A frozen property that others inherit could not be assigned on them either (`error.name = …`): so the ones that
  // programs do assign become accessors whose setter defines the property on the receiver.
  const allowOverride = (prototype, keys) => {
    for (const key of keys) {
      const descriptor = getOwnPropertyDescriptor(prototype, key);
      if (descriptor === undefined || !descriptor.configurable || descriptor.get !== undefined) continue;
      const { value } = descriptor;
      toOverride.push(prototype, key, {
        get: () => value,
        set(replacement) {
          const own = { value: replacement, writable: true, enumerable: true, configurable: true };
          if (!isHolder(this) || !defineProperty(this, key, own)) {
            throw new NativeTypeError(`${toText(key)} can't be set here in a plugin: built-in prototypes are frozen`);
          }
        },
      });
    }
  };
  const add = (value) => {
    if (!isHolder(value) || value === root || standIns.includes(value)) return;
    toFreeze.push(value);
    if (typeof value !== 'function') return;
    const prototype = get(value, 'prototype');
    if (isHolder(prototype)) toFreeze.push(prototype);
  };

  const errorKeys = ['name', 'message', 'toString', 'constructor'];
  allowOverride(Object.prototype, ownKeys(Object.prototype));
  allowOverride(Function.prototype, ['toString', 'apply', 'call', 'bind']);
  for (const key of ownKeys(root)) {
    const value = get(root, key);
    add(value);
    if (typeof value === 'function' && (value === NativeError || getPrototypeOf(value) === NativeError)) {
      allowOverride(value.prototype, errorKeys);
    }
  }
  for (const namespace of [root.Intl, root.Temporal]) {
    if (isHolder(namespace)) for (const member of ownKeys(namespace)) add(get(namespace, member));
  }
  for (const sample of [() => {}, async () => {}, function* () {}, async function* () {}]) {
    toFreeze.push(getPrototypeOf(sample));
    if (isHolder(sample.prototype)) toFreeze.push(getPrototypeOf(sample.prototype));
  }
  const iterators = [[][Symbol.iterator](), ''[Symbol.iterator](), new Map().keys(), new Set().keys()];
  for (const iterator of iterators) toFreeze.push(getPrototypeOf(iterator));
  toFreeze.push(getPrototypeOf(getPrototypeOf(iterators[0])));
  toFreeze.push(getPrototypeOf(NativeUint8Array), getPrototypeOf(NativeUint8Array.prototype));

  for (let at = 0; at < toOverride.length; at += 3) {
    defineProperty(toOverride[at], toOverride[at + 1], toOverride[at + 2]);
  }
  for (let at = 0; at < toFreeze.length; at += 1) freeze(toFreeze[at]);
}
