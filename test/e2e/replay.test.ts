// Recorded calls run again through a whole server: each kind of host call, in each order, comes to the same result; and what
// was changed since, or can't be repeated, is told.

import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { receiptOf } from './clients.ts';
import { ACTOR, type ReplayWorld, startReplayWorld, writeActor } from './replay-world.ts';
import { smcp } from './server.ts';

let world: ReplayWorld;

beforeAll(async () => {
  world = await startReplayWorld();
});

afterAll(() => world[Symbol.asyncDispose]());

const SAME = { same: true, outcome: 'same', difference: null };
const onHome = (...words: string[]) => smcp([...words, '--home', world.home.directory]);
const sizeOfLog = async () => ((await world.admin('GET', '/status')).body as { log: { entries: number } }).log.entries;

describe('a call that is run again comes to the same result', () => {
  test.each<[string, object]>([
    ['keys', { b: 1, a: { d: 1, c: 2 }, '10': 1, '9': 2 }],
    ['chance', {}],
    ['all', {}],
    ['race', {}],
    ['caught', {}],
    ['uncaught', {}],
    ['between', {}],
    ['order', {}],
    ['loops', { times: 40 }],
    ['floods', {}],
    ['throws', { what: 'žába' }],
    ['odd', {}],
    ['stack', {}],
    ['deepest', {}],
    ['deepest', { afterAnswer: true }],
    ['large', { length: 200_000 }],
  ])('%s', async (name, given) => {
    const { id } = await world.act(name, given);
    expect(await world.replay(id)).toMatchObject(SAME);
  });

  test.each<[string, object]>([
    ['demo_math__calculate', { operation: 'divide', b: 3, a: 1 }],
    ['demo_math__calculate', { a: 1, b: 0, operation: 'divide' }],
    ['demo_math__format_bytes', { value: 123456789 }],
    ['demo_math__coin_flip', {}],
    ['demo_text__echo', { prefix: 'žluťoučký', message: 'kůň 😀' }],
    ['demo_text__hash_preview', { text: 'text' }],
    ['shell__date', {}],
    ['shell__checksum', { text: 'some text' }],
    ['shell__search', { words: 'b', text: 'a\nb\n' }],
    ['notes__write', { name: 'a/b', text: 'žába 1', tags: ['green'] }],
    ['notes__append', { name: 'a/b', text: ' and more' }],
    ['notes__search', { words: 'žába' }],
    ['notes__list', {}],
    ['notes__read', { name: 'nobody/wrote/it' }],
    ['notes__remove', { name: 'a/b' }],
    ['http_fetch__get', { url: 'https://not-in-the-manifest.example/' }],
  ])('%s %j', async (tool, args) => {
    const { id } = await world.call(tool, args);
    expect(await world.replay(id)).toMatchObject(SAME);
  });

  test('also where an argument is minus zero, which a canonical text does not tell from zero', async () => {
    const args = '{"case":"zero","given":{"n":-0}}';
    const { stdout } = await onHome('call', 'actor__act', '--args', args, '--json');
    const called = receiptOf(JSON.parse(stdout));
    expect(stdout).toContain('"isMinus":true');
    expect(await world.replay(called.invocation)).toMatchObject(SAME);
  });

  test('also of a call that a tool made of another one', async () => {
    const { id } = await world.act('all');
    const page = await world.admin('GET', '/log/records?count=10');
    const records = page.body as { invocation: string | null; record: { predicate: { parent?: string } } }[];
    const inner = records.find(({ record }) => record.predicate.parent === id)?.invocation ?? '';
    expect(await world.replay(inner)).toMatchObject({ ...SAME, tool: 'demo_text__slugify' });
  });
});

describe('the operation', () => {
  test('is a command that exits with 0 where the result is the same, and with 1 where that can not be told', async () => {
    const { id } = await world.act('chance');
    const same = await onHome('log', 'replay', id);
    expect(same).toMatchObject({ code: 0, stdout: expect.stringContaining('same: the same result') });
    const { id: ended } = await world.call('actor__brief', { case: 'spins' });
    const none = await onHome('log', 'replay', ended);
    expect(none).toMatchObject({ code: 1, stdout: expect.stringContaining("impossible: it can't be run again") });
    expect(await onHome('log', 'replay', 'nothing')).toMatchObject({ code: 2 });
  });

  test('is recorded as one of the server, and makes no record of the tool', async () => {
    const { id } = await world.act('chance');
    const before = await sizeOfLog();
    await world.replay(id);
    expect(await sizeOfLog()).toBe(before + 1);
    const page = (await world.admin('GET', '/log/records?count=1')).body;
    const predicate = { operation: 'log_replay', subject: id, by: 'admin' };
    expect(page).toMatchObject([{ invocation: null, record: { predicate } }]);
  });

  test('is a tool for an agent that was granted it', async () => {
    const { id } = await world.act('between');
    const { value } = await world.call('smcp__log_replay', { id });
    expect(value).toMatchObject(SAME);
  });

  test('does nothing: what a replayed call once stored is not stored again', async () => {
    const { id } = await world.act('keeps', { value: 'once' });
    await world.act('keeps', { value: 'later' });
    expect(await world.replay(id)).toMatchObject(SAME);
    expect((await world.act('finds')).value).toEqual({ value: 'later' });
    // The same call once more does store it.
    await world.act('keeps', { value: 'once' });
    expect((await world.act('finds')).value).toEqual({ value: 'once' });
  });

  test('does not end, or wait for, calls that run', async () => {
    const { id } = await world.act('loops', { times: 5 });
    const running = world.call('actor__brief', { case: 'waits' });
    expect(await world.replay(id)).toMatchObject(SAME);
    expect((await running).value).toMatchObject({ error: { code: 'TIMEOUT' } });
  });
});

/** A call that its deadline ended while its host call was under way. On a slow machine it may not have asked by then: then another one. */
async function endedWhileItWaits(): Promise<string> {
  for (;;) {
    const { id, value } = await world.call('actor__brief', { case: 'waits' });
    expect(value).toMatchObject({ error: { code: 'TIMEOUT' } });
    const { outcome, reason } = await world.replay(id);
    if (outcome !== 'impossible' || !String(reason).includes('had asked for nothing')) return id;
  }
}

describe('a call whose end was not its own', () => {
  test('is not run again where it had asked for nothing, and the reason is told', async () => {
    const { id } = await world.call('actor__brief', { case: 'spins' });
    const replayed = await world.replay(id);
    expect(replayed).toMatchObject({ same: false, outcome: 'impossible', replayed: null });
    expect(replayed.reason).toMatch(/ended from outside of its code \((TIMEOUT|CPU_EXCEEDED)\)/);
  });

  test('is run again up to its deadline, with a host call under way, and exits with 0 where it asked the same', async () => {
    const command = await onHome('log', 'replay', await endedWhileItWaits(), '--json');
    expect([command.code, JSON.parse(command.stdout)]).toEqual([
      0,
      expect.objectContaining({
        ...{ same: false, outcome: 'same_until_ended', hostCalls: 1, replayed: null, difference: null },
        recorded: null,
        reason: expect.stringContaining('(TIMEOUT); host call 1 had no answer then'),
      }),
    ]);
  });

  test('nor is one that asked more than is kept', async () => {
    const { id } = await world.act('hoards');
    expect(await world.replay(id)).toMatchObject({ outcome: 'impossible', reason: expect.stringContaining('kept') });
  });
});

describe('evidence that was changed', () => {
  test.each(['transcript', 'result'])('is refused by its commitment: one byte of the %s', async (column) => {
    const { id } = await world.act('chance');
    const database = new DatabaseSync(world.home.database);
    const change = (from: string, to: string) => {
      const sql = `UPDATE disclosure SET ${column} = replace(${column}, ?, ?)`;
      database.prepare(sql).run(from, to);
    };
    change('"nonce":"', '"nonce": "');
    const answer = (await world.admin('POST', `/log/replays/${id}`)).body;
    change('"nonce": "', '"nonce":"');
    database.close();
    expect(answer).toMatchObject({ error: { code: 'LOG_TAMPERED', message: expect.stringContaining(column) } });
    // Put back, it is the evidence that it was.
    expect(await world.replay(id)).toMatchObject(SAME);
  });

  test('does not run where the copy of the code was changed', async () => {
    const { id } = await world.act('chance');
    // Its process, which has the code in memory, is gone with the server.
    await world.whileDown(() => {});
    const changed = changeCode(await copyOf(id), 'later', 'never');
    const answer = (await world.admin('POST', `/log/replays/${id}`)).body;
    changed.putBack();
    expect(answer).toMatchObject({ error: { code: 'PLUGIN_TAMPERED' } });
  });
});

/** The folder of the code that a call ran. */
async function copyOf(id: string): Promise<string> {
  const { body } = await world.admin('GET', `/log/records/${id}`);
  const { record } = body as { record: { predicate: { tool: { package: string } } } };
  return join(world.home.directory, 'plugins', record.predicate.tool.package.slice('sha256:'.length));
}

function changeCode(copy: string, from: string, to: string): { readonly putBack: () => void } {
  const file = join(copy, 'index.js');
  const whole = readFileSync(file, 'utf8');
  chmodSync(file, 0o644);
  writeFileSync(file, whole.replace(from, to));
  return {
    putBack: () => {
      writeFileSync(file, whole);
      chmodSync(file, 0o444);
    },
  };
}

describe('a call of code that was replaced since', () => {
  const actor = () => join(world.pluginsPath, 'actor');

  test('is run again with the code that it ran, also after restarts and reloads', async () => {
    const { id, value } = await world.act('chance');
    await world.whileDown(() => writeActor(actor(), ACTOR.replace('later: await', 'newer: await')));
    const { id: newer, value: changed } = await world.act('chance');
    expect([Object.keys(value as object), Object.keys(changed as object)]).toEqual([
      expect.arrayContaining(['later']),
      expect.arrayContaining(['newer']),
    ]);
    writeActor(actor());
    for (let reload = 0; reload < 2; reload += 1) await world.admin('POST', '/plugins/reload');
    for (const one of [id, newer]) expect(await world.replay(one)).toMatchObject(SAME);
  });

  test('is refused where one byte of that code was changed, and nothing writes it again', async () => {
    const { id } = await world.act('chance');
    const copy = await copyOf(id);
    await world.whileDown(() => writeActor(actor(), `${ACTOR}// replaced\n`));
    const changed = changeCode(copy, 'later', 'never');
    expect(await onHome('log', 'replay', id)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('PLUGIN_TAMPERED'),
    });
    await world.whileDown(() => {});
    expect((await onHome('log', 'replay', id)).code).toBe(4);
    changed.putBack();
    expect(await world.replay(id)).toMatchObject(SAME);
    await world.whileDown(() => writeActor(actor()));
  });

  test('is told with its digest where that code is gone, and runs once that version is found again', async () => {
    const { id } = await world.act('chance');
    const copy = await copyOf(id);
    await world.whileDown(() => {
      writeActor(actor(), `${ACTOR}// replaced once more\n`);
      chmodSync(copy, 0o755);
      rmSync(copy, { recursive: true });
    });
    expect(await world.replay(id)).toMatchObject({
      outcome: 'impossible',
      reason: expect.stringMatching(/actor 1\.0\.0, digest sha256:/),
    });
    await world.whileDown(() => writeActor(actor()));
    expect(await world.replay(id)).toMatchObject(SAME);
  });
});
