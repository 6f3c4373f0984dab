import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import { createSessionRoom, type Place } from '#gateway/session-room.ts';
import { ATHENA, agentName, HERMES } from './fakes.ts';

let nowMs = 0;
beforeEach(() => {
  nowMs = 1;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function createWorld() {
  const room = createSessionRoom({ clock: { nowMs: () => nowMs, monotonicMs: () => nowMs } });
  const ended: string[] = [];
  const invalid = new Set<string>();
  const enter = (name: string, agent: AgentName = ATHENA): Place => {
    const end = () => {
      ended.push(name);
      place.leave();
    };
    const place = room.enter({ agent, isValid: () => !invalid.has(name), end });
    return place;
  };
  const fill = (agent: AgentName, prefix: string = agent) =>
    Array.from({ length: LIMITS.sessionsPerAgentMax }, (_, index) => enter(`${prefix}${index}`, agent));
  return { room, ended, invalid, enter, fill };
}

const refused = expect.objectContaining({ code: 'SESSION_LIMIT' });

describe('at its bound', () => {
  test('an agent is refused while all of its own are in use, however many rest that are others', () => {
    const { ended, enter, fill } = createWorld();
    enter('theirs', HERMES).setResting(true);
    fill(ATHENA);
    expect(() => enter('one more')).toThrow(refused);
    expect(ended).toEqual([]);
  });

  test("an agent's own that rests longest makes way, and one that was used again in between does not", () => {
    const { ended, enter, fill } = createWorld();
    const [first, second, third] = fill(ATHENA);
    for (const place of [first, second, third]) place?.setResting(true);
    first?.setResting(false);
    first?.setResting(true);
    enter('x');
    enter('y');
    expect(ended).toEqual(['athena1', 'athena2']);
    enter('z');
    expect(() => enter('one more')).toThrow(refused);
    expect(ended).toEqual(['athena1', 'athena2', 'athena0']);
  });

  test('the room as a whole takes from whoever rests longest, but from the one that asks first', () => {
    const { ended, enter, fill } = createWorld();
    const agents = Array.from({ length: LIMITS.sessionsMax / LIMITS.sessionsPerAgentMax - 1 }, (_, n) => `a${n}`);
    for (const name of agents) fill(agentName(name));
    const mixed = Array.from({ length: LIMITS.sessionsPerAgentMax }, (_, index) =>
      enter(`m${index}`, index % 2 === 0 ? ATHENA : HERMES),
    );
    expect(() => enter('one more', HERMES)).toThrow(refused);
    for (const place of mixed.slice(0, 4)) place.setResting(true);
    enter('x', HERMES);
    enter('y', agentName('newcomer'));
    expect(ended).toEqual(['m1', 'm0']);
  });

  test('a place that was given back twice is free once', () => {
    const { enter, fill } = createWorld();
    const [first] = fill(ATHENA);
    first?.leave();
    first?.leave();
    enter('x');
    expect(() => enter('one more')).toThrow(refused);
  });

  test('one that left does not rest any more', () => {
    const { ended, enter, fill } = createWorld();
    const [first] = fill(ATHENA);
    first?.leave();
    first?.setResting(true);
    enter('x');
    expect(() => enter('one more')).toThrow(refused);
    expect(ended).toEqual([]);
  });
});

describe('those that rest', () => {
  test('are ended after sessionIdleMsMax, those in use never', () => {
    const { ended, enter } = createWorld();
    enter('used');
    enter('resting').setResting(true);
    nowMs += LIMITS.sessionIdleMsMax - 1;
    vi.advanceTimersByTime(LIMITS.sessionSweepMs);
    expect(ended).toEqual([]);
    nowMs += 1;
    vi.advanceTimersByTime(LIMITS.sessionSweepMs);
    expect(ended).toEqual(['resting']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('are ended when their token no longer holds, though nobody told', () => {
    const { ended, invalid, enter } = createWorld();
    for (const name of ['a', 'b']) enter(name).setResting(true);
    invalid.add('a');
    vi.advanceTimersByTime(LIMITS.sessionSweepMs);
    expect(ended).toEqual(['a']);
  });

  test('need a timer only while there are any', () => {
    const { enter } = createWorld();
    const place = enter('a');
    expect(vi.getTimerCount()).toBe(0);
    place.setResting(true);
    expect(vi.getTimerCount()).toBe(1);
    place.setResting(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test('whose token no longer holds are ended when the door is told, used or not', () => {
  const { room, ended, invalid, enter } = createWorld();
  enter('used');
  enter('resting').setResting(true);
  enter('other', HERMES);
  invalid.add('used').add('resting');
  room.endInvalid();
  expect(ended).toEqual(['used', 'resting']);
});

test('a closed room takes nobody, and has ended all of its guests', () => {
  const { room, ended, enter } = createWorld();
  enter('a');
  room.closeStreams();
  expect(() => enter('b')).toThrow(expect.objectContaining({ code: 'SHUTTING_DOWN' }));
  room.close();
  expect(ended).toEqual(['a']);
});
