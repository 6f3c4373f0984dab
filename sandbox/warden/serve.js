// @ts-check
// What a warden does with the host's messages: one slot per isolate, one call per run message, and each call's end said
// once. Used by main.js alone. Trusts the host's messages and nothing that a guest says.

import ivm from 'isolated-vm';
import { createGuestCall } from './guest-call.js';
import { createIsolateSlot } from './isolate-slot.js';
import { createPluginFiles } from './plugin-files.js';

/**
 * @param {{
 *   readonly start: import('#sandbox/protocol/messages.js').StartMessage,
 *   readonly modulesJson: string,
 *   readonly preludeSource: string,
 *   readonly send: (message: import('#sandbox/protocol/messages.js').WardenMessage, body: string) => void,
 * }} options
 * @returns {(message: import('#sandbox/protocol/messages.js').HostMessage, body: string) => void} takes a message
 */
export function createServer({ start, modulesJson, preludeSource, send }) {
  const files = createPluginFiles({ entry: start.entry, modulesJson });
  /** @type {Map<number, import('./isolate-slot.js').IsolateSlot>} */
  const slots = new Map();
  /** @type {Map<number, import('./guest-call.js').GuestCall>} */
  const calls = new Map();

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

  return (message, body) => {
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
        calls.get(message.id)?.answer(message, body);
        break;
      case 'abort':
        calls.get(message.id)?.abort(message.code);
        break;
      case 'ping':
        send({ t: 'pong' }, '');
        break;
      case 'drop':
        slots.get(message.isolate)?.dispose();
        slots.delete(message.isolate);
        break;
    }
  };
}
