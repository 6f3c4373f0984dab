// What waits to be told: kept over a stop, told in order, tried again, bounded; and each target for itself.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { DeliveryResult } from '#domain/notify-ports.ts';
import { createFakeTarget, createOutboxWorld, DOWN, NO, notice, TAKEN } from './world.ts';

let world: ReturnType<typeof createOutboxWorld>;
beforeEach(() => {
  world = createOutboxWorld();
});
afterEach(() => world.closeAll());

describe('a notice', () => {
  test('is told once to each target that wants its kind, and to no other', async () => {
    const all = createFakeTarget('all', () => TAKEN);
    const loops = createFakeTarget('loops', () => TAKEN);
    const outbox = world.open([all.channel, { ...loops.channel, kinds: ['loop'] }]);
    outbox.tell(notice('a'));
    outbox.tell(notice('b', { kind: 'loop' }));
    await expect.poll(() => all.told).toEqual(['a', 'b']);
    expect(loops.told).toEqual(['b']);
    await expect.poll(() => outbox.waiting()).toEqual([]);
    expect(outbox.targets()).toMatchObject([
      { name: 'all', waiting: 0, delivered: 2, dropped: 0 },
      { name: 'loops', delivered: 1 },
    ]);
  });

  test('that was not taken when the server stopped is told after the next start, as the same delivery', async () => {
    const down = createFakeTarget('t', () => DOWN);
    const first = world.open([down.channel], { retryMs: 60_000 });
    first.tell(notice('a'));
    first.tell(notice('b'));
    await expect.poll(() => down.tries.length).toBe(1);
    first.close();
    const up = createFakeTarget('t', () => TAKEN);
    world.open([up.channel]);
    await expect.poll(() => up.told).toEqual(['a', 'b']);
    expect(up.tries[0]?.id).toBe(down.tries[0]?.id);
    expect(world.store.heads()).toEqual([]);
  });

  test('is told again, as the same delivery, when that it was told could not be kept', async () => {
    const { store } = world;
    const full = {
      ...store,
      remove: () => {
        throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
      },
    };
    const first = createFakeTarget('t', () => TAKEN);
    const outbox = world.open([first.channel], {}, full);
    outbox.tell(notice('a'));
    await expect.poll(() => outbox.waiting()).toEqual([]);
    outbox.close();
    const second = createFakeTarget('t', () => TAKEN);
    world.open([second.channel]);
    await expect.poll(() => second.told).toEqual(['a']);
    expect([first.told, second.tries[0]?.id]).toEqual([['a'], first.tries[0]?.id]);
    await expect.poll(() => store.heads()).toEqual([]);
  });

  test('kept for an address that is no longer in the configuration is told to nobody', async () => {
    const old = createFakeTarget('t', () => DOWN);
    const first = world.open([old.channel], { retryMs: 60_000 });
    first.tell(notice('a'));
    await expect.poll(() => old.tries.length).toBe(1);
    first.close();
    const moved = createFakeTarget('t', () => TAKEN);
    const outbox = world.open([{ ...moved.channel, addressDigest: 'another' }]);
    expect([outbox.waiting(), moved.tries, world.store.heads()]).toEqual([[], [], []]);
  });

  test('that nobody needs any more is not told', async () => {
    const { time } = world;
    const target = createFakeTarget('t', () => DOWN);
    const outbox = world.open([target.channel]);
    outbox.tell(notice('a', { staleMs: time.state.nowMs + 10 }));
    await expect.poll(() => target.tries.length).toBeGreaterThan(0);
    time.pass(10);
    await expect.poll(() => outbox.waiting()).toEqual([]);
    expect(world.dropped).toEqual([]);
  });
});

describe('a target that is down', () => {
  test('is tried until it is back, in the order in which things happened, and holds no other up', async () => {
    let isDown = true;
    const down = createFakeTarget('down', () => (isDown ? DOWN : TAKEN));
    const up = createFakeTarget('up', () => TAKEN);
    const outbox = world.open([down.channel, up.channel]);
    for (const subject of ['a', 'b', 'c']) outbox.tell(notice(subject));
    await expect.poll(() => up.told).toEqual(['a', 'b', 'c']);
    await expect.poll(() => down.tries.length).toBeGreaterThanOrEqual(LIMITS.notifyTriesMax);
    expect(new Set(down.tries.map(({ notice: { subject } }) => subject))).toEqual(new Set(['a']));
    expect(outbox.targets()[0]).toMatchObject({ waiting: 3, failing: { why: 'it answered 500' } });
    isDown = false;
    await expect.poll(() => down.told).toEqual(['a', 'b', 'c']);
    expect(outbox.targets()[0]).not.toHaveProperty('failing');
    expect(world.dropped).toEqual([]);
  });

  test('for longer than notices are kept is not told of them, and that is said', async () => {
    const target = createFakeTarget('t', () => DOWN);
    const outbox = world.open([target.channel]);
    outbox.tell(notice('a'));
    await expect.poll(() => target.tries.length).toBeGreaterThan(0);
    world.time.pass(LIMITS.notifyAgeMsMax);
    await expect.poll(() => world.dropped).toEqual([['t: a', 'it answered 500']]);
    expect(outbox.targets()).toMatchObject([{ dropped: 1, waiting: 0 }]);
  });

  test('keeps a bounded number of notices: the oldest makes room, and that is said', async () => {
    const never = Promise.withResolvers<DeliveryResult>();
    const target = createFakeTarget('t', () => never.promise);
    const outbox = world.open([target.channel]);
    for (let n = 0; n < LIMITS.notifyWaitingMax + 2; n += 1) outbox.tell(notice(`n${n}`));
    // The first one is being tried.
    expect(world.dropped.map(([subject]) => subject)).toEqual(['t: n1', 't: n2']);
    expect(world.store.heads()).toHaveLength(LIMITS.notifyWaitingMax);
  });

  test('that answers, and does not take one notice, gets the others after a few tries', async () => {
    const target = createFakeTarget('t', ({ notice: { subject } }) => (subject === 'odd' ? NO : TAKEN));
    const outbox = world.open([target.channel]);
    outbox.tell(notice('odd'));
    outbox.tell(notice('good'));
    await expect.poll(() => target.told).toEqual(['good']);
    expect(target.tries).toHaveLength(LIMITS.notifyTriesMax + 1);
    expect(world.dropped).toEqual([['t: odd', 'it answered 400']]);
  });

  test('is left alone for as long as it asks, within a bound', async () => {
    const target = createFakeTarget('t', () => ({ ...DOWN, kind: 'failed', why: 'slow down', afterMs: 1e12 }));
    const outbox = world.open([target.channel]);
    outbox.tell(notice('a'));
    await expect.poll(() => outbox.targets()[0]?.failing).toBeDefined();
    const { nextMs = 0 } = outbox.targets()[0]?.failing ?? {};
    expect(nextMs - world.time.state.nowMs).toBe(LIMITS.notifyAfterMsMax);
  });
});

describe('a flood', () => {
  const bound = { key: 'k', countMax: 2, more: (count: number) => notice(`${count} more`) };

  test('is told by a few notices, and the rest in one when the while is over', async () => {
    const target = createFakeTarget('t', () => TAKEN);
    const outbox = world.open([target.channel], { mergeMs: 50 });
    const told = Array.from({ length: 100 }, (_, n) => outbox.tell(notice(`n${n}`), bound));
    expect(told.filter(Boolean)).toHaveLength(2);
    await expect.poll(() => target.told).toEqual(['n0', 'n1', '98 more']);
  });

  test('without a bound is told whole: the control', async () => {
    const target = createFakeTarget('t', () => TAKEN);
    const outbox = world.open([target.channel]);
    for (let n = 0; n < 100; n += 1) outbox.tell(notice(`n${n}`));
    await expect.poll(() => target.told.length).toBe(100);
  });

  test('of one leaves room for others', async () => {
    const target = createFakeTarget('t', () => TAKEN);
    const outbox = world.open([target.channel]);
    for (let n = 0; n < 100; n += 1) outbox.tell(notice(`n${n}`), bound);
    expect(outbox.tell(notice('other'), { ...bound, key: 'other' })).toBe(true);
  });

  test('that is not over when the server stops is told after the start', async () => {
    const target = createFakeTarget('t', () => TAKEN);
    const outbox = world.open([target.channel]);
    for (let n = 0; n < 3; n += 1) outbox.tell(notice(`n${n}`), bound);
    outbox.close();
    const next = createFakeTarget('t', () => TAKEN);
    world.open([next.channel]);
    await expect.poll(() => next.told.at(-1)).toBe('1 more');
  });

  test('by ever new keys fills no memory: those beyond a number share one', async () => {
    const target = createFakeTarget('t', () => TAKEN);
    const outbox = world.open([{ ...target.channel, kinds: ['loop'] }]);
    const told = Array.from({ length: LIMITS.notifyMergedKeysMax + 100 }, (_, n) =>
      outbox.tell(notice(`n${n}`), { ...bound, key: `k${n}`, countMax: 1 }),
    );
    expect(told.filter(Boolean)).toHaveLength(LIMITS.notifyMergedKeysMax + 1);
  });
});

describe('a test notice', () => {
  test('says for each target whether it took it, also while others wait', async () => {
    const good = createFakeTarget('good', () => TAKEN);
    const bad = createFakeTarget('bad', () => DOWN);
    const outbox = world.open([good.channel, bad.channel], { retryMs: 60_000 });
    outbox.tell(notice('a'));
    expect(await outbox.test()).toEqual([{ target: 'good' }, { target: 'bad', why: 'it answered 500' }]);
    expect(await outbox.test('good')).toEqual([{ target: 'good' }]);
  });

  test('for a target that is not there is refused, with the names of those that are', async () => {
    const outbox = world.open([createFakeTarget('good', () => TAKEN).channel]);
    await expect(outbox.test('nobody')).rejects.toMatchObject({
      code: 'NOTIFY_TARGET_UNKNOWN',
      details: { remedy: 'name one of good' },
    });
  });
});

test('a disk that is full keeps nobody from going on: what can not be kept is said', () => {
  const target = createFakeTarget('t', () => TAKEN);
  const outbox = world.open([target.channel]);
  world.database.close();
  expect(outbox.tell(notice('a'))).toBe(true);
  expect([target.tries, outbox.waiting()]).toEqual([[], []]);
});
