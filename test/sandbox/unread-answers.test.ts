// A guest that asks for more than it reads: what waits for it in the host.

import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { type AnswerHostCall, RunningCall } from '#sandbox/host/running-call.ts';
import { agent, TEST_LIMITS } from './harness.ts';

const ANSWER = 'x'.repeat(250 * 1024);
const turns = () => new Promise((resolve) => setTimeout(resolve, 20));

/** A call whose handler answers when it is told to; `begun`: how often it was called. */
function asking() {
  const open: ((value: string) => void)[] = [];
  let begun = 0;
  const call = new RunningCall(
    {
      ...{ tool: { localName: 't' }, agent: agent('a'), args: {}, argsJson: '{}', limits: TEST_LIMITS },
      capabilities: { store: { bytesMax: 1 } },
      signal: new AbortController().signal,
      onHostCall: ({ name }: { readonly name: string }) => {
        if (name === 'log') return Promise.resolve(null);
        begun += 1;
        return new Promise((resolve) => open.push(resolve));
      },
    } as never,
    { id: 1, isolate: 1, clock: systemClock },
  );
  const ask = (count: number, answer: AnswerHostCall, name = 'store.get') => {
    for (let number = 1; number <= count; number += 1) {
      expect(call.takeHostCall({ t: 'call', id: 1, call: number, name }, '{"key":"a"}', answer)).toBe(true);
    }
  };
  const answerAll = () => {
    for (const resolve of open.splice(0)) resolve(ANSWER);
  };
  return { call, ask, answerAll, begun: () => begun };
}

describe('host calls of which nobody takes the answers', () => {
  test('are begun up to a number, and no more when the answers are there', async () => {
    const { ask, answerAll, begun } = asking();
    ask(2_000, () => undefined);
    expect(begun()).toBe(LIMITS.hostCallsUnderWayMax);
    for (let round = 0; round < 5; round += 1) {
      answerAll();
      await turns();
    }
    // Those that were under way: their size can't be known before.
    expect(begun()).toBe(LIMITS.hostCallsUnderWayMax);
  });

  test('would all be begun, and their answers held, by a host that takes what it wrote for read', async () => {
    const { ask, answerAll, begun } = asking();
    ask(2_000, (_call, _ok, _body, left) => left());
    for (let round = 0; begun() < 2_000 && round < 100; round += 1) {
      answerAll();
      await turns();
    }
    expect(begun()).toBe(2_000);
  });

  test('go on when the answers have left, each once and in order', async () => {
    const { ask, answerAll } = asking();
    const answered: number[] = [];
    const unread: (() => void)[] = [];
    ask(200, (number, _ok, _body, left) => {
      answered.push(number);
      unread.push(left);
    });
    for (let round = 0; answered.length < 200 && round < 100; round += 1) {
      answerAll();
      await turns();
      for (const left of unread.splice(0)) left();
    }
    expect(answered).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
  });

  test('are never begun once the call is over', async () => {
    const { call, ask, answerAll, begun } = asking();
    ask(200, (_call, _ok, _body, left) => left());
    call.settle({ kind: 'lost', usage: call.usage(0, 0) });
    answerAll();
    await turns();
    expect(begun()).toBe(LIMITS.hostCallsUnderWayMax);
  });

  test('are never begun when they come after the call is over', () => {
    const { call, ask, begun } = asking();
    call.settle({ kind: 'lost', usage: call.usage(0, 0) });
    ask(10, (_call, _ok, _body, left) => left());
    expect(begun()).toBe(0);
  });
});
