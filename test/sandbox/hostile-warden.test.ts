// A warden that is not ours any more: whatever it sends, the host lives, ends it, and its calls end PLUGIN_CRASHED.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { codeOf, createTestSandbox, FAR, fakeConfinement, isAlive } from './harness.ts';

const HELPERS = `
const net = require('node:net');
const socket = new net.Socket({ fd: 3 });
const frame = (header, body = '') => {
  const h = Buffer.from(JSON.stringify(header)); const b = Buffer.from(body);
  const out = Buffer.alloc(6 + h.length + b.length);
  out.writeUInt32BE(2 + h.length + b.length, 0); out.writeUInt16BE(h.length, 4); h.copy(out, 6); b.copy(out, 6 + h.length);
  return out;
};
const say = (header, body) => socket.write(frame(header, body));
const end = (id, body = '1', more = {}) => say({ t: 'end', id, code: 'RETURNED', cpuUs: 1, heapBytes: 1, ...more }, body);
const ready = () => say({ t: 'ready', isolatedVm: '7.0.1' });
socket.on('error', () => process.exit());
socket.on('end', () => process.exit());
`;

/** Runs a fake warden in place of ours. It is told of each run frame as \`onRun(id)\`. */
function withFakeWarden(script: string) {
  const sandbox = createTestSandbox({ confinement: fakeConfinement(() => [process.execPath, file]) });
  const file = join(sandbox.root, 'fake.cjs');
  writeFileSync(
    file,
    `${HELPERS}
let pending = Buffer.alloc(0);
socket.on('data', (chunk) => {
  pending = Buffer.concat([pending, chunk]);
  while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
    const size = pending.readUInt32BE(0);
    const header = JSON.parse(pending.subarray(6, 6 + pending.readUInt16BE(4)).toString());
    pending = pending.subarray(4 + size);
    if (header.t === 'run') onRun(header.id);
  }
});
${script}`,
  );
  return { sandbox, plugin: sandbox.plugin('export const tools = {};') };
}

const open: { close: () => Promise<void> }[] = [];
afterAll(() => Promise.all(open.map((sandbox) => sandbox.close())));

describe('a warden that lies', () => {
  test.each([
    ['a frame of a type that is not there', 'ready(); const onRun = () => say({ t: "grant", id: 1 });'],
    ['a header that is no object', 'ready(); const onRun = () => socket.write(frame([1]));'],
    ['a header that is no JSON', 'ready(); const onRun = () => socket.write(Buffer.from([0, 0, 0, 3, 0, 1, 120]));'],
    [
      'a header longer than its frame',
      'ready(); const onRun = () => socket.write(Buffer.from([0, 0, 0, 3, 255, 255, 120]));',
    ],
    ['an empty frame', 'ready(); const onRun = () => socket.write(Buffer.alloc(4));'],
    ['a prefix of 1 GB', 'ready(); const onRun = () => socket.write(Buffer.from([0x40, 0, 0, 0]));'],
    ['a prefix of 4 GB', 'ready(); const onRun = () => socket.write(Buffer.from([255, 255, 255, 255]));'],
    [
      'bytes that are no UTF-8',
      'ready(); const onRun = () => socket.write(Buffer.from([0, 0, 0, 4, 0, 2, 0xff, 0xfe]));',
    ],
    ['HTTP', 'ready(); const onRun = () => socket.write("GET / HTTP/1.1\\r\\n\\r\\n");'],
    ['an id that was never given', 'ready(); const onRun = (id) => end(id + 1);'],
    ['an id of another shape', 'ready(); const onRun = () => end("1");'],
    ['a negative id', 'ready(); const onRun = () => end(-1);'],
    ['an ending with a code of its own', 'ready(); const onRun = (id) => end(id, "1", { code: "GRANTED" });'],
    ['an ending with more keys', 'ready(); const onRun = (id) => end(id, "1", { extra: 1 });'],
    ['a cancellation that nobody asked for', 'ready(); const onRun = (id) => end(id, "1", { code: "CANCELLED" });'],
    ['figures that are no numbers', 'ready(); const onRun = (id) => end(id, "1", { cpuUs: null });'],
    ['ready twice', 'ready(); const onRun = () => ready();'],
    ['an ending before it is ready', 'end(1); const onRun = () => {};'],
    [
      'a host call of no call',
      'ready(); const onRun = (id) => say({ t: "call", id: id + 5, call: 1, name: "now" }, "null");',
    ],
    [
      'a host call number twice',
      'ready(); const onRun = (id) => { for (let i = 0; i < 2; i += 1) say({ t: "call", id, call: 1, name: "log" }, "null"); };',
    ],
    ['a host call with no JSON', 'ready(); const onRun = (id) => say({ t: "call", id, call: 1, name: "log" }, "{");'],
    [
      'a host call of nested brackets',
      'ready(); const onRun = (id) => say({ t: "call", id, call: 1, name: "log" }, "[".repeat(60000));',
    ],
    [
      'more host calls than the limit',
      'ready(); const onRun = (id) => { for (let i = 1; i < 20000; i += 1) say({ t: "call", id, call: 0, name: "log" }, "null"); };',
    ],
    [
      'a stuck call of no call',
      'ready(); const onRun = (id) => say({ t: "stuck", id: id + 1, code: "CPU_EXCEEDED" });',
    ],
    ['the end of its process', 'ready(); const onRun = () => process.exit(0);'],
    ['the end of its channel', 'ready(); const onRun = () => socket.end();'],
  ])('%s: is ended and its calls with it', async (_what, script) => {
    const { sandbox, plugin } = withFakeWarden(script);
    open.push(sandbox);
    expect(codeOf(await sandbox.call(plugin, 'go'))).toBe('PLUGIN_CRASHED');
  });

  test('a lie costs a call of another agent nothing but a second try, and says that its effect is unknown', async () => {
    const { sandbox, plugin } = withFakeWarden(
      'ready(); let runs = 0; const onRun = (id) => { runs += 1; if (runs === 2) say({ t: "grant", id }); };',
    );
    open.push(sandbox);
    const both = await Promise.all([
      sandbox.call(plugin, 'go', { agent: 'ana' }),
      sandbox.call(plugin, 'go', { agent: 'ben' }),
    ]);
    expect(both.map(({ kind }) => kind)).toEqual(['lost', 'lost']);
    const { sandbox: alone, plugin: own } = withFakeWarden('ready(); const onRun = (id) => say({ t: "grant", id });');
    open.push(alone);
    expect(await alone.call(own, 'go')).toMatchObject({ kind: 'failed', effect: 'unknown' });
  });

  test.each([
    ['its process ended', 'ready(); const onRun = () => process.exit(0);', 'unknown'],
    ['it was killed at the deadline', 'ready(); const onRun = () => {};', 'unknown'],
    ['it never started', 'process.exit(1);', 'known'],
    ['it said how the call failed', 'ready(); const onRun = (id) => end(id, "{}", { code: "TOOL_FAILED" });', 'known'],
    [
      'it said so while a host call was under way',
      'ready(); const onRun = (id) => { say({ t: "call", id, call: 1, name: "now" }, "null"); end(id, "{}", { code: "TOOL_FAILED" }); };',
      'unknown',
    ],
  ])('what is known of the effect when %s', async (_what, script, effect) => {
    const { sandbox, plugin } = withFakeWarden(script);
    open.push(sandbox);
    const ended = (timeoutMs: number = FAR.timeoutMs) =>
      sandbox.call(plugin, 'go', {
        ...{ capabilities: { clock: true }, limits: { timeoutMs } },
        onHostCall: () => new Promise(() => {}),
      });
    if (!script.endsWith('onRun = () => {};')) return expect(await ended()).toMatchObject({ kind: 'failed', effect });
    // A deadline that comes before the process is ready comes before any effect.
    let outcome = await ended(1_000);
    for (let timeoutMs = 2_000; 'effect' in outcome && outcome.effect === 'known'; timeoutMs *= 2)
      outcome = await ended(timeoutMs);
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'TIMEOUT' }, effect });
  });

  test('a server that stops tells a running call so, with its effect unknown', async () => {
    const { sandbox, plugin } = withFakeWarden(
      'ready(); const onRun = (id) => say({ t: "call", id, call: 1, name: "log" }, "null");',
    );
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const running = sandbox.call(plugin, 'go', {
      onHostCall: () => {
        resolve();
        return null;
      },
    });
    await begun;
    await sandbox.close();
    expect(await running).toMatchObject({ kind: 'failed', effect: 'unknown', error: { code: 'INTERRUPTED' } });
  });

  test('two results: the first counts, then the process is ended', async () => {
    const { sandbox, plugin } = withFakeWarden(
      'ready(); const result = (id) => frame({ t: "end", id, code: "RETURNED", cpuUs: 1, heapBytes: 1 }, String(process.pid)); const onRun = (id) => socket.write(Buffer.concat([result(id), result(id)]));',
    );
    open.push(sandbox);
    const first = Number(await sandbox.value(plugin, 'go'));
    const second = Number(await sandbox.value(plugin, 'go'));
    expect(second).not.toBe(first);
    await expect.poll(() => isAlive(first)).toBe(false);
  });

  test('one result: the process serves the next call too', async () => {
    const { sandbox, plugin } = withFakeWarden('ready(); const onRun = (id) => end(id, String(process.pid));');
    open.push(sandbox);
    expect(await sandbox.value(plugin, 'go')).toBe(await sandbox.value(plugin, 'go'));
  });

  test.each([
    ['no JSON', '"{"', 'RESULT_INVALID'],
    ['JSON and more', '"1 2"', 'RESULT_INVALID'],
    ['nested brackets', '"[".repeat(1e6)', 'RESULT_INVALID'],
    ['nothing', '""', 'RESULT_INVALID'],
    ['more than the limit', '"1".repeat(1.5e6)', 'OUTPUT_TOO_LARGE'],
    ['line breaks and frames inside of a text', `'"a\\\\r\\\\n\\\\u0000"'`, 'returned'],
  ])('a result of %s', async (_what, body, code) => {
    const { sandbox, plugin } = withFakeWarden(`ready(); const onRun = (id) => end(id, ${body});`);
    open.push(sandbox);
    expect(codeOf(await sandbox.call(plugin, 'go'))).toBe(code);
  });

  test('a host call that it forges is refused without the capability, whatever the guest may', async () => {
    const { sandbox, plugin } = withFakeWarden(
      'ready(); const onRun = (id) => { say({ t: "call", id, call: 1, name: "now" }, "null"); say({ t: "call", id, call: 2, name: "__proto__" }, "null"); setTimeout(() => end(id), 100); };',
    );
    open.push(sandbox);
    const asked: string[] = [];
    const outcome = await sandbox.call(plugin, 'go', {
      onHostCall: ({ name }) => {
        asked.push(name);
        return 1;
      },
    });
    expect([codeOf(outcome), asked]).toEqual(['returned', []]);
  });

  test('silence ends at the deadline', async () => {
    const { sandbox, plugin } = withFakeWarden('ready(); const onRun = () => {};');
    open.push(sandbox);
    expect(codeOf(await sandbox.call(plugin, 'go', { limits: { timeoutMs: 1_000 } }))).toBe('TIMEOUT');
  });

  test.each([
    [
      'in large writes',
      'const print = () => { for (let i = 0; i < 200; i += 1) process.stderr.write("x".repeat(65536)); };',
      'PLUGIN_CRASHED',
    ],
    [
      'byte by byte',
      'const print = () => { const step = () => { process.stdout.write("x"); setImmediate(step); }; step(); };',
      'PLUGIN_CRASHED',
    ],
    ['of a few lines', 'const print = () => process.stderr.write("x".repeat(1000));', 'returned'],
  ])('output %s', async (_what, print, code) => {
    const { sandbox, plugin } = withFakeWarden(
      `${print} ready(); const onRun = (id) => { print(); setTimeout(() => end(id), ${code === 'returned' ? 0 : 200_000}); };`,
    );
    open.push(sandbox);
    expect(codeOf(await sandbox.call(plugin, 'go'))).toBe(code);
  });

  const after = (act: string) =>
    `ready(); const onRun = (id) => { end(id, String(process.pid)); setTimeout(() => { ${act} }, 20); };`;
  test.each([
    [
      'prints without end',
      after('setInterval(() => { for (let i = 0; i < 50; i += 1) process.stderr.write("x"); }, 1);'),
      false,
    ],
    [
      'drips the bytes of a frame',
      after('socket.write(Buffer.from([0, 32, 0, 0])); setInterval(() => socket.write("x"), 1);'),
      false,
    ],
    ['keeps quiet', after(''), true],
  ])('one without a call that %s lives on: %s', async (_what, script, livesOn) => {
    const { sandbox, plugin } = withFakeWarden(script);
    open.push(sandbox);
    const pid = Number(await sandbox.value(plugin, 'go'));
    if (livesOn) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(isAlive(pid)).toBe(true);
    } else {
      await expect.poll(() => isAlive(pid)).toBe(false);
    }
  });

  test.each([
    ['more', 80, 'PLUGIN_CRASHED'],
    ['no more', 60, 'returned'],
  ])('host calls of %s bytes in all than one call may have', async (_what, count, code) => {
    const { sandbox, plugin } = withFakeWarden(
      `ready(); const onRun = (id) => { for (let i = 0; i < ${count}; i += 1) say({ t: "call", id, call: 0, name: "log" }, JSON.stringify("x".repeat(65000))); end(id); };`,
    );
    open.push(sandbox);
    expect(codeOf(await sandbox.call(plugin, 'go'))).toBe(code);
  });

  test('one that does not start is not started again and again', async () => {
    const { sandbox, plugin } = withFakeWarden('process.exit(1);');
    open.push(sandbox);
    expect(codeOf(await sandbox.call(plugin, 'go'))).toBe('PLUGIN_CRASHED');
    const second = await sandbox.call(plugin, 'go');
    expect(second).toMatchObject({
      kind: 'failed',
      error: { code: 'PLUGIN_CRASHED', details: { retryAfterMs: expect.any(Number) } },
    });
  });

  test('a program that is not there', async () => {
    const sandbox = createTestSandbox({ confinement: fakeConfinement(() => ['/nonexistent/node']) });
    open.push(sandbox);
    expect(codeOf(await sandbox.call(sandbox.plugin('export const tools = {};'), 'go'))).toBe('PLUGIN_CRASHED');
  });
});
