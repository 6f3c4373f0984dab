import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { type LogFields, type Logger, silentLogger } from '#base/log.ts';
import { AVAILABLE_CAPABILITIES, createBroker } from '#broker/broker.ts';
import type { Capabilities } from '#domain/capability.ts';
import { isHostCallName } from '#domain/host-call.ts';
import type { Progress } from '#domain/invocation.ts';

/** Of one invocation in these tests. */
const HOST_CALLS = 200;

type Line = { readonly level: string; readonly message: string; readonly fields: LogFields };

function open(capabilities: Capabilities = {}, onProgress?: (progress: Progress) => void) {
  const lines: Line[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      lines.push({ level, message, fields });
    };
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } satisfies Logger;
  let nowMs = 1_000.75;
  const clock = { nowMs: () => nowMs++, monotonicMs: () => 0 } satisfies Clock;
  const randomBytes = (count: number) => new Uint8Array(count).fill(7);
  const session = createBroker({ clock, logger, randomBytes }).open({
    plugin: 'demo',
    tool: 'demo__it',
    agent: 'athena' as never,
    invocation: 'i-1',
    capabilities,
    hostCallsMax: HOST_CALLS,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const controller = new AbortController();
  const call = async (name: string, params: Json = null) => session.handle({ name, params }, controller.signal);
  return { call, controller, session, lines };
}

const rejected = (code: string) => expect.objectContaining({ code });
const ALL: Capabilities = { clock: true, random: true };

describe('a host call of an invocation that is being ended', () => {
  test('is refused, whatever it asks, and uses nothing', async () => {
    const { call, controller, session, lines } = open(ALL);
    expect(await call('now')).toBe(1_000);
    controller.abort();
    await expect(call('now')).rejects.toEqual(rejected('CANCELLED'));
    await expect(call('log', { level: 'info', message: 'still here' })).rejects.toEqual(rejected('CANCELLED'));
    expect(session.used()).toEqual([expect.objectContaining({ kind: 'clock', count: 1 })]);
    expect(lines).toEqual([]);
  });
});

describe('a host call with the capability it needs', () => {
  test('now is answered with whole milliseconds', async () => {
    const { call } = open({ clock: true });
    expect(await call('now')).toBe(1_000);
    expect(await call('now')).toBe(1_001);
  });

  test('random is answered with as many bytes as asked for, in base64', async () => {
    const { call } = open({ random: true });
    expect(await call('random', { bytes: 3 })).toBe('BwcH');
    const most = await call('random', { bytes: LIMITS.randomBytesMax });
    expect(Buffer.from(String(most), 'base64')).toHaveLength(LIMITS.randomBytesMax);
  });

  test('random comes from the system when nothing else is given', async () => {
    const session = createBroker({ clock: systemClock, logger: silentLogger }).open({
      plugin: 'p',
      tool: 'p__t',
      agent: 'a' as never,
      invocation: 'i',
      capabilities: ALL,
      hostCallsMax: HOST_CALLS,
    });
    const ask = async () => session.handle({ name: 'random', params: { bytes: 32 } }, new AbortController().signal);
    expect(await ask()).not.toBe(await ask());
  });

  test('asks for the time with null, as an isolate does, or with no params, as a program does', async () => {
    const { call } = open({ clock: true });
    expect([await call('now', {}), await call('now', null)]).toEqual([1_000, 1_001]);
  });

  test('has an effect for each kind that the product offers', async () => {
    const { call } = open(Object.fromEntries(AVAILABLE_CAPABILITIES.map((kind) => [kind, true])));
    const answers = [await call('now'), await call('random', { bytes: 1 })];
    expect(answers.map((answer) => typeof answer)).toEqual(['number', 'string']);
  });
});

describe('a host call without the capability it needs', () => {
  test.each([
    ['now', null, { random: true }],
    ['random', { bytes: 1 }, { clock: true }],
    ['now', null, {}],
  ] as const)('%s is denied, told in the log, and not counted', async (name, params, given) => {
    const { call, session, lines } = open(given);
    await expect(call(name, params)).rejects.toThrow(rejected('CAPABILITY_DENIED'));
    expect(session.used()).toEqual([]);
    expect(lines).toEqual([expect.objectContaining({ level: 'warn' })]);
  });

  test('is denied before its params are looked at', async () => {
    await expect(open().call('random', { bytes: -1 })).rejects.toThrow(rejected('CAPABILITY_DENIED'));
  });
});

describe('what is no host call', () => {
  test.each(['fetch ', 'toString', '__proto__', 'constructor', '', 'NOW', 'log '])('%j is refused', async (name) => {
    await expect(open(ALL).call(name)).rejects.toThrow(rejected('REQUEST_INVALID'));
  });

  test.each<[string, Json]>([
    ['now', { at: 1 }],
    ['now', 0],
    ['random', null],
    ['random', {}],
    ['random', { bytes: 0 }],
    ['random', { bytes: -1 }],
    ['random', { bytes: 1.5 }],
    ['random', { bytes: '8' }],
    ['random', { bytes: LIMITS.randomBytesMax + 1 }],
    ['random', { bytes: Number.NaN }],
    ['random', { bytes: 1, seed: 1 }],
    ['random', [1]],
    ['log', 'text'],
    ['log', { message: 'no level' }],
    ['log', { level: 'fatal', message: 'x' }],
    ['log', { level: 'toString', message: 'x' }],
    ['log', { level: 'info', message: { toString: 'x' } }],
    ['log', { level: 'info', message: 'x', fields: {} }],
    ['progress', {}],
    ['progress', { progress: '1' }],
    ['progress', { progress: Number.POSITIVE_INFINITY }],
    ['progress', { progress: Number.NaN }],
    ['progress', { progress: 1, total: null }],
    ['progress', { progress: 1, total: Number.NEGATIVE_INFINITY }],
    ['progress', { progress: 1, message: 7 }],
    ['progress', { progress: 1, extra: 1 }],
  ])('%s with %j is refused, with no effect', async (name, params) => {
    const told: Progress[] = [];
    const { call, session, lines } = open(ALL, (progress) => told.push(progress));
    await expect(call(name, params)).rejects.toThrow(rejected('REQUEST_INVALID'));
    expect([session.used(), lines, told]).toEqual([[], [], []]);
  });

  test('gets no other answer than a refusal, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.jsonValue(), async (name, params) => {
        fc.pre(!isHostCallName(name));
        await expect(open(ALL).call(name, params as Json)).rejects.toThrow(rejected('REQUEST_INVALID'));
      }),
    );
  });

  test('quotes nothing of the guest in its refusal', async () => {
    const thrown = await open(ALL)
      .call('random', { bytes: 'secret-argument' })
      .catch((error: Error) => error);
    expect(JSON.stringify(thrown) + String(thrown)).not.toContain('secret-argument');
  });
});

test('more host calls than the limit are refused, whatever they are', async () => {
  const { call } = open(ALL);
  for (let count = 0; count < HOST_CALLS; count++) await call('now').catch(() => {});
  await expect(call('now')).rejects.toThrow(rejected('HOST_CALLS_EXCEEDED'));
  await expect(call('log', { level: 'info', message: 'x' })).rejects.toThrow(rejected('HOST_CALLS_EXCEEDED'));
});

describe("a plugin's log line", () => {
  test('is a field of a line of ours, with who said it in which call', async () => {
    const { call, lines } = open();
    expect(await call('log', { level: 'error', message: 'no such place' })).toBeNull();
    expect(lines).toEqual([
      {
        level: 'error',
        message: 'plugin log',
        fields: { plugin: 'demo', tool: 'demo__it', agent: 'athena', invocation: 'i-1', text: 'no such place' },
      },
    ]);
  });

  test("can't move a cursor or fake another line, and is cut to its bound", async () => {
    const { call, lines } = open();
    await call('log', { level: 'info', message: '\u001b[2Jok\n{"level":"info"}' });
    await call('log', { level: 'info', message: 'x'.repeat(LIMITS.logMessageLengthMax + 5) });
    expect(lines[0]?.fields['text']).toBe('\\u{1b}[2Jok\\u{a}{"level":"info"}');
    expect(lines[1]?.fields['text']).toBe(`${'x'.repeat(LIMITS.logMessageLengthMax)}… (5 more)`);
  });

  test('is no use of a capability', async () => {
    const { call, session } = open(ALL);
    await call('log', { level: 'info', message: 'x' });
    await call('progress', { progress: 1 });
    expect(session.used()).toEqual([]);
  });
});

describe('progress', () => {
  test('reaches the caller with what it has', async () => {
    const told: Progress[] = [];
    const { call } = open({}, (progress) => told.push(progress));
    expect(await call('progress', { progress: 0.5 })).toBeNull();
    await call('progress', { progress: 1, total: 2, message: 'half\u0007' });
    expect(told).toEqual([{ progress: 0.5 }, { progress: 1, total: 2, message: 'half\\u{7}' }]);
  });

  test('that nobody listens to, or that a listener fails at, is no fault of the guest', async () => {
    expect(await open().call('progress', { progress: 1 })).toBeNull();
    const failing = open({}, () => {
      throw new Error('gone');
    });
    expect(await failing.call('progress', { progress: 1 })).toBeNull();
    expect(failing.lines[0]).toMatchObject({ level: 'warn', fields: { error: 'gone' } });
  });
});

describe('what was used', () => {
  const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

  test('is one line per kind and target, with counts, bytes and a transcript that can be made again', async () => {
    const { call, session } = open(ALL);
    await call('random', { bytes: 3 });
    await call('now');
    await call('random', { bytes: 1 });
    expect(session.used()).toEqual([
      { kind: 'clock', target: 'now', count: 1, bytes: 'null1000'.length, transcript: digest('null\n1000\n') },
      {
        kind: 'random',
        target: 'random',
        count: 2,
        bytes: '{"bytes":3}"BwcH"{"bytes":1}"Bw=="'.length,
        transcript: digest('{"bytes":3}\n"BwcH"\n{"bytes":1}\n"Bw=="\n'),
      },
    ]);
  });

  test('can be read again and again, also between calls', async () => {
    const { call, session } = open(ALL);
    expect(session.used()).toEqual([]);
    await call('now');
    expect(session.used()).toEqual(session.used());
    await call('now');
    expect(session.used()).toEqual([
      expect.objectContaining({ count: 2, transcript: digest('null\n1000\nnull\n1001\n') }),
    ]);
  });

  test('is kept apart for each session', async () => {
    const [one, other] = [open(ALL), open(ALL)];
    await one.call('now');
    expect(other.session.used()).toEqual([]);
  });
});
