// What is taken while commits are slow: a bound on records and one on bytes, and room for what closes an intent.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import type { Appender } from '#provenance/appender.ts';
import { createCommitQueue } from '#provenance/commit-queue.ts';
import type { PreparedRecord } from '#provenance/prepare-record.ts';
import { begin, intentDraft, makeHome, openHome, outcomeDraft, removeHome } from './fixture.ts';

const record = (bytes: number): PreparedRecord => ({
  payload: new Uint8Array(0),
  invocation: '',
  phase: '',
  disclosed: { args: 'x'.repeat(bytes) },
  argsDigest: undefined,
});

/** A queue whose commits end when they are told to, on a clock that is moved by hand. */
function world() {
  const commits: (() => void)[] = [];
  const sizes: number[] = [];
  const here: boolean[] = [];
  const time = { nowMs: 1 };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };
  const appender = {
    checkpoint: () => undefined,
    commit: (records, options) =>
      new Promise((resolve) => {
        sizes.push(records.length);
        here.push(options?.waitsHere === true);
        commits.push(() => resolve(records.map((_record, index) => ({ index, leaf: '' }))));
      }),
  } satisfies Appender;
  const running = { count: 0 };
  const ports = { appender, clock, logger: silentLogger, expected: () => running.count, onCommit: () => {} };
  return { queue: createCommitQueue(ports), commits, sizes, here, time, running };
}

const free = { isOwed: false };
const full = expect.objectContaining({ code: 'LOG_UNAVAILABLE', message: 'too many records wait to be written' });

async function untilCommit(commits: readonly unknown[]): Promise<void> {
  while (commits.length === 0) await new Promise(setImmediate);
}

describe('records that wait for their commit', () => {
  test('are bounded by number, but what closes an intent is taken', () => {
    const { queue } = world();
    for (let count = 0; count < LIMITS.appendsWaitingMax; count += 1) void queue.add(record(1), free);
    expect(() => queue.add(record(1), free)).toThrow(full);
    expect(queue.add(record(1), { isOwed: true })).toBeInstanceOf(Promise);
  });

  test('are bounded by bytes until they are on disk', async () => {
    const { queue, commits } = world();
    const bytes = LIMITS.appendsWaitingBytesMax / 64;
    const taken = Array.from({ length: 64 }, () => queue.add(record(bytes), free));
    expect(() => queue.add(record(1), free)).toThrow(full);
    await untilCommit(commits);
    expect(() => queue.add(record(1), free)).toThrow(full);
    expect(queue.add(record(bytes), { isOwed: true })).toBeInstanceOf(Promise);
    commits.shift()?.();
    await Promise.all(taken);
    expect(queue.add(record(bytes), free)).toBeInstanceOf(Promise);
  });
});

test('an outcome that is refused for a moment can be appended later, and is closed once', async () => {
  const home = makeHome();
  const { log, close } = await openHome(home);
  await begin(log);
  const intent = intentDraft();
  const receipt = await log.append(intent);
  const outcome = outcomeDraft(intent, receipt);
  // A full queue of others does not keep it out.
  const others = Array.from({ length: LIMITS.appendsWaitingMax }, () =>
    log.append(intentDraft()).catch(() => undefined),
  );
  const refused = log.append(intentDraft());
  const closed = log.append(outcome);
  await expect(refused).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
  expect((await closed).index).toBeGreaterThan(receipt.index);
  await expect(log.append(outcome)).rejects.toMatchObject({ code: 'INTERNAL' });
  await Promise.all(others);
  await close();
  removeHome(home);
});

describe('a commit', () => {
  // How long it waits for more is no matter of how busy the machine is.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  /** Lets records come with this many ms between them, each committed within 1 ms; then so many calls run. */
  const grown = async (gapMs: number, calls: number) => {
    const { queue, commits, sizes, time, running } = world();
    for (let count = 0; count < 60; count += 1) {
      time.nowMs += gapMs;
      const taken = queue.add(record(1), free);
      await untilCommit(commits);
      time.nowMs += 1;
      commits.shift()?.();
      await taken;
      time.nowMs -= 1;
    }
    running.count = calls;
    return { queue, commits, last: () => sizes.at(-1), time };
  };

  test('waits for records that are about to come where they come thick and fast', async () => {
    const { queue, commits, last, time } = await grown(0.3, 100);
    const taken = [queue.add(record(1), free)];
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(commits).toEqual([]);
    while (taken.length < LIMITS.commitGroupWanted) {
      time.nowMs += 0.3;
      taken.push(queue.add(record(1), free));
    }
    await untilCommit(commits);
    expect(last()).toBe(LIMITS.commitGroupWanted);
    commits.shift()?.();
    await Promise.all(taken);
  });

  test('does not wait for ever: what is about to come may not', async () => {
    const { queue, commits, last } = await grown(0.3, 100);
    void queue.add(record(1), free);
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(commits).toEqual([]);
    vi.advanceTimersByTime(LIMITS.commitWaitMs);
    await untilCommit(commits);
    expect(last()).toBe(1);
  });

  test('waits for nobody where records come now and then', async () => {
    const { queue, commits, last } = await grown(5, 100);
    void queue.add(record(1), free);
    for (let turn = 0; turn < 6 && commits.length === 0; turn += 1) await new Promise(setImmediate);
    expect(last()).toBe(1);
    expect(commits).toHaveLength(1);
  });

  test('waits for no more than there are calls that can bring a record', async () => {
    const { queue, commits, last } = await grown(0.3, 2);
    void queue.add(record(1), free);
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(commits).toEqual([]);
    void queue.add(record(1), free);
    await untilCommit(commits);
    expect(last()).toBe(2);
  });

  describe('of the only call that runs', () => {
    /** One record beside so many calls, after commits that took so many ms each: whether the host's thread waits for it. */
    const alone = async (calls: number, commitMs: number) => {
      const { queue, commits, here, time, running } = world();
      const commitOne = async () => {
        const taken = queue.add(record(1), free);
        await untilCommit(commits);
        time.nowMs += commitMs;
        commits.shift()?.();
        await taken;
      };
      for (let count = 0; count < 60; count += 1) await commitOne();
      running.count = calls;
      await commitOne();
      return here.at(-1);
    };

    test('is waited for where it is, on a quick disk', async () => {
      expect(await alone(1, LIMITS.commitHereMsMax / 2)).toBe(true);
    });

    test.each([
      ['on a slow disk', 1, LIMITS.commitHereMsMax * 2],
      ['beside another call', 2, LIMITS.commitHereMsMax / 2],
      ['where none runs', 0, LIMITS.commitHereMsMax / 2],
    ])('is waited for on another thread %s', async (_where, calls, commitMs) => {
      expect(await alone(calls, commitMs)).toBe(false);
    });

    test('begins in the same turn: no other record is on its way', async () => {
      const { queue, commits, running } = world();
      running.count = 1;
      void queue.add(record(1), free);
      await Promise.resolve();
      await Promise.resolve();
      expect(commits).toHaveLength(1);
    });
  });
});
