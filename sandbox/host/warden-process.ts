// A warden's process: started, fed frames, ended, reaped. Trusts nothing that comes out of it: what is no message is a
// violation, what it prints is kept as a bounded tail for the log.

import type { ChildProcess } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { LIMITS } from '#base/limits.ts';
import { createFrameReader, encodeFrame } from '#sandbox/protocol/frame.js';
import { type HostMessage, parseWardenMessage, type WardenMessage } from '#sandbox/protocol/messages.js';
import type { WardenCommand } from './confinement.ts';

const HOST_DESCRIPTOR = 3;

export type WardenExit = {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The last of what it printed. **Trust:** anything. */
  readonly tail: string;
};

export type WardenProcess = {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** `left`: called when it has left this process, or never will. */
  readonly send: (message: HostMessage, body: string, left?: () => void) => void;
  /** SIGKILL; nothing that it sent is listened to from here on. */
  readonly kill: () => void;
  /** Resolves once, when the process has been reaped (or never came to be). */
  readonly exited: Promise<WardenExit>;
  /** Resolves when its program begins, confined. Rejects with why it did not. */
  readonly begun: Promise<void>;
};

export type WardenEvents = {
  readonly onMessage: (message: WardenMessage, body: string) => void;
  readonly onViolation: (why: string) => void;
  /** Whether it may say anything now: it has calls, or has not started yet. */
  readonly mayTalk: () => boolean;
  /** It has ended or closed its channel; `exited` follows when it has been reaped and its output read. */
  readonly onGone: () => void;
};

/**
 * Starts a warden. What fails once there is a process shows in `begun` and `exited`.
 *
 * @throws as `WardenCommand.start` does
 */
export function startWardenProcess(command: WardenCommand, events: WardenEvents): WardenProcess {
  const { child, begun } = command.start();
  let isOver = false;
  // Where no descriptor is left there are no pipes.
  const channel = (child.stdio as ChildProcess['stdio'] | undefined)?.[HOST_DESCRIPTOR] as Duplex | undefined;
  const tail = keepTail(child, () => {
    if (!isOver) events.onViolation('it printed more than its bound');
  });

  const reader = createFrameReader({
    frameBytesMax: LIMITS.frameBytesMax,
    onViolation: (why) => {
      if (!isOver) events.onViolation(why);
    },
    onFrame: (header, body) => {
      if (isOver) return;
      const message = parseWardenMessage(header);
      if (message === undefined) events.onViolation('not a message');
      else events.onMessage(message, body);
    },
  });
  channel?.on('data', (chunk: Buffer) => {
    if (isOver) return;
    if (events.mayTalk()) reader.push(chunk);
    else events.onViolation('it spoke without a call');
  });
  channel?.on('error', () => {});
  // A warden that closes its channel is of no more use: it would end by itself, and is not given the time to.
  channel?.on('close', () => {
    events.onGone();
    child.kill('SIGKILL');
  });
  child.on('exit', events.onGone);

  const exited = new Promise<WardenExit>((resolve) => {
    child.on('error', (cause) => {
      if (child.pid === undefined) {
        isOver = true;
        resolve({ exitCode: null, signal: null, tail: cause.message });
      }
    });
    child.on('close', (exitCode, signal) => {
      isOver = true;
      resolve({ exitCode, signal, tail: tail() });
    });
  });

  return {
    pid: child.pid,
    send: (message, body, left) => {
      if (isOver || channel === undefined) return;
      // What is said in one turn of the event loop, whoever's calls it is for, leaves in one write.
      if (channel.writableCorked === 0) {
        channel.cork();
        setImmediate(() => channel.uncork());
      }
      channel.write(encodeFrame(message, body), left);
    },
    kill: () => {
      isOver = true;
      child.kill('SIGKILL');
      channel?.destroy();
    },
    exited,
    begun,
  };
}

/** Keeps the end of what the process prints, in bounded memory; past the bounds it reads no more and says so. */
function keepTail(child: ChildProcess, onFlood: () => void): () => string {
  let kept = Buffer.alloc(0);
  let bytes = 0;
  let pieces = 0;
  const streams = [child.stdout, child.stderr] as (Readable | null | undefined)[];
  const keep = (chunk: Buffer) => {
    bytes += chunk.length;
    pieces += 1;
    kept = Buffer.concat([kept, chunk.subarray(-LIMITS.wardenTailBytesMax)]).subarray(-LIMITS.wardenTailBytesMax);
    if (bytes <= LIMITS.wardenOutputBytesMax && pieces <= LIMITS.wardenOutputPiecesMax) return;
    onFlood();
    for (const stream of streams) stream?.destroy();
  };
  for (const stream of streams) {
    stream?.on('data', keep);
    stream?.on('error', () => {});
  }
  return () => kept.toString('utf8');
}
