// A log that a server won't start on: people are told before the start fails, since nothing runs after it that could.

import type { Clock } from '#base/clock.ts';
import { asSmcpError } from '#base/errors.ts';
import { uuidv7 } from '#base/ids.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { NoticeChannel } from '#domain/notify-ports.ts';
import type { MetaStore } from '#domain/store-ports.ts';
import { verificationNotice } from './texts.ts';

export type BrokenLogPorts = {
  readonly meta: MetaStore;
  readonly channels: () => readonly NoticeChannel[];
  readonly clock: Clock;
  readonly logger: Logger;
};

const TOLD = 'notify.log.broken';

/**
 * What `open` resolves with. Where it finds a log that is not what was signed, each target that wants to know is told by one try, at most
 * once in `LIMITS.notifyBrokenLogMs`, so that a server which is started again and again floods nobody. @throws what `open` throws
 */
export async function tellingOfBrokenLog<Log>(ports: BrokenLogPorts, open: () => Promise<Log>): Promise<Log> {
  try {
    return await open();
  } catch (thrown) {
    const { code, message } = asSmcpError(thrown);
    if (code === 'LOG_TAMPERED' || code === 'LOG_BEHIND') {
      await tell(ports, message).catch((failure: unknown) => {
        ports.logger.error('nobody was told of the log', { error: String(failure) });
      });
    }
    throw thrown;
  }
}

async function tell({ meta, channels, clock, logger }: BrokenLogPorts, why: string): Promise<void> {
  const nowMs = clock.nowMs();
  const toldMs = Number(meta.get(TOLD) ?? Number.NEGATIVE_INFINITY);
  if (nowMs >= toldMs && nowMs - toldMs < LIMITS.notifyBrokenLogMs) return;
  meta.put(TOLD, String(nowMs));
  const notice = verificationNotice(`The server does not start: ${why}`);
  const signal = AbortSignal.timeout(LIMITS.notifyMsMax);
  const wanting = channels().filter(({ kinds }) => kinds.includes('verification'));
  await Promise.all(
    wanting.map(async (channel) => {
      const result = await channel.deliver({ id: uuidv7(nowMs), notice }, signal);
      if (result.kind !== 'taken') logger.warn('nobody was told', { target: channel.name, why: result.why });
    }),
  );
}
