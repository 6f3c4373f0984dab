// A server that does not start on its log: people are told, and the start fails as it would have.

import { describe, expect, test } from 'vitest';
import { tellingOfBrokenLog } from '#app/notices/broken-log.ts';
import { type ErrorCode, SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import type { NoticeChannel } from '#domain/notify-ports.ts';
import { createMetaStore } from '#store/state-stores.ts';
import { createFakeTarget, createOutboxWorld, DOWN, TAKEN } from '#test/notify/world.ts';

function createStart(...channels: readonly NoticeChannel[]) {
  const { database, time } = createOutboxWorld();
  const ports = { meta: createMetaStore(database), clock: time.clock, logger: silentLogger, channels: () => channels };
  const start = (code: ErrorCode = 'LOG_TAMPERED') =>
    tellingOfBrokenLog(ports, () => Promise.reject(new SmcpError(code, 'record 3 was changed')));
  return { start, time, ports };
}

describe('a start on a log that is not what was signed', () => {
  test('tells every target that wants to know, and fails', async () => {
    const target = createFakeTarget('t', () => TAKEN);
    const other = createFakeTarget('other', () => TAKEN);
    const { start } = createStart(target.channel, { ...other.channel, kinds: ['loop'] });
    await expect(start()).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
    expect(target.tries.map(({ notice }) => notice)).toMatchObject([
      { kind: 'verification', lines: ['The server does not start: record 3 was changed', expect.any(String)] },
    ]);
    expect(other.tries).toEqual([]);
  });

  test('again and again tells once in a while', async () => {
    const target = createFakeTarget('t', () => TAKEN);
    const { start, time } = createStart(target.channel);
    for (let n = 0; n < 5; n += 1) await expect(start('LOG_BEHIND')).rejects.toThrow();
    expect(target.tries).toHaveLength(1);
    time.pass(LIMITS.notifyBrokenLogMs);
    await expect(start()).rejects.toThrow();
    expect(target.tries).toHaveLength(2);
  });

  test('fails as such also where nobody can be told', async () => {
    const { start, ports } = createStart(createFakeTarget('t', () => DOWN).channel);
    await expect(start()).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
    const broken = {
      ...ports,
      channels: () => {
        throw new SmcpError('HOME_UNSAFE', 'the key');
      },
    };
    const open = () => Promise.reject(new SmcpError('LOG_TAMPERED', 'm'));
    await expect(tellingOfBrokenLog(broken, open)).rejects.toMatchObject({ code: 'LOG_TAMPERED' });
  });
});

test('a start that fails for another reason tells nobody, and one that succeeds neither', async () => {
  const target = createFakeTarget('t', () => TAKEN);
  const { start, ports } = createStart(target.channel);
  await expect(start('LOG_UNAVAILABLE')).rejects.toThrow();
  expect(await tellingOfBrokenLog(ports, async () => 'log')).toBe('log');
  expect(target.tries).toEqual([]);
});
