// What a plugin's tool gets as `host`: calls to the host process, each a text that leaves through `post`. Keeps private
// copies of all it uses. Gives the trampoline what it needs to deliver answers and to know the host's own refusals.
// biome-ignore lint/correctness/noUnusedVariables: sandbox/warden runs the text of this file
function makeHostApi(post, bounds, { responseOf, bytesOfBase64 }) {
  const { defineProperty } = Reflect;
  const { freeze, setPrototypeOf } = Object;
  const { parse, stringify } = JSON;
  const { isFinite: isFiniteNumber, isSafeInteger } = Number;
  const NativePromise = Promise;
  const NativeError = Error;
  const NativeTypeError = TypeError;
  const toText = String;
  const uncurry = Function.prototype.bind.bind(Function.prototype.call);
  const slice = uncurry(String.prototype.slice);
  const isHolder = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

  /** The class of answers that were a refusal or an error, with the code that the host gave. */
  class HostError extends NativeError {
    #call;
    /** @param {{ code: string, message: string, details?: unknown }} error @param {number} call its number; 0: it was not made */
    constructor({ code, message, details }, call) {
      super(message);
      this.#call = call;
      defineProperty(this, 'code', { value: code, enumerable: true });
      if (details !== undefined) defineProperty(this, 'details', { value: details, enumerable: true });
    }
    /** Its code, and the host call that it answers; undefined for any other value. @param {any} value */
    static refusalIn(value) {
      return isHolder(value) && #call in value
        ? { code: /** @type {any} */ (value).code, call: value.#call }
        : undefined;
    }
  }
  const { refusalIn } = HostError;
  delete HostError.prototype.constructor;
  freeze(HostError);
  freeze(HostError.prototype);
  const hostError = (error, call) => new HostError(error, call);

  /** Of the call that is under way: what its host calls wait for, by number. */
  let waiting;

  /** The number of the call; throws when the host takes no more. */
  const send = (name, isAnswered, params) => {
    const call = post(`${isAnswered ? '?' : '!'}${name}\n${stringify(params)}`);
    if (typeof call !== 'number' || call < 0) {
      throw hostError({ code: 'HOST_CALLS_EXCEEDED', message: 'the limit of host calls is reached' }, 0);
    }
    return call;
  };
  const ask = (name, params, decode) =>
    new NativePromise((resolve, reject) => {
      const call = send(name, true, params);
      waiting[call] = { resolve, reject, decode };
    });
  const cut = (value) => slice(typeof value === 'string' ? value : toText(value), 0, bounds.logMessageLengthMax);

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
  const cost = async (amount) => {
    if (typeof amount !== 'number' || !isFiniteNumber(amount) || amount < 0) {
      throw new NativeTypeError('host.cost(amount): a number from 0 on');
    }
    return ask('cost', { amount }, identity);
  };
  const tell = (name) => freeze(async (params) => ask(name, params, identity));
  const random = async (byteCount = 16) => {
    if (!isSafeInteger(byteCount) || byteCount < 1 || byteCount > bounds.randomBytesMax) {
      throw new NativeTypeError(`host.random(byteCount): an integer from 1 to ${bounds.randomBytesMax}`);
    }
    return ask('random', { bytes: byteCount }, bytesOfBase64);
  };
  /** What is asked as it is given, and answered as it comes. */
  const plainCalls = () => ({
    store: freeze({
      get: freeze(async (key) => ask('store.get', { key }, identity)),
      set: freeze(async (key, value) => ask('store.set', { key, value }, identity)),
      delete: freeze(async (key) => ask('store.delete', { key }, identity)),
      list: freeze(async (range = {}) => ask('store.list', range, identity)),
    }),
    files: freeze({
      read: tell('files.read'),
      write: tell('files.write'),
      list: tell('files.list'),
      stat: tell('files.stat'),
      move: tell('files.move'),
      remove: tell('files.remove'),
      makeFolder: tell('files.makeFolder'),
    }),
    fetch: freeze(async (url, options = {}) => ask('fetch', { ...options, url }, responseOf)),
    run: freeze(async (program, args = [], options = {}) => ask('run', { ...options, program, args }, identity)),
    tools: freeze({ call: freeze(async (tool, args = {}) => ask('tools.call', { tool, args }, identity)) }),
  });
  const host = freeze({
    log: freeze(log),
    progress: freeze(progress),
    cost: freeze(cost),
    now: freeze(async () => ask('now', null, identity)),
    random: freeze(random),
    ...plainCalls(),
  });

  const say = (level) =>
    freeze((...args) => {
      let text = '';
      for (let at = 0; at < args.length; at += 1) text += `${at === 0 ? '' : ' '}${cut(args[at])}`;
      log(level, text);
    });
  const [debug, info, warn, error] = [say('debug'), say('info'), say('warn'), say('error')];
  const console = freeze({ debug, info, log: info, warn, error });
  defineProperty(globalThis, 'console', { value: console, writable: true, configurable: true });

  const settle = (call, isOk, json) => {
    const entry = waiting[call];
    if (entry === undefined) return;
    delete waiting[call];
    const value = parse(json);
    if (!isOk) return entry.reject(hostError(value, call));
    try {
      entry.resolve(entry.decode(value));
    } catch (thrown) {
      // Who waits for it would wait for ever.
      entry.reject(thrown);
    }
  };

  const begin = () => {
    waiting = setPrototypeOf({}, null);
  };

  return { host, begin, settle, refusalIn };
}
