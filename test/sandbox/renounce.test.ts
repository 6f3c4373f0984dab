// Code that escaped from an isolate into the JavaScript of its warden: what it can still do before it meets the wall, which is
// left out here (test/isolation/warden-wall). Runs the real main file under the real command line, with the attacks beside it;
// then the attacks without what was given up, and without any of it.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Duplex } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createFrameReader, encodeFrame } from '#sandbox/protocol/frame.js';
import { openConfinement } from './harness.ts';

const root = mkdtempSync(join(tmpdir(), 'smcp-renounce-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const database = join(root, 'home.db');
const secret = join(root, 'admin.token');
writeFileSync(secret, 'a secret');
new DatabaseSync(database).exec('create table t (a)');

const SANDBOX = new URL('../../sandbox/warden/', import.meta.url).href;
const ISOLATED_VM = pathToFileURL(createRequire(import.meta.url).resolve('isolated-vm')).href;
const NO_ADDON = join(root, 'none.node');

/** The attacks: a function of `given`, as text, which names those that worked. None may end the process. */
const ATTACKS = `async (given) => {
  const { secret, database, victim, port, own } = given;
  const worked = []; const tried = [];
  const attempt = async (name, act) => {
    tried.push(name);
    const late = new Promise((_, no) => setTimeout(no, given.lateMs));
    try { if ((await Promise.race([act(), late])) !== false) worked.push(name); } catch {}
  };
  const ok = (value) => value !== undefined && value !== null;
  const modules = ['worker_threads', 'child_process', 'cluster', 'inspector', 'vm', 'net', 'http', 'https', 'http2', 'tls', 'dgram', 'dns',
    'fs', 'fs/promises', 'module', 'v8', 'repl', 'wasi', 'os'];
  const read = "require('fs').readFileSync(require('worker_threads').workerData, 'utf8')";
  const start = (Worker) => new Promise((yes, no) => {
    const worker = new Worker("require('worker_threads').parentPort.postMessage(" + read + ")", { eval: true, execArgv: [], workerData: secret });
    worker.on('message', yes); worker.on('error', no);
  });
  const query = ({ DatabaseSync }) => { const db = new DatabaseSync('file:' + database + '?immutable=1'); db.prepare('select * from t').all(); };
  const lock = ({ DatabaseSync }) => { const db = new DatabaseSync(database); db.exec('begin immediate'); db.close(); };
  for (const id of modules) await attempt('import ' + id, async () => ok((await import('node:' + id)).default));
  for (const id of modules) await attempt('getBuiltinModule ' + id, () => ok(process.getBuiltinModule(id)));
  for (const id of modules) await attempt('require ' + id, () => ok(own.require('node:' + id)));
  await attempt('import a file', async () => import(own.file));
  await attempt('import data', async () => import('data:text/javascript,1'));
  await attempt('a thread, by import', async () => start((await import('node:worker_threads')).Worker));
  await attempt('a thread, by require', () => start(own.require('node:worker_threads').Worker));
  await attempt('a thread, by what was imported before', () => start(own.threads.Worker));
  await attempt('sqlite', async () => query(await import('node:sqlite')));
  await attempt('sqlite, by getBuiltinModule', () => query(process.getBuiltinModule('node:sqlite')));
  await attempt('lock the log', async () => lock(await import('node:sqlite')));
  await attempt('see a process', () => process.kill(victim, 0));
  await attempt('signal a process', () => process.kill(victim, 'SIGURG'));
  await attempt('signal, below', () => process._kill(victim, 23) === 0);
  await attempt('dlopen', () => { try { process.dlopen({ exports: {} }, own.addon); } catch (error) { return error.code === 'ERR_DLOPEN_FAILED'; } });
  await attempt('a raw binding', () => ok(process.binding('fs')));
  await attempt('createRequire', () => ok(own.module.createRequire('/')('node:fs')));
  await attempt('a hook of its own', () => { own.module.registerHooks({ resolve: (s, c, next) => next(s, c) }); });
  await attempt('Module._load', () => ok(own.module.Module._load('node:fs')));
  await attempt('a class of modules', () => ok(own.module.Module.prototype.require.call(new own.module.Module('x'), 'node:fs')));
  await attempt('a socket', () => new Promise((yes, no) => own.net.connect(port, '127.0.0.1', yes).on('error', no)));
  await attempt('fetch', async () => fetch('http://127.0.0.1:' + port));
  await attempt('code from text', () => Function('return 1')());
  await attempt('code from text, by a constructor', () => (async () => {}).constructor('return 1')());
  await attempt('eval', () => (0, eval)('1'));
  // Whatever leads to a class that can do more.
  const powers = /^(Worker|ChildProcess|Socket|Server|Pipe|TCP|TTY|Process|DatabaseSync|Session|ContextifyScript|FSWatcher|FileHandle|NativeModule)$/;
  const seen = new Set(); const queue = [globalThis, ...own.objects]; const found = new Set();
  while (queue.length > 0) {
    const value = queue.pop();
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value) || value === own) continue;
    seen.add(value);
    if (typeof value === 'function' && powers.test(value.name)) found.add(value.name);
    queue.push(Object.getPrototypeOf(value));
    for (const key of Reflect.ownKeys(value)) {
      if (value === globalThis && (key === 'given' || key === 'crypto')) continue;
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      queue.push(descriptor.value, descriptor.get, descriptor.set);
    }
  }
  await attempt('a class in reach: ' + [...found], () => found.size > 0);
  return { tried, worked };
}`;

/** What the attacker holds: more than an escape would give. */
const OWN = (objects: string) => `{
  require: createRequire('/x.js'), threads, net, module, file: ${JSON.stringify(`${SANDBOX}plugin-files.js`)},
  addon: ${JSON.stringify(NO_ADDON)}, objects: ${objects} }`;
const IMPORTS = `import { createRequire } from 'node:module'; import * as module from 'node:module';
  import * as threads from 'node:worker_threads'; import * as net from 'node:net'; import { writeSync } from 'node:fs';
  import ivm from ${JSON.stringify(ISOLATED_VM)};`;

type Given = {
  readonly secret: string;
  readonly database: string;
  readonly victim: number;
  readonly port: number;
  readonly lateMs: number;
};

/** Runs a script by a command; resolves to what it printed as JSON. */
async function attack(command: { file: string; args: readonly string[]; env: NodeJS.ProcessEnv }, script: string) {
  const entry = join(root, `${Math.random()}.mjs`);
  writeFileSync(entry, script);
  const child = spawn(command.file, [...command.args, entry], {
    env: command.env,
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const channel = child.stdio[3] as Duplex;
  let text = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
    if (text.endsWith('\n')) child.kill('SIGKILL');
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  channel.on('error', () => {});
  channel.on(
    'data',
    createFrameReader({
      frameBytesMax: 1e6,
      onViolation: () => {},
      // It is ready, so it has given up what it doesn't need.
      onFrame: () => child.stdin.write('go'),
    }).push,
  );
  const start = {
    ...{ t: 'start', entry: 'index.js', memoryMiB: 64, youngMiB: 8, callsPerIsolateMax: 10, hostCallBytesMax: 1000 },
    ...{ hostCallBytesTotalMax: 1000, settleMsMax: LIMITS.wardenSettleMs, contextsReady: 1 },
    ...{ logMessageLengthMax: 100, errorMessageLengthMax: 100, randomBytesMax: 10 },
  };
  channel.write(encodeFrame(start, '[["index.js",""]]'));
  await new Promise((resolve) => child.on('close', resolve));
  if (text === '') throw new Error(`no answer: ${errors}`);
  return JSON.parse(text) as { readonly tried: readonly string[]; readonly worked: readonly string[] };
}

/** With the handles of the host's channel in its hands, and a thread that it was let start. `isReal`: beside a warden. */
const script = (given: Given, isReal: boolean) => `${IMPORTS}
  const attacks = ${ATTACKS};
  const own = ${OWN('[process, process.stdout, process.stdin, ivm.Isolate]')};
  const write = writeSync;
  const go = async () => write(1, JSON.stringify(await attacks({ ...${JSON.stringify(given)}, own })) + '\\n');
  process.on('worker', (worker) => own.objects.push(worker));
  process.stdin.once('data', go);
  const begin = async () => {
    try { new threads.Worker('setTimeout(() => {}, 1e4)', { eval: true }); } catch {}
    await new Promise((yes) => setTimeout(yes, 50));
    go();
  };
  ${isReal ? `await import(${JSON.stringify(`${SANDBOX}main.js`)});` : 'await begin();'}
  own.objects.push(...process._getActiveHandles());`;

/** How Node is started for a warden, without the wall around it: what holds JavaScript by itself. */
function hurdles(): readonly [string, readonly string[], Record<string, string>] {
  using confinement = openConfinement();
  const { command, env } = confinement.wardenCommand({ memoryMiB: 64, isolates: 1, owner: 'a plugin' }).profile;
  const [file, ...args] = command;
  return [file, args, { ...env }];
}

describe('what code in the warden can still do', () => {
  const run = async ({ isReal, isConfined }: { readonly isReal: boolean; readonly isConfined: boolean }) => {
    const server = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const given = {
      secret,
      database,
      victim: process.pid,
      // What is confined may hang; what is not has the time that it needs.
      lateMs: isConfined ? 1_500 : 60_000,
      port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    };
    const [file, args, env] = hurdles();
    const command = isConfined
      ? { file, args: args.slice(0, -1), env }
      : { file: process.execPath, args: ['--no-node-snapshot', '--no-warnings'], env: process.env };
    const worked = await attack(command, script(given, isReal));
    server.close();
    return worked;
  };

  test('none of the attacks works', async () => {
    expect((await run({ isReal: true, isConfined: true })).worked).toEqual([]);
  });

  test('where nothing was given up, each of them works', async () => {
    const { tried, worked } = await run({ isReal: false, isConfined: false });
    expect(worked).toEqual(tried);
    expect(worked.at(-1)).toMatch(/Worker/);
    expect(worked.at(-1)).toMatch(/Socket/);
    expect(worked.length).toBeGreaterThan(70);
  });

  test('with the permission model alone no thread starts, but other processes can be signalled', async () => {
    const { worked } = await run({ isReal: false, isConfined: true });
    expect(worked).toEqual(expect.arrayContaining(['signal a process', 'code from text']));
    expect(worked.filter((name) => /^a thread|sqlite|lock/.test(name))).toEqual([]);
  });

  test('the command line lets a warden start no thread', () => {
    const [, args] = hurdles();
    expect(args).toContain('--permission');
    expect(args.filter((arg) => arg.startsWith('--allow-') && !arg.startsWith('--allow-fs-read='))).toEqual([
      '--allow-addons',
    ]);
  });
});
