// A world in which one tool asks a person, for the tests of calls that wait to be approved.

import { expect } from 'vitest';
import type { CallOutcome } from '#domain/invocation.ts';
import { createWorld } from './world.ts';

export type AskingWorld = ReturnType<typeof createWorld>;

export const TERMS = { ttlMs: 60_000, trustsClient: false, rule: 'deploys' };
export const admin = { kind: 'admin' } as const;

/** `write` asks; other tools don't. */
export function askingWorld(
  more: Partial<typeof TERMS & { waitMs: number }> = {},
  options?: Parameters<typeof createWorld>[0],
) {
  const world = createWorld(options);
  world.state.asks.set('p__write', { ...TERMS, ...more });
  return world;
}

export const codeOf = ({ answer }: CallOutcome) => (answer.kind === 'error' ? answer.error.code : answer.kind);
export const requests = ({ approvals }: AskingWorld) => approvals.list();
export const pending = async (world: AskingWorld, count = 1) => {
  await expect.poll(() => requests(world).filter(({ state }) => state === 'pending').length).toBe(count);
  const found = requests(world).findLast(({ state }) => state === 'pending');
  if (found === undefined) throw new Error('nothing waits');
  return found;
};
export const approve = async (world: AskingWorld) => {
  const { id, digest } = await pending(world);
  return world.approvals.approve(id, { digest, by: admin });
};
/** A call waits, and a person can see it. */
export const asking = async (world: AskingWorld) => {
  await expect.poll(() => world.dispatcher.calls().map(({ state }) => state)).toEqual(['asking']);
  await pending(world);
};
