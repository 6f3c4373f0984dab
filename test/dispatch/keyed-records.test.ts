// What is on disk when a call under an idempotency key runs, is answered, and is answered again.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { makeHome, openHome, removeHome, statementAt, verifyHome } from '#test/provenance/fixture.ts';
import { createWorld, settle, usage } from './world.ts';

const key = (idempotencyKey: string) => ({ idempotencyKey });

describe('an answer that is given again', () => {
  test('leaves a record that names the one it was first given with, and keeps nothing twice', async () => {
    const { call, drafts, records } = createWorld();
    const { receipt } = await call('p__write', { ...key('k'), args: { n: 1 } });
    await call('p__write', { ...key('k'), args: { n: 1 }, door: 'sse', session: 's' });
    expect(records[2]).toMatchObject({
      phase: 'replayed',
      replayOf: receipt,
      door: 'sse',
      session: 's',
      policy: { version: 1, decision: 'allow' },
      result: { isError: false, class: 'value' },
    });
    expect(records[2]?.invocation).not.toBe(records[1]?.invocation);
    expect(records[2]).not.toHaveProperty('sandbox');
    expect(drafts[2]).toEqual({ kind: 'invocation', predicate: records[2] });
  });

  test('is not given while the log takes no record of that', async () => {
    const { call, state } = createWorld();
    const first = await call('p__write', key('k'));
    state.isDiskFull = true;
    await expect(call('p__write', key('k'))).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    state.isDiskFull = false;
    expect(await call('p__write', key('k'))).toEqual({ ...first, isReplayed: true });
  });
});

describe('a call under an idempotency key', () => {
  test('runs only once its key is on disk, and is answered only once its answer is', async () => {
    const onDisk = { put: Promise.withResolvers<void>(), settle: Promise.withResolvers<void>() };
    const { call, runs } = createWorld({
      around: (store) => ({
        ...store,
        put: (row) => store.put(row).then(() => onDisk.put.promise),
        settle: (row, outcome) => store.settle(row, outcome).then(() => onDisk.settle.promise),
      }),
    });
    let isAnswered = false;
    const answered = call('p__write', key('k')).then(() => {
      isAnswered = true;
    });
    await settle();
    expect([runs.length, isAnswered]).toEqual([0, false]);
    onDisk.put.resolve();
    await settle();
    expect([runs.length, isAnswered]).toEqual([1, false]);
    onDisk.settle.resolve();
    await answered;
  });

  test('does not run when its key can not be kept', async () => {
    const put = async () => {
      throw new SmcpError('LOG_UNAVAILABLE', 'disk full');
    };
    const { call, runs } = createWorld({ around: (store) => ({ ...store, put }) });
    await expect(call('p__write', key('k'))).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    expect(runs).toEqual([]);
  });
});

describe('a log that a dispatcher wrote', () => {
  let home: string;
  beforeEach(() => {
    home = makeHome();
  });
  afterEach(() => removeHome(home));

  test('verifies, whichever way calls ended, and names the policy in force in each record', async () => {
    const { log, close } = await openHome(home);
    const time = '2026-11-22T10:00:00.000Z';
    const manifest = { package: sha256('code'), manifest: sha256('manifest'), capabilities: {} };
    await log.append({ kind: 'policy', predicate: { version: 1, digest: sha256('policy'), time, by: 'x' } });
    await log.append({
      kind: 'plugin',
      predicate: { name: 'p', version: '1.0.0', ...manifest, origin: 'product', time },
    });
    const world = createWorld({ log });
    const { call, dispatcher, freezes, state, tools } = world;
    await call('p__write', key('k'));
    await call('p__write', key('k'));
    await call('p__write', { ...key('k'), args: { n: 1 } });
    await call('p__write', { args: { n: 'one' } });
    await call('p__none').catch(() => {});
    await call('p__pure', { signal: AbortSignal.abort() });
    state.run = async () => ({ kind: 'lost', usage });
    await call('smcp__queue_flush', key('k'));
    await call('smcp__queue_flush', key('k'));
    await call('p__read', key('k'));
    await world.restart().call(world.request('p__read', key('k')));
    state.denied.add('p__pure');
    await call('p__pure');
    tools.delete('p__read');
    freezes.freeze({ kind: 'all' }, 'admin');
    await call('p__write');
    freezes.unfreeze({ kind: 'all' }, 'admin');
    await dispatcher.drain();
    await call('p__write');
    const records = Array.from({ length: log.size() }, (_, index) => statementAt(log, index).predicate).slice(3);
    await close();
    expect(records.map(({ phase, result }) => [phase, result?.class])).toEqual([
      ['intent', undefined],
      ['outcome', 'value'],
      ['replayed', 'value'],
      ['denied', 'IDEMPOTENCY_CONFLICT'],
      ['denied', 'ARGUMENTS_INVALID'],
      ['denied', 'TOOL_UNKNOWN'],
      ['cancelled', 'CANCELLED'],
      ['intent', undefined],
      ['outcome', 'value'],
      ['replayed', 'value'],
      ['intent', undefined],
      ['unknown', 'INTERRUPTED'],
      ['replayed', 'INTERRUPTED'],
      ['denied', 'DENIED'],
      ['denied', 'FROZEN'],
      ['cancelled', 'SHUTTING_DOWN'],
    ]);
    for (const { policy } of records) expect(policy).toMatchObject({ version: 1, digest: sha256('policy') });
    expect(verifyHome(home)).toMatchObject({ ok: true, openIntents: 0 });
  });
});
