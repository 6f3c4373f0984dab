// When a pool replaces a warden that has served its calls. Wardens here are models: what they run is not of interest.

import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { RunRequest } from '#domain/sandbox-ports.ts';
import type { Warden } from '#sandbox/host/warden.ts';
import { createWardenPool } from '#sandbox/host/warden-pool.ts';
import { agentName } from '#test/gateway/fakes.ts';

const RETURNED: RunOutcome = { kind: 'returned', resultJson: '1', usage: { cpuMs: 0, wallMs: 0, heapBytesPeak: 0 } };
const request = { agent: agentName('ana') } as RunRequest;

function world({ roomFor }: { readonly roomFor: number }) {
  const wardens: { calls: number; isClosed: boolean }[] = [];
  let started = 0;
  const pool = createWardenPool({
    clock: systemClock,
    makeRoom: () => {
      if (started >= roomFor) throw new SmcpError('QUEUE_FULL', 'no room');
    },
    startWarden: ({ onCallEnded }) => {
      started += 1;
      const state = { calls: 0, isClosed: false };
      wardens.push(state);
      let running = 0;
      const gone = Promise.withResolvers<Awaited<Warden['ended']>>();
      return {
        isAlive: () => !state.isClosed,
        runningCount: () => running,
        hasRoom: () => true,
        hasIsolate: () => true,
        run: async (asked) => {
          state.calls += 1;
          running += 1;
          await new Promise(setImmediate);
          running -= 1;
          onCallEnded(asked.agent);
          return RETURNED;
        },
        check: () => {},
        close: async () => {
          state.isClosed = true;
          gone.resolve({ exit: { exitCode: null, signal: 'SIGKILL', tail: '' }, startError: undefined });
        },
        ended: gone.promise,
      } satisfies Warden;
    },
  });
  const call = (count: number) => Promise.all(Array.from({ length: count }, () => pool.run(request)));
  return { pool, wardens, call };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('a warden that has served its calls', () => {
  test('takes no more: the next call starts another one, and it ends when nothing runs in it', async () => {
    const { wardens, call } = world({ roomFor: 9 });
    await call(LIMITS.wardenCallsMax);
    await settled();
    expect(wardens).toEqual([{ calls: LIMITS.wardenCallsMax, isClosed: true }]);
    await call(3);
    expect(wardens[1]).toEqual({ calls: 3, isClosed: false });
  });

  test('lets what runs in it end, beside its successor', async () => {
    const { wardens, call } = world({ roomFor: 9 });
    const all = call(LIMITS.wardenCallsMax + 5);
    expect(wardens).toEqual([
      { calls: LIMITS.wardenCallsMax, isClosed: false },
      { calls: 5, isClosed: false },
    ]);
    expect(new Set((await all).map(({ kind }) => kind))).toEqual(new Set(['returned']));
    await settled();
    expect(wardens.map(({ isClosed }) => isClosed)).toEqual([true, false]);
  });

  test('goes on where there is no room for another', async () => {
    const { wardens, call } = world({ roomFor: 1 });
    const all = await call(LIMITS.wardenCallsMax + 5);
    expect(all).toHaveLength(LIMITS.wardenCallsMax + 5);
    expect(wardens).toMatchObject([{ calls: LIMITS.wardenCallsMax + 5 }]);
  });
});
