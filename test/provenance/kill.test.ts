// The process that keeps the log is killed at any moment: what it acknowledged is there, what it began is closed.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { InvocationPredicate } from '#domain/record.ts';
import { createLogVerifier } from '#provenance/verify/verify-log.ts';
import { makeHome, openHome, removeHome, verifyHome } from './fixture.ts';

/** Few lives a home, so that the logs stay short enough to be verified each time. */
const HOMES = 4;
const LIVES_PER_HOME = 3;

type Life = { readonly acknowledged: readonly { readonly index: number; readonly leaf: string }[] };

/** `receipts`: it lives until it has told at least so many. */
type LifeOptions = { readonly callers: number; readonly killAfterMs: number; readonly receipts: number };

async function live(home: string, { callers, killAfterMs, receipts }: LifeOptions): Promise<Life> {
  const script = join(import.meta.dirname, 'kill-child.ts');
  const child = spawn(process.execPath, [script, home, String(callers)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  const isReady = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.startsWith('ready\n')) resolve();
    });
  });
  const closed = once(child, 'close');
  await Promise.race([isReady, closed]);
  await wait(killAfterMs);
  while (child.exitCode === null && output.split('\n').length - 2 < receipts) await wait(5);
  child.kill('SIGKILL');
  const [, signal] = await closed;
  if (signal !== 'SIGKILL') throw new Error('the child ended by itself');
  const lines = output.split('\n').slice(1, -1);
  return { acknowledged: lines.map((line) => ({ index: Number(line.split(' ')[0]), leaf: line.split(' ')[1] ?? '' })) };
}

test(`after each of ${HOMES * LIVES_PER_HOME} kills every receipt holds, every intent is closed and the log verifies`, async () => {
  const verify = createLogVerifier();
  let acknowledgedTotal = 0;
  for (let round = 0; round < HOMES; round += 1) {
    const home = makeHome();
    for (let life = 0; life < LIVES_PER_HOME; life += 1) {
      const { acknowledged } = await live(home, {
        callers: life === 0 ? 1 : 16,
        killAfterMs: (round * LIVES_PER_HOME + life) * 3,
        receipts: life === 0 ? 0 : 1,
      });
      const { log, close } = await openHome(home);
      for (const { index, leaf } of acknowledged) expect(log.record(index)?.leaf).toBe(leaf);
      expect(unknownAtEnd(log)).toBeGreaterThan(0);
      acknowledgedTotal += acknowledged.length;
      await close();
      expect(verifyHome(home, verify)).toMatchObject({ ok: true, trust: 'pinned', openIntents: 0 });
    }
    removeHome(home);
  }
  expect(acknowledgedTotal).toBeGreaterThan(0);
});

/** How many records at the end of the log close what was cut off. */
function unknownAtEnd(log: {
  readonly size: () => number;
  readonly record: (index: number) => { readonly envelope: string } | undefined;
}) {
  let count = 0;
  for (let index = log.size() - 1; index > 0; index -= 1) {
    const envelope = JSON.parse(log.record(index)?.envelope ?? '{}');
    const { predicate } = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as {
      predicate: InvocationPredicate;
    };
    if (predicate.phase !== 'unknown') break;
    count += 1;
  }
  return count;
}
