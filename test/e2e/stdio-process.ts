// `smcp stdio` in a process of its own, as a client starts it: its lines, what it says on stderr, how it ends, and the
// wardens that it started.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createLineReader } from '#base/line-reader.ts';

export const SMCP = fileURLToPath(new URL('../../src/smcp.js', import.meta.url));

export type Message = { readonly [key: string]: unknown };

export type StdioProcess = {
  readonly child: ChildProcessWithoutNullStreams;
  readonly pid: number;
  /** Every line of stdout that is JSON, and every one that is not. */
  readonly lines: Message[];
  readonly strays: string[];
  readonly stderr: () => string;
  readonly send: (message: unknown) => void;
  readonly write: (text: string) => void;
  /** Sends a request and waits for its answer. @throws when the process ends before */
  readonly ask: (message: { readonly id: unknown }) => Promise<Message>;
  /** The first message that fits, waiting for it. */
  readonly find: (fits: (message: Message) => boolean) => Promise<Message>;
  /** Waits until stderr has said it. */
  readonly says: (text: string) => Promise<void>;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Ends its input and waits. */
  readonly end: () => Promise<number | NodeJS.Signals>;
  readonly kill: (signal: NodeJS.Signals) => Promise<number | NodeJS.Signals>;
};

/** Starts `smcp stdio …` with nothing in its environment but PATH and `env`. */
export function startStdio(args: readonly string[], env: Record<string, string> = {}): StdioProcess {
  const child = spawn(process.execPath, [SMCP, 'stdio', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const lines: Message[] = [];
  const strays: string[] = [];
  const wakers = new Set<() => void>();
  let stderr = '';
  let isOver = false;
  const wake = () => {
    for (const waker of [...wakers]) waker();
  };
  const reader = createLineReader({
    bytesMax: 64 * 1024 * 1024,
    onLine: (line) => {
      const text = line.toString('utf8');
      try {
        lines.push(JSON.parse(text));
      } catch {
        strays.push(text);
      }
      wake();
    },
    onTooLong: () => strays.push('too long'),
  });
  child.stdout.on('data', (chunk: Buffer) => reader.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    wake();
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.on('close', (code, signal) => {
      isOver = true;
      wake();
      resolve(code ?? signal ?? 'SIGKILL');
    });
  });
  const until = async <T>(look: () => T | undefined): Promise<T> => {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (isOver) throw new Error(`smcp stdio ended with ${child.exitCode ?? child.signalCode}: ${stderr}`);
      await new Promise<void>((resolve) => {
        const waker = () => {
          wakers.delete(waker);
          resolve();
        };
        wakers.add(waker);
      });
    }
  };
  const write = (text: string) => void child.stdin.write(text);
  const send = (message: unknown) => write(`${JSON.stringify(message)}\n`);
  const find: StdioProcess['find'] = (fits) => until(() => lines.find(fits));
  return {
    child,
    pid: child.pid ?? 0,
    lines,
    strays,
    stderr: () => stderr,
    send,
    write,
    find,
    ask: (message) => {
      send(message);
      return find(({ id, method }) => id === message.id && method === undefined);
    },
    says: async (text) => void (await until(() => stderr.includes(text) || undefined)),
    ended,
    end: () => {
      child.stdin.end();
      return ended;
    },
    kill: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Process ids of the wardens that a process has started. */
export function wardensOf(pid: number): readonly number[] {
  return allPids().filter((child) => {
    try {
      const parent = /^PPid:\s+([0-9]+)$/m.exec(readFileSync(`/proc/${child}/status`, 'utf8'))?.[1];
      return Number(parent) === pid && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('warden');
    } catch {
      return false;
    }
  });
}

/** Waits until none of these processes exists any more. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some((pid) => allPids().includes(pid) && !isZombie(pid))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

function allPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number);
}
