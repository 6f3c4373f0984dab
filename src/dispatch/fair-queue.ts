// A bounded queue that takes turns between agents: first in, first out for each agent, round robin among them.

import { SmcpError } from '#base/errors.ts';

export type QueueRoomOptions = { readonly lengthMax: number; readonly perAgentMax: number };

/** How much may wait, in all and of one agent; the queues of one lane share it. */
export class QueueRoom {
  readonly #byAgent = new Map<string, number>();
  readonly #options: QueueRoomOptions;
  #length = 0;

  constructor(options: QueueRoomOptions) {
    this.#options = options;
  }

  /** @throws `QUEUE_FULL` with `details.retryAfterMs`. */
  enter(agent: string): void {
    const own = this.#byAgent.get(agent) ?? 0;
    const isAgentFull = own >= this.#options.perAgentMax;
    if (isAgentFull || this.#length >= this.#options.lengthMax) {
      const whose = isAgentFull
        ? `this agent's share of the queue (${this.#options.perAgentMax} calls)`
        : `the queue (${this.#options.lengthMax} calls)`;
      throw new SmcpError('QUEUE_FULL', `${whose} is full`, {
        details: { retryAfterMs: 1000, remedy: 'wait for earlier calls to end, then try again' },
      });
    }
    this.#byAgent.set(agent, own + 1);
    this.#length += 1;
  }

  leave(agent: string): void {
    const own = (this.#byAgent.get(agent) ?? 0) - 1;
    if (own > 0) this.#byAgent.set(agent, own);
    else this.#byAgent.delete(agent);
    this.#length -= 1;
  }
}

/** A queue of `T` by agent. All operations are O(1) but `remove`, which is linear in that agent's share. */
export class FairQueue<T> {
  /** Agents with something waiting, in the order of their turns: Map keeps insertion order. */
  readonly #byAgent = new Map<string, T[]>();
  readonly #room: QueueRoom;
  #length = 0;

  constructor(room: QueueRoom) {
    this.#room = room;
  }

  get length(): number {
    return this.#length;
  }

  /** @throws `QUEUE_FULL` with `details.retryAfterMs`. */
  push(agent: string, item: T): void {
    this.#room.enter(agent);
    const own = this.#byAgent.get(agent);
    if (own === undefined) this.#byAgent.set(agent, [item]);
    else own.push(item);
    this.#length += 1;
  }

  /** The item whose turn is next, without taking it. */
  peek(): T | undefined {
    for (const items of this.#byAgent.values()) return items[0];
    return undefined;
  }

  /** Takes the next item and moves its agent to the end of the round. */
  shift(): T | undefined {
    for (const [agent, items] of this.#byAgent) {
      const item = items.shift();
      this.#byAgent.delete(agent);
      if (items.length > 0) this.#byAgent.set(agent, items);
      this.#length -= 1;
      this.#room.leave(agent);
      return item;
    }
    return undefined;
  }

  /** Takes an item out wherever it waits. False when it does not wait here. */
  remove(agent: string, item: T): boolean {
    const items = this.#byAgent.get(agent);
    const at = items?.indexOf(item) ?? -1;
    if (items === undefined || at < 0) return false;
    items.splice(at, 1);
    if (items.length === 0) this.#byAgent.delete(agent);
    this.#length -= 1;
    this.#room.leave(agent);
    return true;
  }
}
