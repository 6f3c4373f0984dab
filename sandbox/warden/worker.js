// @ts-check
// A worker of the warden: takes the host's messages about its isolates and says how each call ended. Started by
// piscina; its one piece of work never ends. Trusts the host's messages and nothing that a guest says.

import ivm from 'isolated-vm';
import { createGuestCall } from './guest-call.js';
import { createIsolateSlot } from './isolate-slot.js';
import { createPluginFiles } from './plugin-files.js';
import { renounce } from './renounce.js';

/**
 * @param {{
 *   readonly port: import('node:worker_threads').MessagePort,
 *   readonly start: import('#sandbox/protocol/messages.js').StartMessage,
 *   readonly modulesJson: string,
 *   readonly preludeSource: string,
 *   readonly isolatedVm: string,
 * }} work
 * @returns {Promise<never>}
 */
export function serve({ port, start, modulesJson, preludeSource, isolatedVm }) {
  renounce({ holds: [process.stdout, process.stderr], mayKillItself: false });
  const files = createPluginFiles({ entry: start.entry, modulesJson });
  /** @type {Map<number, import('./isolate-slot.js').IsolateSlot>} */
  const slots = new Map();
  /** @type {Map<number, import('./guest-call.js').GuestCall>} */
  const calls = new Map();

  /** @type {(message: import('#sandbox/protocol/messages.js').WardenMessage, body: string) => void} */
  const send = (header, body) => port.postMessage({ header, body });

  /** @type {Parameters<typeof createIsolateSlot>[0]['onStuck']} */
  const onStuck = (call, code) => send({ t: 'stuck', id: call?.id ?? 0, code }, '');

  /** @param {number} isolate */
  const slotFor = (isolate) => {
    const existing = slots.get(isolate);
    if (existing !== undefined) return existing;
    const slot = createIsolateSlot({ ivm, files, start, preludeSource, onStuck });
    slots.set(isolate, slot);
    return slot;
  };

  /** @param {import('#sandbox/protocol/messages.js').HostMessage} message @param {string} body */
  const take = (message, body) => {
    switch (message.t) {
      case 'run': {
        const call = createGuestCall({ message, argsJson: body, start, send });
        calls.set(message.id, call);
        slotFor(message.isolate)
          .run(call)
          .finally(() => calls.delete(message.id));
        break;
      }
      case 'answer':
        calls.get(message.id)?.answer(message.call, message.ok, body);
        break;
      case 'abort':
        calls.get(message.id)?.abort(message.code);
        break;
      case 'drop':
        slots.get(message.isolate)?.dispose();
        slots.delete(message.isolate);
        break;
    }
  };

  port.on('message', ({ header, body }) => take(header, body));
  send({ t: 'ready', isolatedVm }, '');
  return new Promise(() => {});
}
