// A lane orders calls by effect class: pure ones run beside anything, reads beside reads, writes alone.
// Fair between agents; a waiting write holds back later reads, so that reads can't starve it.

import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { EffectClass } from '#domain/capability.ts';
import { FairQueue, QueueRoom } from './fair-queue.ts';

export type LaneOptions = {
  readonly queueLengthMax?: number;
  readonly queuePerAgentMax?: number;
  readonly queueWaitMsMax?: number;
  readonly runningMax?: number;
};

export type LaneEntry = { readonly agent: string; readonly effect: EffectClass; readonly signal: AbortSignal };

/** A place in the lane; `release` gives it back and is safe to call twice. */
export type Turn = { readonly release: () => void };

type Ticket = LaneEntry & { readonly start: (turn: Turn) => void };

export class Lane {
  readonly #pure: FairQueue<Ticket>;
  readonly #ordered: FairQueue<Ticket>;
  readonly #clock: Clock;
  readonly #queueWaitMsMax: number;
  readonly #runningMax: number;
  #pureRunning = 0;
  #readsRunning = 0;
  #isWriting = false;

  constructor(clock: Clock, options: LaneOptions = {}) {
    const lengthMax = options.queueLengthMax ?? LIMITS.queueLengthMax;
    const perAgentMax = options.queuePerAgentMax ?? LIMITS.queuePerAgentMax;
    const room = new QueueRoom({ lengthMax, perAgentMax });
    this.#pure = new FairQueue(room);
    this.#ordered = new FairQueue(room);
    this.#clock = clock;
    this.#queueWaitMsMax = options.queueWaitMsMax ?? LIMITS.queueWaitMsMax;
    this.#runningMax = options.runningMax ?? LIMITS.runningMax;
  }

  get waiting(): number {
    return this.#pure.length + this.#ordered.length;
  }

  get running(): number {
    return this.#pureRunning + this.#readsRunning + (this.#isWriting ? 1 : 0);
  }

  /**
   * Waits for this call's turn.
   *
   * @throws `QUEUE_FULL` at once · `QUEUE_EXPIRED` after `queueWaitMsMax` · the signal's reason when it is aborted.
   */
  enter(entry: LaneEntry): Promise<Turn> {
    return new Promise((resolve, reject) => {
      if (entry.signal.aborted) return reject(entry.signal.reason);
      const queue = entry.effect === 'pure' ? this.#pure : this.#ordered;
      const sinceMs = this.#clock.monotonicMs();
      const leave = (reason: unknown) => {
        if (!queue.remove(entry.agent, ticket)) return;
        settled();
        reject(reason);
        this.#pump();
      };
      const onAbort = () => leave(entry.signal.reason);
      const onExpiry = () => {
        const waitedMs = Math.round(this.#clock.monotonicMs() - sinceMs);
        const details = { waitedMs, remedy: 'try again when fewer calls are waiting' };
        leave(new SmcpError('QUEUE_EXPIRED', `no turn came within ${this.#queueWaitMsMax} ms`, { details }));
      };
      let timer: NodeJS.Timeout | undefined;
      let isWaiting = true;
      const settled = () => {
        isWaiting = false;
        clearTimeout(timer);
        entry.signal.removeEventListener('abort', onAbort);
      };
      const ticket: Ticket = {
        ...entry,
        start: (turn) => {
          settled();
          resolve(turn);
        },
      };
      try {
        queue.push(entry.agent, ticket);
      } catch (error) {
        return reject(error);
      }
      this.#pump();
      if (!isWaiting) return;
      timer = setTimeout(onExpiry, this.#queueWaitMsMax);
      entry.signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Starts every call whose turn it is. */
  #pump(): void {
    while (this.#pureRunning < this.#runningMax) {
      const ticket = this.#pure.shift();
      if (ticket === undefined) break;
      this.#pureRunning += 1;
      ticket.start(
        this.#turn(() => {
          this.#pureRunning -= 1;
        }),
      );
    }
    for (
      let ticket = this.#ordered.peek();
      ticket !== undefined && this.#mayStart(ticket);
      ticket = this.#ordered.peek()
    ) {
      this.#ordered.shift();
      this.#startOrdered(ticket);
    }
  }

  #mayStart(ticket: Ticket): boolean {
    if (this.#isWriting) return false;
    return ticket.effect === 'write' ? this.#readsRunning === 0 : this.#readsRunning < this.#runningMax;
  }

  #startOrdered(ticket: Ticket): void {
    if (ticket.effect === 'write') {
      this.#isWriting = true;
      ticket.start(
        this.#turn(() => {
          this.#isWriting = false;
        }),
      );
    } else {
      this.#readsRunning += 1;
      ticket.start(
        this.#turn(() => {
          this.#readsRunning -= 1;
        }),
      );
    }
  }

  #turn(giveBack: () => void): Turn {
    let isReleased = false;
    return {
      release: () => {
        if (isReleased) return;
        isReleased = true;
        giveBack();
        this.#pump();
      },
    };
  }
}
