// Who gets which of a warden's isolates.

import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createIsolateTable } from '#sandbox/host/isolate-table.ts';
import { agentName } from '#test/gateway/fakes.ts';

const [ANA, BEN, CAL] = ['ana', 'ben', 'cal'].map(agentName) as [
  ReturnType<typeof agentName>,
  ReturnType<typeof agentName>,
  ReturnType<typeof agentName>,
];

const enterTimes = (table: ReturnType<typeof createIsolateTable>, agent: typeof ANA, count: number) =>
  Array.from({ length: count }, () => table.enter(agent).isolate);

describe('an agent', () => {
  test('is alone as long as no call of another runs, whatever isolates others have', () => {
    const table = createIsolateTable(4);
    const of = table.enter(BEN).isolate;
    expect(table.isAlone(ANA)).toBe(false);
    expect(table.isAlone(BEN)).toBe(true);
    table.leave(of);
    table.enter(ANA);
    expect(table.isAlone(ANA)).toBe(true);
    expect(table.isAlone(BEN)).toBe(false);
  });

  test('keeps its isolate from call to call, and shares it with no other agent', () => {
    const table = createIsolateTable(4);
    const first = table.enter(ANA).isolate;
    table.leave(first);
    expect(table.enter(BEN).isolate).not.toBe(first);
    expect(table.enter(ANA)).toEqual({ isolate: first });
  });

  test('whose calls queue gets a second isolate and no third, and its calls go where fewer are', () => {
    const table = createIsolateTable(4);
    const entered = enterTimes(table, ANA, LIMITS.isolateCallsBusy * 4);
    expect(new Set(entered.slice(0, LIMITS.isolateCallsBusy)).size).toBe(1);
    expect(new Set(entered).size).toBe(LIMITS.isolatesPerAgentMax);
    const [first = 0, second = 0] = [...new Set(entered)];
    const countOf = (isolate: number) => entered.filter((one) => one === isolate).length;
    expect(countOf(first)).toBe(countOf(second));
  });

  test('gets no second one where that would take the last place from others', () => {
    const table = createIsolateTable(2);
    table.leave(table.enter(BEN).isolate);
    expect(new Set(enterTimes(table, ANA, LIMITS.isolateCallsBusy * 2)).size).toBe(1);
    expect(table.hasRoom(BEN)).toBe(true);
  });
});

describe('where every place is taken', () => {
  test('the isolate that has been idle longest goes', () => {
    const table = createIsolateTable(2);
    const ana = table.enter(ANA).isolate;
    const ben = table.enter(BEN).isolate;
    expect(table.hasRoom(CAL)).toBe(false);
    table.leave(ben);
    table.leave(ana);
    expect(table.enter(CAL)).toEqual({ isolate: expect.any(Number), dropped: ana });
    expect(table.has(ANA)).toBe(false);
  });
});
