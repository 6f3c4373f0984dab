// A bounded queue that takes turns between agents: first in, first out for each agent, round robin among them.

import { SmcpError } from '#base/errors.ts';

/** What waits: whose it is, and how many bytes of arguments it holds. */
export type Waiting = { readonly agent: string; readonly bytes: number };

export type QueueRoomOptions = {
  readonly lengthMax: number;
  readonly perAgentMax: number;
  readonly bytesMax: number;
  readonly bytesPerAgentMax: number;
};

type Share = { readonly count: number; readonly bytes: number };

const NOTHING: Share = { count: 0, bytes: 0 };

/** How much may wait, in all and of one agent; the queues of one lane share it. */
export class QueueRoom {
  readonly #byAgent = new Map<string, Share>();
  readonly #options: QueueRoomOptions;
  #all = NOTHING;

  constructor(options: QueueRoomOptions) {
    this.#options = options;
  }

  /** @throws `QUEUE_FULL` with `details.retryAfterMs`. */
  enter({ agent, bytes }: Waiting): void {
    const { perAgentMax, bytesPerAgentMax, lengthMax, bytesMax } = this.#options;
    const own = plus(this.#byAgent.get(agent) ?? NOTHING, 1, bytes);
    const all = plus(this.#all, 1, bytes);
    const isAgentFull = own.count > perAgentMax || own.bytes > bytesPerAgentMax;
    if (isAgentFull || all.count > lengthMax || all.bytes > bytesMax) {
      const whose = isAgentFull
        ? `this agent's share of the queue (${perAgentMax} calls, ${bytesPerAgentMax} bytes)`
        : `the queue (${lengthMax} calls, ${bytesMax} bytes)`;
      throw new SmcpError('QUEUE_FULL', `${whose} is full`, {
        details: { retryAfterMs: 1000, remedy: 'wait for earlier calls to end, then try again' },
      });
    }
    this.#byAgent.set(agent, own);
    this.#all = all;
  }

  leave({ agent, bytes }: Waiting): void {
    const own = plus(this.#byAgent.get(agent) ?? NOTHING, -1, -bytes);
    if (own.count > 0) this.#byAgent.set(agent, own);
    else this.#byAgent.delete(agent);
    this.#all = plus(this.#all, -1, -bytes);
  }
}

function plus(share: Share, count: number, bytes: number): Share {
  return { count: share.count + count, bytes: share.bytes + bytes };
}

/** A queue by agent. `push` is O(1), `shift` O(agents that wait), `remove` linear in that agent's share. */
export class FairQueue<T extends Waiting> {
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
  push(item: T): void {
    this.#room.enter(item);
    const own = this.#byAgent.get(item.agent);
    if (own === undefined) this.#byAgent.set(item.agent, [item]);
    else own.push(item);
    this.#length += 1;
  }

  /** The item whose turn is next among those that are eligible, without taking it. An agent's first item stands for it. */
  peek(isEligible: (item: T) => boolean): T | undefined {
    for (const [item] of this.#byAgent.values()) if (item !== undefined && isEligible(item)) return item;
    return undefined;
  }

  /** Takes an item that `peek` gave and moves its agent to the end of the round. */
  take(item: T): void {
    this.remove(item);
    const rest = this.#byAgent.get(item.agent);
    if (rest === undefined) return;
    this.#byAgent.delete(item.agent);
    this.#byAgent.set(item.agent, rest);
  }

  /** Takes an item out wherever it waits. False when it does not wait here. */
  remove(item: T): boolean {
    const items = this.#byAgent.get(item.agent);
    const at = items?.indexOf(item) ?? -1;
    if (items === undefined || at < 0) return false;
    items.splice(at, 1);
    if (items.length === 0) this.#byAgent.delete(item.agent);
    this.#length -= 1;
    this.#room.leave(item);
    return true;
  }
}
