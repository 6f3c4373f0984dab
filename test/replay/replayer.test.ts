// What a replay says of records that a test wrote by hand: a real log, a real sandbox, transcripts in and out of order.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { answers, asks, type HandMade, type HandMadeWorld, openHandMade, transcriptOf } from './world.ts';

let world: HandMadeWorld;

beforeAll(async () => {
  world = await openHandMade();
});

afterAll(() => world[Symbol.asyncDispose]());

const replay = async (made: HandMade) => world.replayer.replay(await world.write(made));

describe('a transcript', () => {
  test('that is whole gives the recorded result again', async () => {
    const events = [asks(1, 'a'), answers(1, '{"z":1,"a":2}'), asks(2, 'b'), answers(2, '1e21')];
    const result: Json = [{ z: 1, a: 2 }, 1e21];
    expect(await replay({ tool: 'two', result, transcript: transcriptOf(...events) })).toMatchObject({
      outcome: 'same',
      hostCalls: 2,
    });
  });

  test('decides a race by the order of its answers', async () => {
    const asked = [asks(1, 'a'), asks(2, 'b')];
    const [first, second] = [answers(1, '"first"'), answers(2, '"second"')];
    const won = (result: string, ...order: (typeof first)[]) =>
      replay({ tool: 'race', result, transcript: transcriptOf(...asked, ...order) });
    expect(await won('first', first, second)).toMatchObject({ outcome: 'same' });
    expect(await won('second', second, first)).toMatchObject({ outcome: 'same' });
    expect(await won('second', first, second)).toMatchObject({ outcome: 'different', reason: 'another result' });
  });

  test('says at which host call the code went another way, and how', async () => {
    const events = [asks(1, 'a'), answers(1, 'null'), asks(2, 'c'), answers(2, 'null')];
    expect(await replay({ tool: 'two', result: [null, null], transcript: transcriptOf(...events) })).toMatchObject({
      outcome: 'diverged',
      reason: 'from host call 1 on it asked something else',
      difference: {
        index: 1,
        asked: { call: 2, name: 'store.get', params: '{"key":"b"}' },
        recorded: { call: 2, name: 'store.get', params: '{"key":"c"}' },
      },
    });
  });

  test('that has one call more, or one less, is another way too', async () => {
    const one = [asks(1, 'a'), answers(1, 'null')];
    const third = [asks(3, 'x'), answers(3, 'null')];
    const all = [...one, asks(2, 'b'), answers(2, 'null')];
    expect(await replay({ tool: 'two', result: [null, null], transcript: transcriptOf(...one) })).toMatchObject({
      outcome: 'diverged',
      difference: { index: 1, asked: { call: 2 } },
    });
    const longer = await replay({ tool: 'two', result: [null, null], transcript: transcriptOf(...all, ...third) });
    expect(longer).toMatchObject({ outcome: 'diverged', difference: { index: 2, recorded: { call: 3 } } });
    expect(longer.difference).not.toHaveProperty('asked');
  });

  test('whose numbers are other ones is another way: a log line was added or left out', async () => {
    const events = [asks(2, 'a'), answers(2, 'null'), asks(3, 'b'), answers(3, 'null')];
    expect(await replay({ tool: 'two', result: [null, null], transcript: transcriptOf(...events) })).toMatchObject({
      outcome: 'diverged',
      difference: { index: 0, asked: { call: 1 }, recorded: { call: 2 } },
    });
  });

  test.each<[string, Json]>([
    ['answers before it is asked', transcriptOf(answers(1, 'null'), asks(1, 'a'))],
    ['answers twice', transcriptOf(asks(1, 'a'), answers(1, 'null'), answers(1, 'null'))],
    ['has numbers that fall', transcriptOf(asks(2, 'a'), asks(1, 'b'))],
    ['has a text that is no JSON', transcriptOf(asks(1, 'a'), answers(1, 'nil'))],
  ])('that %s is none, and nothing is run', async (_what, transcript) => {
    const before = world.runs();
    expect(await replay({ tool: 'echo', args: { key: 'a' }, result: null, transcript })).toMatchObject({
      outcome: 'impossible',
      reason: expect.stringContaining('none that a sandbox writes'),
    });
    expect(world.runs()).toBe(before);
  });

  test('without the answer that the code needs ends as what can not be told', async () => {
    const predicate = { sandbox: quickSandbox() };
    const transcript = transcriptOf(asks(1, 'a'));
    expect(await replay({ tool: 'echo', args: { key: 'a' }, result: null, transcript, predicate })).toMatchObject({
      outcome: 'impossible',
      reason: expect.stringContaining('it waited for host call 1'),
    });
  });

  test('gives the arguments as they stood: order of keys, and minus zero', async () => {
    const kept = { ...(transcriptOf() as object), args: '{"b":1,"a":-0}' };
    expect(await replay({ tool: 'add', args: { a: 0, b: 1 }, result: 1, transcript: kept })).toMatchObject({
      outcome: 'same',
    });
    const other = { ...(transcriptOf() as object), args: '{"b":1,"a":5}' };
    expect(await replay({ tool: 'add', args: { a: 0, b: 1 }, result: 1, transcript: other })).toMatchObject({
      outcome: 'impossible',
      reason: expect.stringContaining('not those of its record'),
    });
  });
});

/** Of which a replay has little time. */
function quickSandbox() {
  const limits = { timeoutMs: 500, cpuMs: 50, memoryMiB: 32, outputBytes: 1000, hostCalls: 10 };
  const digest = world.plugin.digest;
  return { tier: 'isolate', profile: digest, limits, layers: [], engine: world.engine } as const;
}

describe('an ending', () => {
  const failed = (code: string): NonNullable<HandMade['predicate']> => ({
    result: { isError: true, bytes: 1, class: code },
  });

  test('that was an error is the same where code and message are', async () => {
    const events = [asks(1, 'a'), answers(1, 'null')];
    const error = (message: string, details?: Json) => ({ code: 'TOOL_FAILED', message, ...(details && { details }) });
    const made = (result: Json) =>
      replay({ tool: 'fails', predicate: failed('TOOL_FAILED'), result, transcript: transcriptOf(...events) });
    expect(await made(error('on purpose'))).toMatchObject({ outcome: 'same' });
    expect(await made(error('on purpose', { remedy: 'of another release' }))).toMatchObject({
      outcome: 'same',
      reason: 'the same error; its details are worded otherwise',
    });
    expect(await made(error('by chance'))).toMatchObject({ outcome: 'different', reason: 'another message' });
  });

  test('of another kind is different', async () => {
    const result = { code: 'TOOL_FAILED', message: 'x' };
    expect(await replay({ tool: 'add', args: { a: 1, b: 1 }, predicate: failed('TOOL_FAILED'), result })).toMatchObject(
      {
        outcome: 'different',
        reason: 'it ended with value, not with TOOL_FAILED',
      },
    );
  });

  test('that the code does not come to here says nothing of the recorded one', async () => {
    const made = { tool: 'spins', predicate: { sandbox: quickSandbox() }, result: 1 };
    expect(await replay(made)).toMatchObject({
      outcome: 'impossible',
      reason: expect.stringMatching(/ended from outside \((CPU_EXCEEDED|TIMEOUT)\)/),
    });
  });
});

describe('a call can not be run again, and says why', () => {
  test.each<[string, HandMade['predicate'] | (() => HandMade['predicate']), RegExp]>([
    ['where it was denied', { phase: 'denied' }, /never ran/],
    ['where it never started', { phase: 'cancelled' }, /never ran/],
    ['where it was given an earlier answer', { phase: 'replayed', replayOf: { index: 4, leaf: '' } }, /record 4/],
    [
      'where its program ran as a process',
      () => ({ sandbox: { ...quickSandbox(), tier: 'process' } }),
      /process plugins/,
    ],
    [
      'where its code is gone',
      { tool: { name: 'hand__add', plugin: 'hand', package: `sha256:${'0'.repeat(64)}`, effect: 'pure' } },
      /0{64}/,
    ],
  ])('%s', async (_what, predicate, reason) => {
    const made = typeof predicate === 'function' ? predicate() : predicate;
    const before = world.runs();
    const said = await replay({ tool: 'add', args: { a: 1, b: 1 }, result: 2, ...(made && { predicate: made }) });
    expect(said).toMatchObject({ outcome: 'impossible', reason: expect.stringMatching(reason) });
    expect(world.runs()).toBe(before);
  });

  test('where its transcript is of the release before, or was cut, or its result is not kept', async () => {
    const old: Json = { events: [{ kind: 'asked', call: 1, name: 'store.get', params: { key: 'a' } }] };
    const args = { key: 'a' };
    expect(await replay({ tool: 'echo', args, result: 1, transcript: old })).toMatchObject({
      outcome: 'impossible',
      reason: expect.stringContaining('recorded before exact texts were kept'),
    });
    const cut: Json = { format: 1, engine: 'e', events: [], isCut: true };
    expect(await replay({ tool: 'echo', args, result: 1, transcript: cut })).toMatchObject({
      reason: expect.stringContaining('more than is kept'),
    });
    expect(await replay({ tool: 'add', args: { a: 1, b: 2 } })).toMatchObject({
      reason: expect.stringContaining('its result is no longer kept'),
    });
    const used = [{ kind: 'store', target: 'a', count: 1, bytes: 1, transcript: '' }];
    const before = { capabilities: { granted: {}, used } };
    expect(await replay({ tool: 'echo', args, result: 1, predicate: before })).toMatchObject({
      reason: expect.stringContaining('recorded before transcripts were kept'),
    });
  });
});

test('where nobody saw its end, there is nothing to compare with', async () => {
  const id = await world.write({ tool: 'add', args: { a: 1, b: 2 }, isUnknown: true });
  expect(await world.replayer.replay(id)).toMatchObject({
    outcome: 'impossible',
    reason: expect.stringContaining('nobody saw its end'),
  });
});

test('an engine of another version is told, and the run compared all the same', async () => {
  const sandbox = { ...quickSandbox(), engine: 'v8 1.2.3; C.UTF-8; UTC; x64' };
  const made = (result: number): HandMade => ({ tool: 'add', args: { a: 1, b: 2 }, predicate: { sandbox }, result });
  expect(await replay(made(3))).toMatchObject({
    outcome: 'same',
    reason: expect.stringContaining('another engine ran it then: v8 1.2.3'),
    engine: { recorded: 'v8 1.2.3; C.UTF-8; UTC; x64', now: world.engine },
  });
  expect(await replay(made(4))).toMatchObject({ outcome: 'different', reason: expect.stringContaining('v8 1.2.3') });
});

test('one runs at a time, and too many that wait are refused', async () => {
  const id = await world.write({ tool: 'add', args: { a: 1, b: 2 }, result: 3 });
  const all = await Promise.allSettled(Array.from({ length: 40 }, () => world.replayer.replay(id)));
  const done = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value.outcome] : []));
  const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []));
  expect(done).toEqual(Array.from({ length: 17 }, () => 'same'));
  expect(new Set(refused)).toEqual(new Set(['QUEUE_FULL']));
  expect(await world.replayer.replay(id)).toMatchObject({ outcome: 'same' });
});

test('an invocation that the log has not is refused', async () => {
  await expect(world.replayer.replay('none')).rejects.toMatchObject({ code: 'RECORD_UNKNOWN' });
});
