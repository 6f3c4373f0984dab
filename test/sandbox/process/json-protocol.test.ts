import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { recordingHandler } from '#test/sandbox/harness.ts';
import { codeOf, createTestProcesses, type TestProcesses } from './harness.ts';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(() => sandbox.close());

const CALL =
  'def call(id, name, params={}, wait=True):\n    host.write(json.dumps({"id": id, "call": name, "params": params}).encode() + b"\\n")\n    return json.loads(lines.readline()) if wait else None\n';

const json = (source: string) =>
  sandbox.plugin(
    `import json, os, sys\nrequest = json.load(sys.stdin)\nhost = open(3, "r+b", buffering=0)\nlines = open(3, "rb", closefd=False)\n` +
      `${CALL}${source}`,
    { protocol: 'json' },
  );

/** How many answers the kernel takes, the last in part, for a program that never reads: a bound that machines set differently. */
async function answersKernelTakes(answer: string): Promise<number> {
  const child = spawn('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const gone = once(child, 'exit');
  try {
    const channel = child.stdio[3] as Writable;
    channel.on('error', () => {});
    let taken = 0;
    for (; channel.writableLength === 0; taken += 1) channel.write(answer);
    return taken;
  } finally {
    child.kill('SIGKILL');
    await gone;
  }
}

describe('a program of the protocol json', () => {
  test('gets its request on stdin and answers on stdout', async () => {
    const plugin = json('print(json.dumps({"result": request}))');
    const outcome = await sandbox.call(plugin, { tool: 'sum', args: { a: 1, b: [null, 'x'] } });
    expect(JSON.parse(outcome.kind === 'returned' ? outcome.resultJson : '')).toEqual({
      ...{ protocol: 1, tool: 'sum', invocation: 'test', arguments: { a: 1, b: [null, 'x'] } },
    });
  });

  test('makes host calls on descriptor 3', async () => {
    const { calls, handler } = recordingHandler({ now: 42 });
    const plugin = json(
      'call(0, "log", {"message": "hi"}, False)\nprint(json.dumps({"result": [call(1, "now"), call(2, "now")]}))',
    );
    const outcome = await sandbox.call(plugin, { capabilities: { clock: true }, onHostCall: handler });
    expect(outcome).toMatchObject({
      resultJson: JSON.stringify([
        { id: 1, ok: true, value: 42 },
        { id: 2, ok: true, value: 42 },
      ]),
    });
    expect(calls.map(({ name }) => name)).toEqual(['log', 'now', 'now']);
  });

  test('is refused what it was not granted, before the handler is asked', async () => {
    const { calls, handler } = recordingHandler();
    const plugin = json(
      'print(json.dumps({"result": [call(1, "now")["error"]["code"], call(2, "__proto__")["error"]["code"]]}))',
    );
    const outcome = await sandbox.call(plugin, { onHostCall: handler });
    expect(outcome).toMatchObject({ resultJson: '["CAPABILITY_DENIED","REQUEST_INVALID"]' });
    expect(calls).toEqual([]);
  });

  test('gets the error of a host call', async () => {
    const plugin = json('print(json.dumps({"result": call(1, "now")["error"]}))');
    const onHostCall = () => {
      throw new SmcpError('CAPABILITY_DENIED', 'not now');
    };
    const outcome = await sandbox.call(plugin, { capabilities: { clock: true }, onHostCall });
    expect(outcome).toMatchObject({ resultJson: '{"code":"CAPABILITY_DENIED","message":"not now"}' });
  });

  test('ends with the refusal of a host call that it names, and with no other code', async () => {
    const plugin = json(
      'call(3, "now")\nprint(json.dumps({"error": {"message": "mine", "hostCall": request["arguments"]["call"]}}))',
    );
    const ending = async (call: Json, onHostCall?: () => never) =>
      sandbox.call(plugin, { args: { call }, ...(onHostCall && { onHostCall, capabilities: { clock: true } }) });
    expect(await ending(3)).toMatchObject({
      error: { code: 'CAPABILITY_DENIED', details: { capability: 'clock', asked: 'now', remedy: expect.any(String) } },
    });
    for (const call of [1, 4, '3', null, { code: 'DENIED' }]) {
      expect(await ending(call)).toMatchObject({ error: { code: 'TOOL_FAILED', message: 'mine' } });
    }
    const tooLong = () => {
      throw new SmcpError('NOT_FOUND', 'x'.repeat(LIMITS.hostRefusalBytesKeptMax));
    };
    expect(await ending(3, tooLong)).toMatchObject({ error: { code: 'TOOL_FAILED', message: 'mine' } });
  });

  test('may be a shell script', async () => {
    const source =
      'read -r request\nprintf \'{"id":1,"call":"now"}\\n\' >&3\nread -r answer <&3\nprintf \'{"result":%s}\' "$answer"';
    const plugin = sandbox.plugin({ 'run.sh': source }, { protocol: 'json', command: ['bash', '--norc', 'run.sh'] });
    const outcome = await sandbox.call(plugin, { capabilities: { clock: true }, onHostCall: () => 7 });
    expect(outcome).toMatchObject({ resultJson: '{"id":1,"ok":true,"value":7}' });
  });

  test.each([
    [
      'fails in its own words',
      'print(json.dumps({"error": {"message": "no such thing"}}))',
      'TOOL_FAILED',
      'no such thing',
    ],
    ['fails with a code', 'print(json.dumps({"error": "bad"}))\nsys.exit(2)', 'TOOL_FAILED', 'bad'],
    [
      'says a result but exits with a code',
      'print(json.dumps({"result": 1}))\nsys.exit(2)',
      'TOOL_FAILED',
      'exit code 2',
    ],
    ['says nothing', '', 'RESULT_INVALID', 'one JSON object'],
    ['says no JSON', 'print("hello")', 'RESULT_INVALID', 'one JSON object'],
    ['says two answers', 'print(json.dumps({"result": 1}) * 2)', 'RESULT_INVALID', 'one JSON object'],
    ['says an array', 'print("[1]")', 'RESULT_INVALID', 'one JSON object'],
    ['nests without end', 'print("[" * 900)', 'RESULT_INVALID', 'one JSON object'],
    ['answers too much', 'print(json.dumps({"result": "x" * 2000}))', 'OUTPUT_TOO_LARGE', 'larger than 1000'],
    ['raises', 'raise ValueError("odd")', 'TOOL_FAILED', 'exit code 1'],
  ])('that %s ends with its code', async (_, source, code, message) => {
    const outcome = await sandbox.call(json(source), { limits: { outputBytes: 1000 } });
    expect(outcome).toMatchObject({ error: { code, message: expect.stringContaining(message) } });
  });

  test('that does not read its request ends all the same', async () => {
    const plugin = sandbox.plugin('print(\'{"result": 1}\')', { protocol: 'json' });
    expect(codeOf(await sandbox.call(plugin, { args: { big: 'x'.repeat(400_000) } }))).toBe('returned');
  });
});

describe('a program that abuses its host calls is ended', () => {
  const abuse = (source: string, limits = {}) =>
    sandbox.call(json(`${source}\nimport time\ntime.sleep(60)`), { limits, capabilities: { clock: true } });

  test.each([
    ['no JSON', 'host.write(b"hello\\n")'],
    ['no object', 'host.write(b"[]\\n")'],
    ['no id', 'host.write(b\'{"call":"now"}\\n\')'],
    ['an id that was used', 'call(5, "now")\ncall(5, "now")'],
    ['an id below one that was used', 'call(5, "now")\ncall(4, "now")'],
    ['an id below zero', 'call(-1, "now", {}, False)'],
    ['an id that is no number', 'host.write(b\'{"id":"1","call":"now"}\\n\')'],
    ['an id beyond numbers', 'host.write(b\'{"id":1e300,"call":"now"}\\n\')'],
    ['a name that is no text', 'host.write(b\'{"id":1,"call":{}}\\n\')'],
    ['more than a call has', 'host.write(b\'{"id":1,"call":"now","more":1}\\n\')'],
    ['a line without an end', `host.write(b"x" * ${LIMITS.hostCallBytesMax + 1000})`],
    ['parameters beyond their bound', `call(1, "now", {"x": "y" * ${LIMITS.hostCallBytesMax}}, False)`],
    [
      'parameters that nest without end',
      'host.write(b\'{"id":1,"call":"now","params":\' + b"[" * 1000 + b"]" * 1000 + b"}\\n")',
    ],
  ])('that says %s', async (_, source) => {
    expect(await abuse(source)).toMatchObject({
      error: { code: 'PLUGIN_CRASHED', message: 'broke the protocol of host calls' },
    });
  });

  test('that makes more than it may', async () => {
    const outcome = await abuse('for n in range(1, 20): call(n, "now")', { hostCalls: 10 });
    expect(codeOf(outcome)).toBe('HOST_CALLS_EXCEEDED');
  });

  test('that sends more bytes than it may', async () => {
    const outcome = await abuse('for n in range(200): call(0, "log", {"m": "x" * 60000}, False)');
    expect(codeOf(outcome)).toBe('PLUGIN_CRASHED');
  });

  describe('that asks without end', () => {
    const ANSWER = 'y'.repeat(60_000);
    /** Begun before their size is known; answered and held by the host, the last over its bound; taken by the kernel. */
    const begunMax = async () =>
      LIMITS.hostCallsUnderWayMax +
      Math.ceil(LIMITS.hostAnswersWaitingBytesMax / ANSWER.length) +
      (await answersKernelTakes(ANSWER));
    const asking = async (source: string, timeoutMs: number) => {
      let asked = 0;
      const onHostCall = () => {
        asked += 1;
        return ANSWER;
      };
      const outcome = await sandbox.call(json(source), {
        ...{ onHostCall, capabilities: { clock: true }, limits: { timeoutMs } },
      });
      return { outcome, asked };
    };

    test('and never reads its answers: ends at its deadline, and few calls of it are begun, also by its end', async () => {
      const source = 'import time\nfor n in range(1, 5000): call(n, "now", {}, False)\ntime.sleep(600)';
      const { outcome, asked } = await asking(source, 2_000);
      expect(codeOf(outcome)).toBe('TIMEOUT');
      expect(asked).toBeLessThanOrEqual(await begunMax());
    });

    test('and reads them: all of its calls are begun, many more than of one that does not', async () => {
      const count = 4 * (await begunMax());
      const source = `for n in range(1, ${count} + 1): call(n, "now")\nprint(json.dumps({"result": "all"}))`;
      const { outcome, asked } = await asking(source, LIMITS.timeoutMsMax);
      expect(outcome).toMatchObject({ resultJson: '"all"' });
      expect(asked).toBe(count);
    });
  });

  test.each([
    ['while its calls are answered by nobody', 'for n in range(1, 4000): call(n, "now", {"x": "y" * 500}, False)'],
    ['and writes on after what is no call', 'host.write(b"hello\\n")\nwhile True: host.write(b"y" * 60000)'],
  ])('%s, and nothing of it stays', async (_, source) => {
    const own = await createTestProcesses();
    try {
      const files = {
        'cli.py': `host = open(3, "r+b", buffering=0)\nimport json, time\n${CALL}${source}\ntime.sleep(60)`,
      };
      const plugin = own.plugin(files, { protocol: 'json' });
      const limits = { timeoutMs: 1_000 };
      const onHostCall = () => new Promise<never>(() => {});
      const outcome = await own.call(plugin, { onHostCall, limits, capabilities: { clock: true } });
      expect(['TIMEOUT', 'PLUGIN_CRASHED']).toContain(codeOf(outcome));
    } finally {
      // Waits for all of it.
      await own.close();
    }
  });
});
