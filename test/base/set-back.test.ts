import { beforeEach, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createSetBack, type SetBack } from '#base/set-back.ts';

const HOUR_MS = 3_600_000;

let wallMs: number;
let steadyMs: number;
let steps: number[];
let setBack: SetBack;

const pass = (ms: number) => {
  wallMs += ms;
  steadyMs += ms;
};

beforeEach(() => {
  wallMs = Date.parse('2026-11-22T10:00:00Z');
  steadyMs = 5_000.25;
  steps = [];
  setBack = createSetBack({ nowMs: () => wallMs, monotonicMs: () => steadyMs }, (stepMs) => void steps.push(stepMs));
});

test('a clock that goes on is never behind', () => {
  for (const ms of [0, 1, 17, 59_999, HOUR_MS]) {
    pass(ms);
    expect(setBack.behindMs()).toBe(0);
  }
  expect(steps).toEqual([]);
});

test('one that is set back stays behind by that, however long it goes on', () => {
  pass(HOUR_MS);
  wallMs -= 2 * HOUR_MS;
  expect(setBack.behindMs()).toBe(2 * HOUR_MS);
  pass(24 * HOUR_MS);
  expect(setBack.behindMs()).toBe(2 * HOUR_MS);
  expect(steps).toEqual([2 * HOUR_MS]);
});

test('until it is set forward again, by as much or more', () => {
  wallMs -= HOUR_MS;
  setBack.behindMs();
  wallMs += HOUR_MS / 2;
  expect(setBack.behindMs()).toBe(HOUR_MS / 2);
  wallMs += HOUR_MS;
  expect(setBack.behindMs()).toBe(0);
});

test('several steps back add up', () => {
  for (let n = 1; n <= 3; n++) {
    wallMs -= HOUR_MS;
    expect(setBack.behindMs()).toBe(n * HOUR_MS);
  }
});

test('a machine that slept, whose steady clock stood still, is not behind', () => {
  wallMs += 8 * HOUR_MS;
  expect(setBack.behindMs()).toBe(0);
});

test('a step smaller than one that counts is the keeping of time; one that counts is told', () => {
  wallMs -= LIMITS.clockSetBackMsMin - 1;
  expect(setBack.behindMs()).toBe(0);
  wallMs -= LIMITS.clockSetBackMsMin;
  expect(setBack.behindMs()).toBe(LIMITS.clockSetBackMsMin);
  // And once behind, the small ones count too.
  wallMs -= 10;
  expect(setBack.behindMs()).toBe(LIMITS.clockSetBackMsMin + 10);
  expect(steps).toEqual([LIMITS.clockSetBackMsMin]);
});
