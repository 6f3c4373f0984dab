// The first code of every fresh context, run as a script before the plugin's: its value is a function that hardens the
// context and returns the only way in. Runs inside the isolate as the guest does, so it keeps private copies of all it
// uses: what the plugin changes later can't reach it. It makes misuse harmless and says the remedy; it is not the wall.
(function prelude(post, boundsJson, mentions) {
  const root = globalThis;
  const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { freeze, hasOwn, setPrototypeOf } = Object;
  const { parse, stringify } = JSON;
  const { isFinite: isFiniteNumber, isSafeInteger } = Number;
  const NativeDate = Date;
  const NativeArrayBuffer = ArrayBuffer;
  const NativeUint8Array = Uint8Array;
  const NativePromise = Promise;
  const NativeError = Error;
  const NativeTypeError = TypeError;
  const toText = String;
  const uncurry = Function.prototype.bind.bind(Function.prototype.call);
  const slice = uncurry(String.prototype.slice);
  const indexOf = uncurry(String.prototype.indexOf);
  const bounds = parse(boundsJson);
  // The engine makes these when they are first touched, which takes longer than all of this file.
  for (const name of ['Intl', 'Temporal']) if (indexOf(mentions, name) === -1) delete root[name];

  // ── what a plugin must not have ─────────────────────────────────────────────────────────────────────────

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
  const inJavaScript = 'write the tool in JavaScript, or as a plugin of runtime `process`';
  const wasmMembers = ['Memory', 'Module', 'Instance', 'Table', 'Global', 'compile', 'instantiate', 'validate'];
  const textKeys = (owner) => ownKeys(owner).filter((key) => typeof key === 'string');
  refuseMembers(root, 'WebAssembly', wasmMembers, inJavaScript);
  refuseMembers(root, 'Atomics', textKeys(root.Atomics), noShared);
  refuse(root, 'SharedArrayBuffer', 'SharedArrayBuffer', noShared);
  refuse(root, 'WeakRef', 'WeakRef', 'nothing outlives a call; keep the value itself');
  refuse(root, 'FinalizationRegistry', 'FinalizationRegistry', 'nothing outlives a call; use try … finally');
  refuse(Math, 'random', 'Math.random', 'ask the capability `random` and use `await host.random(byteCount)`');

  const noCodeFromText = 'code from text is off; put the code into a file of the plugin and import it';
  refuse(root, 'eval', 'eval', noCodeFromText);
  const functionKinds = [() => {}, async () => {}, function* () {}, async function* () {}];
  for (const sample of functionKinds) {
    const prototype = getPrototypeOf(sample);
    const refused = refusal('the Function constructor', noCodeFromText);
    defineProperty(refused, 'prototype', { value: prototype, writable: false });
    defineProperty(prototype, 'constructor', { value: refused, writable: false, configurable: false });
    if (sample === functionKinds[0]) replace(root, 'Function', refused);
  }

  const copyStatics = (from, to) => {
    for (const key of ownKeys(from)) {
      if (key !== 'prototype' && key !== 'length' && key !== 'name') {
        defineProperty(to, key, getOwnPropertyDescriptor(from, key));
      }
    }
    defineProperty(to, 'prototype', { value: from.prototype, writable: false });
    replace(from.prototype, 'constructor', to);
  };

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
  if (root.Intl !== undefined) guardNow(root.Intl.DateTimeFormat.prototype);

  // The engine would call it with the guest's function while it reports an error, outside of every limit.
  defineProperty(NativeError, 'prepareStackTrace', {
    get: () => undefined,
    set: refusal('Error.prepareStackTrace', 'read `error.stack`'),
    configurable: false,
  });

  // ── freeze ──────────────────────────────────────────────────────────────────────────────────────────────

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

  // ── host calls ──────────────────────────────────────────────────────────────────────────────────────────

  /** An answer that was a refusal or an error, with the code that the host gave. */
  class HostError extends NativeError {
    #isReal = true;
    constructor({ code, message, details }) {
      super(message);
      defineProperty(this, 'code', { value: code, enumerable: true });
      if (details !== undefined) defineProperty(this, 'details', { value: details, enumerable: true });
    }
    static codeOf(value) {
      return isHolder(value) && #isReal in value ? value.code : undefined;
    }
  }
  const { codeOf } = HostError;
  delete HostError.prototype.constructor;
  freeze(HostError);
  freeze(HostError.prototype);

  const waiting = setPrototypeOf({}, null);

  /** The number of the call; throws when the host takes no more. */
  const send = (name, isAnswered, params) => {
    const call = post(`${isAnswered ? '?' : '!'}${name}\n${stringify(params)}`);
    if (typeof call !== 'number' || call < 0) {
      throw new HostError({ code: 'HOST_CALLS_EXCEEDED', message: 'the limit of host calls is reached' });
    }
    return call;
  };
  const ask = (name, params, decode) =>
    new NativePromise((resolve, reject) => {
      const call = send(name, true, params);
      waiting[call] = { resolve, reject, decode };
    });
  const cut = (value) => slice(typeof value === 'string' ? value : toText(value), 0, bounds.logMessageLengthMax);

  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const bytesOfBase64 = (text) => {
    let length = (text.length / 4) * 3;
    if (text[text.length - 1] === '=') length -= text[text.length - 2] === '=' ? 2 : 1;
    const bytes = new NativeUint8Array(length);
    for (let at = 0, to = 0; at < text.length; at += 4) {
      let group = 0;
      for (let offset = 0; offset < 4; offset += 1) {
        const character = text[at + offset];
        group = group * 64 + (character === '=' ? 0 : indexOf(ALPHABET, character));
      }
      for (let shift = 16; shift >= 0 && to < length; shift -= 8, to += 1) bytes[to] = (group >> shift) & 255;
    }
    return bytes;
  };

  const log = (...args) => {
    const [level, message] = args.length > 1 ? args : ['info', args[0]];
    if (level !== 'debug' && level !== 'info' && level !== 'warn' && level !== 'error') {
      throw new NativeTypeError('host.log(level?, message): the level is debug, info, warn or error');
    }
    send('log', false, { level, message: cut(message) });
  };
  const progress = (report) => {
    const given = isHolder(report) ? { done: report.progress, total: report.total, message: report.message } : {};
    if (typeof given.done !== 'number' || !isFiniteNumber(given.done)) {
      throw new NativeTypeError('host.progress({ progress, total?, message? }): progress is a finite number');
    }
    const params = { progress: given.done };
    if (typeof given.total === 'number' && isFiniteNumber(given.total)) params.total = given.total;
    if (given.message !== undefined) params.message = cut(given.message);
    send('progress', false, params);
  };
  const identity = (value) => value;
  const host = freeze({
    log,
    progress,
    now: async () => ask('now', null, identity),
    random: async (byteCount = 16) => {
      if (!isSafeInteger(byteCount) || byteCount < 1 || byteCount > bounds.randomBytesMax) {
        throw new NativeTypeError(`host.random(byteCount): an integer from 1 to ${bounds.randomBytesMax}`);
      }
      return ask('random', { bytes: byteCount }, bytesOfBase64);
    },
  });
  for (const key of ['log', 'progress', 'now', 'random']) freeze(host[key]);

  const say = (level) =>
    freeze((...args) => {
      let text = '';
      for (let at = 0; at < args.length; at += 1) text += `${at === 0 ? '' : ' '}${cut(args[at])}`;
      log(level, text);
    });
  const [debug, info, warn, error] = [say('debug'), say('info'), say('warn'), say('error')];
  replace(root, 'console', freeze({ debug, info, log: info, warn, error }));

  // ── the trampoline ──────────────────────────────────────────────────────────────────────────────────────

  /** How the call ended: `R` and the result's JSON, or `E` and the error's; undefined while it runs. */
  let ending;
  let plugin;
  let isLoaded = false;
  let start;

  const end = (letter, value) => {
    ending ??= `${letter}${value}`;
  };
  const fail = (code, message) => {
    end('E', stringify({ code, message: slice(message, 0, bounds.errorMessageLengthMax) }));
  };
  /** Text about a thrown value that may be anything: every step can throw or run guest code. */
  const textOf = (thrown) => {
    try {
      if (!isHolder(thrown)) return toText(thrown);
      const { message } = thrown;
      return typeof message === 'string' && message !== '' ? message : 'the tool threw a value without a message';
    } catch {
      return 'the tool threw a value that can not be read';
    }
  };

  const findTool = (name) => {
    const tools = plugin.tools;
    if (!isHolder(tools) || !hasOwn(tools, name)) return undefined;
    const tool = tools[name];
    return typeof tool === 'function' ? tool : undefined;
  };

  const run = async ({ name, argsJson, outputBytes }) => {
    let tool;
    try {
      tool = findTool(name);
    } catch (thrown) {
      return fail('PLUGIN_LOAD_FAILED', textOf(thrown));
    }
    if (tool === undefined) {
      return fail('PLUGIN_LOAD_FAILED', `the entry module exports no function \`tools.${name}\``);
    }
    let value;
    try {
      value = await apply(tool, undefined, [parse(argsJson), host]);
    } catch (thrown) {
      return fail(codeOf(thrown) ?? 'TOOL_FAILED', textOf(thrown));
    }
    let text;
    try {
      text = value === undefined ? 'null' : stringify(value);
    } catch (thrown) {
      return fail('RESULT_INVALID', `the result is not JSON: ${textOf(thrown)}`);
    }
    if (typeof text !== 'string') return fail('RESULT_INVALID', `the result is not JSON but a ${typeof value}`);
    if (text.length > outputBytes) return fail('OUTPUT_TOO_LARGE', `the result is larger than ${outputBytes} bytes`);
    end('R', text);
  };
  const runWhenLoaded = () => {
    if (isLoaded && start !== undefined) run(start);
  };

  const settle = (call, isOk, json) => {
    const entry = waiting[call];
    if (entry === undefined) return;
    delete waiting[call];
    const value = parse(json);
    if (isOk) entry.resolve(entry.decode(value));
    else entry.reject(new HostError(value));
  };

  hardenIntrinsics();
  // Read and removed by the module that is evaluated before the plugin's.
  defineProperty(root, 'smcpRegister', {
    configurable: true,
    value: (namespace) => {
      if (isLoaded) return;
      plugin = namespace;
      isLoaded = true;
      runWhenLoaded();
    },
  });

  return (operation, a, b, c) => {
    if (operation === 'finish') return ending ?? (isLoaded ? 'P' : 'L');
    if (operation === 'answer') return void settle(a, b, c);
    start = { name: a, argsJson: b, outputBytes: c };
    return void runWhenLoaded();
  };
});
