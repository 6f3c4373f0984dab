// @ts-check
// The warden's main thread: frames from and to the host over descriptor 3, isolates in piscina's workers. Started by
// sandbox/host and by nobody else; it trusts the host and nothing that comes out of an isolate. It never ends its pool:
// when the host goes away, or kills it, SIGKILL is the end of everything here at once.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { createFrameReader, encodeFrame } from '#sandbox/protocol/frame.js';
import { renounce } from './renounce.js';

const HOST_DESCRIPTOR = 3;
/** GHSA-864f-rcv7-6rh4, a guest escape, affects 7.0.0 and below. */
const ISOLATED_VM_FLOOR = [7, 0, 1];
/** One worker: guests run on isolated-vm's own threads, the worker only talks to them and is never blocked by one. */
const WORKERS = 1;

const { kill, pid } = process;
const die = () => kill(pid, 'SIGKILL');

/** @returns {string} @throws when isolated-vm is older than the floor */
function checkIsolatedVm() {
  /** @type {unknown} */
  const version = createRequire(import.meta.url)('isolated-vm/package.json').version;
  const parts = String(version).split('.').map(Number);
  for (const [index, floor] of ISOLATED_VM_FLOOR.entries()) {
    const part = parts[index] ?? Number.NaN;
    if (part > floor) break;
    if (!(part >= floor)) throw new Error(`isolated-vm ${version} is older than ${ISOLATED_VM_FLOOR.join('.')}`);
  }
  return String(version);
}

/** The guest's own files as one function of (post, boundsJson, mentions): the last to run before a plugin's code. */
function readPrelude() {
  const refuse = readFileSync(new URL('../guest/refuse.js', import.meta.url), 'utf8');
  const hostApi = readFileSync(new URL('../guest/host-api.js', import.meta.url), 'utf8');
  const trampoline = readFileSync(new URL('../guest/trampoline.js', import.meta.url), 'utf8');
  const freeze = readFileSync(new URL('../guest/freeze.js', import.meta.url), 'utf8');
  return `(function (post, boundsJson, mentions) {
    'use strict';
    const bounds = JSON.parse(boundsJson);
    (${refuse})(mentions);
    const enter = (${trampoline})((${hostApi})(post, bounds), bounds);
    (${freeze})();
    return enter;
  })`;
}

/**
 * Starts the pool with one never-ending piece of work per worker: each has a port of its own, so what belongs to one
 * isolate always goes to the same worker.
 *
 * @param {import('#sandbox/protocol/messages.js').StartMessage} start
 * @param {string} modulesJson
 * @param {{
 *   readonly toHost: (header: import('#sandbox/protocol/frame.js').FrameHeader, body: string) => void,
 *   readonly onStarted: (threads: readonly object[]) => void,
 * }} events `onStarted`: all workers run, before the host is told so
 */
function startWorkers(start, modulesJson, { toHost, onStarted }) {
  const preludeSource = readPrelude();
  const pool = new Piscina({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: WORKERS,
    maxThreads: WORKERS,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: 'disabled',
    recordTiming: false,
  });
  pool.on('error', die);
  let readyCount = 0;
  return Array.from({ length: WORKERS }, () => {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', ({ header, body }) => {
      if (header.t === 'ready') {
        readyCount += 1;
        if (readyCount < WORKERS) return;
        if (readyCount === WORKERS) onStarted(pool.threads);
      }
      toHost(header, body);
    });
    pool
      .run(
        { port: port2, start, modulesJson, preludeSource, isolatedVm: checkIsolatedVm() },
        { name: 'serve', transferList: /** @type {any} */ ([port2]) },
      )
      .then(die, die);
    return { port: port1, isolates: new Set() };
  });
}

function main() {
  const socket = new Socket({ fd: HOST_DESCRIPTOR, readable: true, writable: true });
  /** @type {ReturnType<typeof startWorkers>} */
  let workers = [];
  /** By call. @type {Map<unknown, import('node:worker_threads').MessagePort>} */
  const portOfCall = new Map();

  /** @type {(header: import('#sandbox/protocol/frame.js').FrameHeader, body: string) => void} */
  const toHost = (header, body) => {
    if (header['t'] === 'end') portOfCall.delete(header['id']);
    socket.write(encodeFrame(header, body));
  };

  /** @param {unknown} isolate */
  const workerFor = (isolate) => {
    const owner = workers.find((worker) => worker.isolates.has(isolate));
    if (owner !== undefined) return owner;
    const [first, ...others] = workers;
    if (first === undefined) return die();
    const chosen = others.reduce((best, worker) => (worker.isolates.size < best.isolates.size ? worker : best), first);
    chosen.isolates.add(isolate);
    return chosen;
  };

  const reader = createFrameReader({
    frameBytesMax: Number.POSITIVE_INFINITY,
    onViolation: die,
    onFrame: (header, body) => {
      if (header['t'] === 'start') {
        workers = startWorkers(/** @type {any} */ (header), body, {
          toHost,
          // Touched before, since Node makes them when they are first asked for.
          onStarted: (threads) =>
            renounce({ holds: [socket, process.stdout, process.stderr, ...threads], mayKillItself: true }),
        });
        return;
      }
      if (header['t'] === 'run' || header['t'] === 'drop') {
        const worker = workerFor(header['isolate']);
        if (worker === true) return;
        if (header['t'] === 'drop') worker.isolates.delete(header['isolate']);
        else portOfCall.set(header['id'], worker.port);
        worker.port.postMessage({ header, body });
        return;
      }
      portOfCall.get(header['id'])?.postMessage({ header, body });
    },
  });
  socket.on('data', reader.push);
  socket.on('end', die);
  socket.on('close', die);
  socket.on('error', die);
}

main();
