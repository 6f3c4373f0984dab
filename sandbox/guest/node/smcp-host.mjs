// What a plugin of the protocol `json` needs to be a tool in Node: its request, its answer, and host calls on descriptor 3. Copied into
// a plugin, so that it is hashed with it. Trusts the host. Calls are answered in any order, so several may wait at once.
//
//   import { serve } from './smcp-host.mjs';
//   await serve({ greet: async ({ name }, host) => ({ text: `hello ${name}`, at: await host.now() }) });

import { Buffer } from 'node:buffer';
import { Socket } from 'node:net';
import process from 'node:process';

const CHANNEL = 3;

/** A host call that was refused or failed: `code` as in docs/errors.md, `call` its number. */
export class HostError extends Error {
  constructor({ code, message, details }, call) {
    super(message);
    this.name = 'HostError';
    this.code = code;
    this.details = details;
    this.call = call;
  }
}

/** Answers the one request on stdin by the function of its name. What a tool prints by console goes to stderr. */
export async function serve(tools) {
  const request = JSON.parse(await textOf(process.stdin));
  console.log = console.error;
  const channel = openChannel();
  try {
    if (!Object.hasOwn(tools, request.tool)) throw new Error(`there is no tool ${request.tool}`);
    const result = await tools[request.tool](request.arguments, hostOf(channel));
    await answer({ result: result ?? null });
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const refusal = { message: `${thrown?.code}: ${message}`, hostCall: thrown?.call };
    await answer({ error: thrown instanceof HostError ? refusal : { message } });
  } finally {
    channel.close();
  }
}

function openChannel() {
  const socket = new Socket({ fd: CHANNEL, readable: true, writable: true });
  const waiting = new Map();
  let last = 0;
  let held = '';
  socket.setEncoding('utf8');
  socket.on('data', (text) => {
    held += text;
    for (let end = held.indexOf('\n'); end !== -1; end = held.indexOf('\n')) {
      const { id, ok, value, error } = JSON.parse(held.slice(0, end));
      held = held.slice(end + 1);
      const { resolve, reject } = waiting.get(id) ?? {};
      waiting.delete(id);
      if (ok) resolve?.(value);
      else reject?.(new HostError(error, id));
    }
  });
  const lost = () => {
    for (const { reject } of waiting.values()) reject(new Error('the host is gone'));
    waiting.clear();
  };
  socket.on('error', lost).on('close', lost);
  const write = (id, call, params) => socket.write(`${JSON.stringify({ id, call, params })}\n`);
  return {
    tell: (name, params) => void write(0, name, params),
    ask: (name, params = {}) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        write(last, name, params);
      }),
    close: () => socket.end(),
  };
}

function hostOf({ ask, tell }) {
  const call = (name) => (params) => ask(name, params);
  return {
    log: (...words) => {
      const [level, message] = words.length > 1 ? words : ['info', words[0]];
      tell('log', { level, message: String(message).slice(0, 4096) });
    },
    progress: (report) => tell('progress', report),
    cost: (amount) => ask('cost', { amount }),
    now: () => ask('now'),
    random: async (bytes = 16) => new Uint8Array(Buffer.from(await ask('random', { bytes }), 'base64')),
    store: {
      get: (key) => ask('store.get', { key }),
      set: (key, value) => ask('store.set', { key, value }),
      delete: (key) => ask('store.delete', { key }),
      list: (range = {}) => ask('store.list', range),
    },
    files: {
      read: call('files.read'),
      write: call('files.write'),
      list: call('files.list'),
      stat: call('files.stat'),
      move: call('files.move'),
      remove: call('files.remove'),
      makeFolder: call('files.makeFolder'),
    },
    fetch: async (url, options = {}) => responseOf(await ask('fetch', { ...options, url })),
    run: (program, args = [], options = {}) => ask('run', { ...options, program, args }),
    tools: { call: (tool, args = {}) => ask('tools.call', { tool, args }) },
  };
}

function responseOf({ status, url, headers, body = {} }) {
  const bytes = async () =>
    new Uint8Array(Buffer.from(body.base64 ?? body.text ?? '', body.base64 === undefined ? 'utf8' : 'base64'));
  const text = async () => new TextDecoder().decode(await bytes());
  return {
    status,
    ok: status >= 200 && status < 300,
    url,
    headers,
    bytes,
    text,
    json: async () => JSON.parse(await text()),
  };
}

async function textOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function answer(value) {
  return new Promise((resolve) => {
    process.stdout.write(JSON.stringify(value), resolve);
  });
}
