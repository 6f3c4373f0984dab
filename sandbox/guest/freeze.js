// Freezes the built-ins, so that what the trampoline relies on stays what it was. Runs last, before any code of the plugin.
// biome-ignore lint/correctness/noUnusedVariables: sandbox/warden runs the text of this file
function freezeBuiltIns() {
  const root = globalThis;
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { freeze, hasOwn } = Object;
  const NativeError = Error;
  const NativeTypeError = TypeError;
  const NativeUint8Array = Uint8Array;
  const toText = String;
  const functionKinds = [() => {}, async () => {}, function* () {}, async function* () {}];

  // A frozen property that others inherit could not be assigned on them either (`error.name = …`): so the ones that
  // programs do assign become accessors whose setter defines the property on the receiver.
  const allowOverride = (prototype, keys) => {
    for (const key of keys) {
      const descriptor = getOwnPropertyDescriptor(prototype, key);
      if (descriptor === undefined || !descriptor.configurable || !hasOwn(descriptor, 'value')) continue;
      const { value } = descriptor;
      defineProperty(prototype, key, {
        get: () => value,
        set(replacement) {
          if (this === prototype || this === null || (typeof this !== 'object' && typeof this !== 'function')) {
            throw new NativeTypeError(`${toText(key)} of a built-in prototype can't be changed in a plugin`);
          }
          defineProperty(this, key, { value: replacement, writable: true, enumerable: true, configurable: true });
        },
        enumerable: descriptor.enumerable,
        configurable: false,
      });
    }
  };

  const isHolder = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
  const freezeWithPrototype = (value) => {
    if (!isHolder(value) || value === root) return;
    freeze(value);
    if (typeof value === 'function' && isHolder(value.prototype)) freeze(value.prototype);
  };
  const hardenIntrinsics = () => {
    allowOverride(Object.prototype, ownKeys(Object.prototype));
    allowOverride(Function.prototype, ['toString', 'apply', 'call', 'bind']);
    for (const key of ownKeys(root)) {
      const value = getOwnPropertyDescriptor(root, key)?.value;
      if (!isHolder(value) || value === root) continue;
      if (value === NativeError || (typeof value === 'function' && getPrototypeOf(value) === NativeError)) {
        allowOverride(value.prototype, ['name', 'message', 'toString', 'constructor']);
      }
      if (value === root.Intl || value === root.Temporal) {
        for (const member of ownKeys(value)) freezeWithPrototype(value[member]);
      }
      freezeWithPrototype(value);
    }
    for (const sample of functionKinds) {
      freeze(getPrototypeOf(sample));
      if (isHolder(sample.prototype)) freeze(getPrototypeOf(sample.prototype));
    }
    const iterators = [[][Symbol.iterator](), ''[Symbol.iterator](), new Map().keys(), new Set().keys()];
    for (const iterator of iterators) freeze(getPrototypeOf(iterator));
    freeze(getPrototypeOf(getPrototypeOf(iterators[0])));
    freeze(getPrototypeOf(NativeUint8Array));
    freeze(getPrototypeOf(NativeUint8Array.prototype));
  };

  hardenIntrinsics();
}
