import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { createOffThread, type OffThread, type OffThreadOptions } from '#base/off-thread.ts';

const ROOT = join(import.meta.dirname, '../..');
const OPTIONS: OffThreadOptions = {
  entry: new URL('./off-thread-entry.js', import.meta.url),
  runMsMax: 60_000,
  heapMiBMax: 64,
  waitingMax: 2,
  idleMs: 60_000,
};

const opened: OffThread[] = [];
function open(options: Partial<OffThreadOptions> = {}): OffThread {
  const thread = createOffThread({ ...OPTIONS, ...options });
  opened.push(thread);
  return thread;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((thread) => thread.close()));
});

/** Two numbers that both threads see. */
const sharedNumbers = () => new Int32Array(new SharedArrayBuffer(8));
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 1));
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (thrown: unknown) => (thrown instanceof SmcpError ? thrown.code : thrown),
  );
const double = (thread: OffThread) => thread.run({ deed: 'double', number: 21 });

describe('work off the thread', () => {
  test('is done, and gives back what it makes', async () => {
    expect(await double(open())).toEqual({ kind: 'done', value: 42 });
  });

  test('throws here what it refuses there', async () => {
    const error = await open()
      .run({ deed: 'refuse' })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SmcpError);
    expect(error).toMatchObject({ code: 'POLICY_INVALID', message: 'no', details: { remedy: 'mend it' } });
  });

  test('is given nothing of the environment and the flags of the process', async () => {
    const { value } = (await open().run({ deed: 'world' })) as { value: unknown };
    expect(process.env).not.toEqual({});
    expect(value).toMatchObject({ env: {}, execArgv: [] });
  });

  test('ends its thread when there is nothing to do, and gets another one', async () => {
    const thread = open({ idleMs: 1 });
    const threadId = async () =>
      ((await thread.run({ deed: 'world' })) as { value: { threadId: number } }).value.threadId;
    const first = await threadId();
    while ((await threadId()) === first) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await double(thread)).toMatchObject({ kind: 'done' });
  });
});

describe('work that goes wrong says so, and the next is done', () => {
  test.each([
    ['takes too long', { deed: 'count', shared: sharedNumbers() }, { runMsMax: 3_000 }, 'time'],
    ['takes too much memory', { deed: 'fill' }, {}, 'memory'],
    ['goes too deep', { deed: 'recurse' }, {}, 'memory'],
    ['ends its thread', { deed: 'exit' }, {}, 'thread'],
    ['has a bug', { deed: 'break' }, {}, 'thread'],
    ['can not be copied', { deed: () => undefined }, {}, 'thread'],
  ])('when it %s', async (_, task, options, why) => {
    const thread = open(options);
    expect(await thread.run(task)).toMatchObject({ kind: 'failed', why });
    // Its thread starts anew, and may need longer for that than the deadline on a busy machine.
    while ((await double(thread)).kind !== 'done') await turn();
  });

  test('when its thread does not start', async () => {
    const thread = open({ entry: new URL('./off-thread-broken.js', import.meta.url) });
    const outcome = await double(thread);
    expect(outcome).toMatchObject({ kind: 'failed', why: 'thread', cause: { message: 'it does not start' } });
    expect(await double(thread)).toMatchObject({ kind: 'failed', why: 'thread' });
  });

  test('when there is no such thread', async () => {
    const thread = open({ entry: new URL('./off-thread-nowhere.js', import.meta.url) });
    expect(await double(thread)).toMatchObject({ kind: 'failed', why: 'thread' });
  });
});

describe('while work is under way', () => {
  const begin = async () => {
    const thread = open();
    const shared = sharedNumbers();
    const running = thread.run<string>({ deed: 'wait', name: 'running', shared });
    while (Atomics.load(shared, 1) === 0) await turn();
    const release = () => {
      Atomics.store(shared, 0, 1);
      Atomics.notify(shared, 0);
    };
    return { thread, shared, running, release };
  };

  test('what is urgent goes before what waits, and what would wait as one too many is refused', async () => {
    const { thread, shared, running, release } = await begin();
    const ended: string[] = [];
    const wait = (name: string, isUrgent: boolean) =>
      thread.run({ deed: 'wait', name, shared }, { isUrgent }).then(() => ended.push(name));
    const waiting = [wait('first', false), wait('second', false)];
    expect(await codeOf(wait('third', false))).toBe('QUEUE_FULL');
    waiting.push(wait('urgent', true));
    release();
    expect(await running).toEqual({ kind: 'done', value: 'running' });
    await Promise.all(waiting);
    expect(ended).toEqual(['urgent', 'first', 'second']);
    expect(await double(thread)).toMatchObject({ kind: 'done' });
  });

  test('closing ends the thread, and all that runs, waits or comes later is rejected', async () => {
    const thread = open();
    const shared = sharedNumbers();
    const codes = [thread.run({ deed: 'count', shared }), double(thread)].map(codeOf);
    while (Atomics.load(shared, 0) === 0) await turn();
    await Promise.all([thread.close(), thread.close()]);
    const counted = Atomics.load(shared, 0);
    expect(await Promise.all([...codes, codeOf(double(thread))])).toEqual(Array(3).fill('SHUTTING_DOWN'));
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(Atomics.load(shared, 0)).toBe(counted);
  });
});

describe('stdout, which belongs to messages', () => {
  const outputWith = (entry: string) => {
    const script = `
      import { createOffThread } from '#base/off-thread.ts';
      const entry = new URL(${JSON.stringify(new URL(entry, import.meta.url).href)});
      const thread = createOffThread({ ...${JSON.stringify(OPTIONS)}, entry });
      const { value } = await thread.run({ deed: 'say' });
      await thread.close();
      process.exitCode = value === 'said' ? 0 : 1;`;
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    return { status, stdout };
  };

  test('gets nothing of what the thread writes', () => {
    expect(outputWith('./off-thread-entry.js')).toEqual({ status: 0, stdout: '' });
  });

  test('would get it otherwise', () => {
    expect(outputWith('./off-thread-loud.js')).toEqual({ status: 0, stdout: 'from console.log\n' });
  });
});
