import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import { createTestProcesses, type TestProcesses } from '#test/sandbox/process/harness.ts';
import { type GuestHost, loadBundled, systemHost } from './bundled.ts';

let sandbox: TestProcesses;
let host: GuestHost;
let call: (name: string, args?: JsonObject) => Promise<unknown>;

/** The plugin with the real broker, given what its manifest asks, before the real sandbox. */
beforeAll(async () => {
  sandbox = await createTestProcesses();
  const bundled = await loadBundled('shell');
  const effects = { run: { run: sandbox.runtime.runSystemProgram } };
  const session = createBroker({ clock: systemClock, logger: silentLogger, effects }).open({
    ...{ plugin: 'shell', tool: 'shell__t', agent: 'ana' as never, invocation: 'i' },
    ...{ capabilities: bundled.manifest.capabilities ?? {}, hostCallsMax: LIMITS.hostCallsMax },
  });
  const signal = new AbortController().signal;
  host = {
    ...systemHost,
    run: async (program, args = [], options = {}) =>
      session.handle({ name: 'run', params: { ...options, program, args } }, signal),
  };
  call = (name, args = {}) => bundled.call(name, args, host);
});
afterAll(() => sandbox.close());

describe('a tool of shell', () => {
  test('gives what its program prints', async () => {
    expect(await call('date')).toEqual({
      output: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}Z\n$/),
      isCut: false,
    });
    expect(await call('system')).toEqual({ output: expect.stringMatching(/^Linux /), isCut: false });
    expect(await call('count', { text: 'one two\nthré\n' })).toEqual({ lines: 2, words: 3, characters: 13 });
    const sha256 = createHash('sha256').update('é').digest('hex');
    expect(await call('checksum', { text: 'é' })).toEqual({ sha256 });
    expect(await call('sort', { text: '10\n9\n' })).toEqual({ output: '10\n9\n', isCut: false });
    expect(await call('sort', { text: '10\n9\n', isNumeric: true })).toEqual({ output: '9\n10\n', isCut: false });
    expect(await call('search', { text: 'a.c\nabc\n', words: 'a.c' })).toEqual({ output: '1:a.c\n', isCut: false });
    expect(await call('search', { text: 'a', words: 'b' })).toEqual({ output: '', isCut: false });
  });

  test.each(['--file=/etc/hostname', '-f/etc/hostname', '; id', '$(id)', '`id`', 'a\nb', '--', '-'])(
    'looks for %j and does nothing else with it',
    async (words) => {
      const text = `${words.split('\n')[0]}\nanother\n`;
      expect(await call('search', { text, words })).toEqual({ output: expect.stringMatching(/^1:/), isCut: false });
    },
  );

  test('hands a text on however large it may be and whatever is in it', async () => {
    const text = '-\u0000é\n'.repeat(5_000);
    expect(await call('count', { text })).toMatchObject({ lines: 5_000 });
    await expect(call('count', { text: 'x'.repeat(30_001) })).rejects.toThrow('arguments');
  });
});

test.each([
  ['sort', ['--output=/tmp/x']],
  ['sort', ['--compress-program=id']],
  ['grep', ['-F', '-n', '/etc/passwd']],
  ['grep', ['-F', '-n', '--regexp=a', '/etc/passwd']],
  ['grep', ['-F', '-n', '-f/etc/passwd']],
  ['date', ['-u', '--file=/etc/passwd']],
  ['date', ['-s', '2000-01-01']],
  ['sh', ['-c', 'id']],
])('shell, were its code not its own, could not have %s run with %j', async (program, args) => {
  await expect(host.run?.(program, args)).rejects.toMatchObject({ code: 'CAPABILITY_DENIED' });
});
