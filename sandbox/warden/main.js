// @ts-check
// A warden: frames from and to the host over descriptor 3, isolates beside them in the one JavaScript thread there is.
// Guests run on isolated-vm's own threads, and for a few ms at most on this one. Started by sandbox/host and by nobody
// else; it trusts the host and nothing that comes out of an isolate. SIGKILL is its only end: the host's, or its own
// when the host goes away.

import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { createFrameReader, encodeFrame } from '#sandbox/protocol/frame.js';
import { readPrelude } from './prelude.js';
import { renounce } from './renounce.js';
import { createServer } from './serve.js';

const HOST_DESCRIPTOR = 3;
const READ_BYTES = 64 * 1024;
/** GHSA-864f-rcv7-6rh4, a guest escape, affects 7.0.0 and below. */
const ISOLATED_VM_FLOOR = [7, 0, 1];

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

function main() {
  // One buffer for all that is read: one for each read, cut down to what came, leaves holes in memory that add up.
  /** @type {import('node:net').OnReadOpts} */
  const onread = {
    buffer: Buffer.alloc(READ_BYTES),
    callback: (byteCount, buffer) => {
      reader.push(Buffer.from(buffer.buffer, buffer.byteOffset, byteCount));
      return true;
    },
  };
  const socket = new Socket({ fd: HOST_DESCRIPTOR, readable: true, writable: true, onread });
  /** @type {ReturnType<typeof createServer> | undefined} */
  let serve;

  /** @param {import('#sandbox/protocol/messages.js').WardenMessage} message @param {string} [body] */
  const send = (message, body) => {
    socket.write(encodeFrame(message, body));
  };

  const reader = createFrameReader({
    frameBytesMax: Number.POSITIVE_INFINITY,
    onViolation: die,
    onFrame: (header, body) => {
      const message = /** @type {import('#sandbox/protocol/messages.js').HostMessage} */ (/** @type {any} */ (header));
      if (message.t !== 'start') {
        serve?.(message, body);
        return;
      }
      const isolatedVm = checkIsolatedVm();
      serve = createServer({ start: message, modulesJson: body, preludeSource: readPrelude(), send });
      // The streams are touched before, since Node makes them when they are first asked for.
      renounce({ holds: [socket, process.stdout, process.stderr] });
      send({ t: 'ready', isolatedVm });
    },
  });
  socket.on('end', die);
  socket.on('close', die);
  socket.on('error', die);
}

main();
