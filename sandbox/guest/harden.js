// Freezes everything that a plugin's code can reach before it has made anything itself: what the trampoline relies on
// stays what it was, and a call can leave nothing in it for the next. Runs last, before any code of the plugin. Gives back
// whether the one object that stays open, the global one, is still as it is now.
// biome-ignore lint/correctness/noUnusedVariables: sandbox/warden runs the text of this file
function harden() {
  const root = /** @type {any} */ (globalThis);
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, isExtensible, ownKeys } = Reflect;
  const { freeze } = Object;
  const NativeError = Error;
  const NativeTypeError = TypeError;
  const toText = String;
  const seen = new Set();
  const { add, has } = Set.prototype;
  const uncurry = Function.prototype.bind.bind(Function.prototype.call);
  const addTo = uncurry(add);
  const isIn = uncurry(has);
  const isHolder = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

  const found = [];
  const find = (value) => {
    if (!isHolder(value) || value === root || isIn(seen, value)) return;
    addTo(seen, value);
    found[found.length] = value;
  };

  // A frozen property that others inherit could not be assigned on them either (`error.name = …`): so the ones that
  // programs do assign become accessors whose setter defines the property on the receiver.
  const allowOverride = (prototype, keys) => {
    for (const key of keys) {
      const descriptor = getOwnPropertyDescriptor(prototype, key);
      if (descriptor === undefined || !descriptor.configurable || descriptor.get !== undefined) continue;
      const { value } = descriptor;
      find(value);
      defineProperty(prototype, key, {
        get: () => value,
        set(replacement) {
          const own = { value: replacement, writable: true, enumerable: true, configurable: true };
          if (!isHolder(this) || !defineProperty(this, key, own)) {
            throw new NativeTypeError(`${toText(key)} can't be set here in a plugin: what is built in is frozen`);
          }
        },
      });
    }
  };
  const errorKeys = ['name', 'message', 'toString', 'constructor'];
  allowOverride(Object.prototype, ownKeys(Object.prototype));
  allowOverride(Function.prototype, ['toString', 'apply', 'call', 'bind']);
  for (const key of ownKeys(root)) {
    const value = root[key];
    if (typeof value === 'function' && (value === NativeError || getPrototypeOf(value) === NativeError)) {
      allowOverride(value.prototype, errorKeys);
    }
  }

  const findPartsOf = (value) => {
    find(getPrototypeOf(value));
    for (const key of ownKeys(value)) {
      const part = getOwnPropertyDescriptor(value, key);
      find(part.value);
      find(part.get);
      find(part.set);
    }
  };
  findPartsOf(root);
  // What is reached by syntax, or by calling what is built in, and by no property.
  const makeGenerator = function* () {};
  const makeAsyncGenerator = async function* () {};
  const values = /** @type {any} */ ([].values());
  const samples = [() => {}, async () => {}, makeGenerator, makeAsyncGenerator, makeGenerator(), makeAsyncGenerator()];
  /** @type {unknown[]} */
  const others = [
    values,
    values.map(toText),
    root.Iterator.from({ next() {} }),
    ''[Symbol.iterator](),
    ''.matchAll(/./g),
  ];
  others.push(new Map().keys(), new Set().keys(), new NativeError(''));
  if (root.Intl !== undefined) {
    const segments = new Intl.Segmenter('en').segment('');
    others.push(segments, segments[Symbol.iterator]());
  }
  // The samples themselves are nobody else's.
  for (const sample of [...samples, ...others]) findPartsOf(sample);
  // Grows while it is walked.
  for (let at = 0; at < found.length; at += 1) findPartsOf(found[at]);
  for (let at = 0; at < found.length; at += 1) freeze(found[at]);

  for (const key of ownKeys(root)) {
    const part = getOwnPropertyDescriptor(root, key);
    if (!part.configurable) continue;
    defineProperty(root, key, 'value' in part ? { writable: false, configurable: false } : { configurable: false });
  }
  const prototype = getPrototypeOf(root);
  const { length } = ownKeys(root);
  return () => ownKeys(root).length === length && getPrototypeOf(root) === prototype && isExtensible(root);
}
