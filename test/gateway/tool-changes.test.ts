import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { LIMITS } from '#base/limits.ts';
import { createListeners } from '#base/listeners.ts';
import { createToolChanges } from '#gateway/tool-changes.ts';
import { ATHENA, fakeCatalog, fakePolicy, fakeTool, HERMES, TOOLS } from './fakes.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function createWorld() {
  const [catalog, policy] = [fakeCatalog(), fakePolicy()];
  const told: string[] = [];
  const changes = createToolChanges({ catalog, policy, clock: systemClock });
  const watch = (agent = ATHENA, name: string = agent) => changes.watch(agent, () => void told.push(name));
  /** Lets the delay pass, and every agent be looked at. */
  const settle = () => {
    vi.advanceTimersByTime(LIMITS.toolChangeDelayMs);
    vi.runAllTimers();
  };
  return { catalog, policy, told, watch, settle };
}

describe('who watches', () => {
  test('is told once of changes that come close together', () => {
    const { catalog, policy, told, watch, settle } = createWorld();
    watch();
    policy.grant(ATHENA, new Set(['demo__text']));
    catalog.replace([...TOOLS, fakeTool('more')]);
    policy.grant(ATHENA, new Set(['demo__more']));
    expect(told).toEqual([]);
    settle();
    expect(told).toEqual(['athena']);
  });

  test('is told of another schema under the same name, not of the same list again', () => {
    const { catalog, told, watch, settle } = createWorld();
    watch();
    const [first, ...rest] = TOOLS;
    catalog.replace([fakeTool(first?.localName ?? '', { schemaDigest: sha256('another') }), ...rest]);
    settle();
    expect(told).toEqual(['athena']);
    catalog.replace([fakeTool(first?.localName ?? '', { schemaDigest: sha256('another') }), ...rest]);
    settle();
    expect(told).toEqual(['athena']);
  });

  test('is not told of tools that its agent does not see, nor of the grants of others', () => {
    const { catalog, policy, told, watch, settle } = createWorld();
    watch(HERMES);
    watch(ATHENA);
    catalog.replace([...TOOLS, fakeTool('forbidden', { name: 'other__tool' })]);
    settle();
    expect(told).toEqual([]);
    policy.grant(ATHENA, new Set());
    settle();
    expect(told).toEqual(['athena']);
  });

  test('is not told of a change that was taken back before it could be', () => {
    const { policy, told, watch, settle } = createWorld();
    watch();
    policy.grant(ATHENA, new Set());
    policy.grant(ATHENA, 'demo');
    settle();
    expect(told).toEqual([]);
  });

  test('is told though another one leaves meanwhile, and not once it has left itself', () => {
    const { policy, told, watch, settle } = createWorld();
    const leave = watch(ATHENA, 'first');
    watch(ATHENA, 'second');
    policy.grant(ATHENA, new Set());
    leave();
    leave();
    settle();
    expect(told).toEqual(['second']);
  });

  test('compares with the list at the time it began', () => {
    const { policy, told, watch, settle } = createWorld();
    policy.grant(ATHENA, new Set());
    watch();
    settle();
    expect(told).toEqual([]);
  });
});

test('nobody listens to policy or catalog, and no timer runs, while nobody watches', () => {
  const { onChange, tell } = createListeners();
  let listeners = 0;
  const counted = (listener: () => void) => {
    listeners += 1;
    const leave = onChange(listener);
    return () => {
      listeners -= 1;
      leave();
    };
  };
  const ports = { catalog: { ...fakeCatalog(), onChange: counted }, policy: { ...fakePolicy(), onChange: counted } };
  const changes = createToolChanges({ ...ports, clock: systemClock });
  expect(listeners).toBe(0);
  const leaves = [changes.watch(ATHENA, () => {}), changes.watch(ATHENA, () => {}), changes.watch(HERMES, () => {})];
  expect(listeners).toBe(2);
  tell();
  expect(vi.getTimerCount()).toBe(1);
  for (const leave of leaves) leave();
  expect([listeners, vi.getTimerCount()]).toEqual([0, 0]);
});
