// A lane orders calls by effect class: pure ones run beside anything, reads beside reads, writes alone.
// Fair between agents, in what waits and in what runs; a waiting write holds back later reads, so that reads can't starve it.

import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { EffectClass } from '#domain/capability.ts';
import { FairQueue, QueueRoom, type Waiting } from './fair-queue.ts';

export type LaneOptions = {
  readonly queueLengthMax?: number;
  readonly queuePerAgentMax?: number;
  readonly queueWaitMsMax?: number;
  readonly runningMax?: number;
  readonly runningPerAgentMax?: number;
};

/** `bytes`: of arguments, which are held while the call waits. */
export type LaneEntry = Waiting & { readonly effect: EffectClass; readonly signal: AbortSignal };

/** A place in the lane; `release` gives it back and is safe to call twice. */
export type Turn = { readonly release: () => void };

type Ticket = LaneEntry & { readonly start: (turn: Turn) => void };

export class Lane {
  readonly #pure: FairQueue<Ticket>;
  readonly #ordered: FairQueue<Ticket>;
  readonly #clock: Clock;
  readonly #queueWaitMsMax: number;
  readonly #runningMax: number;
  readonly #runningPerAgentMax: number;
  /** Pure and read calls that run, by agent. */
  readonly #runningByAgent = new Map<string, number>();
  #pureRunning = 0;
  #readsRunning = 0;
  #isWriting = false;
  #isPaused = false;

  constructor(clock: Clock, options: LaneOptions = {}) {
    const room = new QueueRoom({
      lengthMax: options.queueLengthMax ?? LIMITS.queueLengthMax,
      perAgentMax: options.queuePerAgentMax ?? LIMITS.queuePerAgentMax,
      bytesMax: LIMITS.queueBytesMax,
      bytesPerAgentMax: LIMITS.queueBytesPerAgentMax,
    });
    this.#pure = new FairQueue(room);
    this.#ordered = new FairQueue(room);
    this.#clock = clock;
    this.#queueWaitMsMax = options.queueWaitMsMax ?? LIMITS.queueWaitMsMax;
    this.#runningMax = options.runningMax ?? LIMITS.runningMax;
    this.#runningPerAgentMax = options.runningPerAgentMax ?? LIMITS.runningPerAgentMax;
  }

  get waiting(): number {
    return this.#pure.length + this.#ordered.length;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** What runs goes on; nothing more starts. Calls that wait still expire. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#pump();
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
        if (!queue.remove(ticket)) return;
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
        queue.push(ticket);
      } catch (error) {
        return reject(error);
      }
      this.#pump();
      if (!isWaiting) return;
      timer = setTimeout(onExpiry, this.#queueWaitMsMax);
      entry.signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Counts one more for the agent's share, of what runs in the place of another: it needs no turn of its own. */
  count(agent: string): Turn {
    this.#share(agent, 1);
    return this.#turn(() => this.#share(agent, -1));
  }

  #share(agent: string, more: 1 | -1): void {
    const now = (this.#runningByAgent.get(agent) ?? 0) + more;
    if (now > 0) this.#runningByAgent.set(agent, now);
    else this.#runningByAgent.delete(agent);
  }

  /** Starts every call whose turn it is. */
  #pump(): void {
    if (this.#isPaused) return;
    while (this.#pureRunning < this.#runningMax) {
      const ticket = this.#pure.peek((one) => this.#hasShare(one));
      if (ticket === undefined) break;
      this.#pure.take(ticket);
      this.#start(ticket, (more) => {
        this.#pureRunning += more;
      });
    }
    for (;;) {
      // A write that can't start yet is still the next one: nothing behind it passes.
      const ticket = this.#ordered.peek((one) => one.effect === 'write' || this.#hasShare(one));
      if (ticket === undefined || !this.#mayStart(ticket)) break;
      this.#ordered.take(ticket);
      this.#start(ticket, (more) => {
        if (ticket.effect === 'write') this.#isWriting = more > 0;
        else this.#readsRunning += more;
      });
    }
  }

  /** An agent that runs its share waits, and others pass it. */
  #hasShare({ agent }: Ticket): boolean {
    return (this.#runningByAgent.get(agent) ?? 0) < this.#runningPerAgentMax;
  }

  #mayStart(ticket: Ticket): boolean {
    if (this.#isWriting) return false;
    return ticket.effect === 'write' ? this.#readsRunning === 0 : this.#readsRunning < this.#runningMax;
  }

  #start(ticket: Ticket, count: (more: 1 | -1) => void): void {
    const { agent } = ticket;
    const isShared = ticket.effect !== 'write';
    count(1);
    if (isShared) this.#share(agent, 1);
    ticket.start(
      this.#turn(() => {
        count(-1);
        if (isShared) this.#share(agent, -1);
      }),
    );
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
