// Tokens of ours that were exchanged for an issuer's: they are good as long as the issuer stands behind that one, and no restart changes that.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { Principal } from '#domain/agent.ts';
import { joinAuthenticators } from '#identity/authenticators.ts';
import { createTokenAuthority } from '#identity/tokens.ts';
import { makeKey, openIssuer, type TestIssuer } from './oauth/issuer-server.ts';
import { createSide, type SideOptions } from './oauth/world.ts';
import { ADMIN, agent, memoryStore, signedBy } from './world.ts';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await openIssuer();
});
afterEach(() => issuer.close());

/** Doors over one store; each opening knows nothing but what was kept. */
function openDoors({ store, rows } = memoryStore(), options: SideOptions = {}) {
  const side = createSide(issuer, options);
  const clock = { nowMs: () => side.time.nowMs, monotonicMs: () => side.time.steadyMs };
  const authority = createTokenAuthority({ store, clock, adminToken: ADMIN });
  const doors = joinAuthenticators(authority, side);
  const exchange = async (token: string): Promise<string> => {
    const principal = await doors.authenticate(token);
    if (principal?.kind !== 'agent') throw new Error('refused');
    const wish = { scopes: [], mayStillAct: () => doors.stillHolds(principal), record: async () => {} };
    return (await authority.exchange(principal, wish)).token;
  };
  const shown = async (token: string): Promise<Principal> => {
    const principal = await doors.authenticate(token);
    if (principal === undefined) throw new Error('refused');
    return principal;
  };
  return { side, authority, doors, exchange, shown, kept: { store, rows, state: { fails: false } } };
}

/** The issuer takes its only key back, and enough time passes for that to be seen. */
async function withdrawKey({ side }: ReturnType<typeof openDoors>): Promise<void> {
  issuer.state.keys = [(await makeKey('second')).jwk];
  side.time.steadyMs += LIMITS.issuerKeysFreshMs;
  side.time.nowMs += LIMITS.issuerKeysFreshMs;
}

const anHour = () => issuer.sign({ exp: Math.floor(Date.now() / 1000) + 3_600 });

describe('when the issuer takes its key back', () => {
  test('what was exchanged for its token ends with it, two below as well, and what was issued here does not', async () => {
    const world = openDoors();
    const below = await world.exchange(await anHour());
    const twoBelow = await world.exchange(below);
    const { token: own } = world.authority.issue(agent('athena'), {});
    const principals = await Promise.all([below, twoBelow, own].map(world.shown));
    let told = 0;
    world.doors.onChange(() => {
      told += 1;
    });
    await withdrawKey(world);
    // The first who comes has the keys fetched, and is held against them.
    expect(await world.doors.authenticate(below)).toBeUndefined();
    expect(told).toBe(1);
    expect(principals.map(world.doors.stillHolds)).toEqual([false, false, true]);
    expect(await world.doors.authenticate(below)).toBeUndefined();
    expect(await world.doors.authenticate(twoBelow)).toBeUndefined();
    expect(await world.doors.authenticate(own)).toBeDefined();
    // The control: without the issuer's word, as it was before, the token itself is good.
    expect(world.authority.authenticate(below)).toBeDefined();
  });

  test('who only holds a session open has it found out, too', async () => {
    const world = openDoors();
    const principal = await world.shown(await world.exchange(await anHour()));
    await withdrawKey(world);
    expect(world.doors.stillHolds(principal)).toBe(true);
    await expect.poll(() => world.doors.stillHolds(principal)).toBe(false);
  });

  test('after a restart the keys are asked for before it is believed', async () => {
    const first = openDoors();
    const below = await first.exchange(await anHour());
    const again = openDoors(first.kept);
    expect(await again.doors.authenticate(below)).toMatchObject({ agent: 'athena' });
    issuer.state.keys = [(await makeKey('second')).jwk];
    expect(await openDoors(first.kept).doors.authenticate(below)).toBeUndefined();
  });
});

describe('when the issuer puts another key under the same id', () => {
  test('what was exchanged for a token of the first one ends, over a restart too', async () => {
    const first = openDoors();
    const below = await first.exchange(await anHour());
    // The control: the same key, asked for anew.
    expect(await openDoors(first.kept).doors.authenticate(below)).toMatchObject({ agent: 'athena' });
    issuer.state.keys = [(await makeKey(issuer.first.kid)).jwk];
    first.side.time.steadyMs += LIMITS.issuerKeysFreshMs;
    expect(await first.doors.authenticate(below)).toBeUndefined();
    expect(await openDoors(first.kept).doors.authenticate(below)).toBeUndefined();
  });
});

describe('what nobody vouches for', () => {
  test('is no token while the issuer can not be reached, and is one again after that', async () => {
    const first = openDoors();
    const below = await first.exchange(await anHour());
    const again = openDoors(first.kept);
    issuer.state.answer = (response) => void response.writeHead(503).end();
    expect(await again.doors.authenticate(below)).toBeUndefined();
    issuer.state.answer = undefined;
    again.side.time.steadyMs += LIMITS.issuerRetryMs;
    expect(await again.doors.authenticate(below)).toBeDefined();
  });

  test('is no token where the issuer may not speak for the agent any more, or is another one', async () => {
    const first = openDoors();
    const below = await first.exchange(await anHour());
    expect(await openDoors(first.kept, { speaksFor: ['athena'] }).doors.authenticate(below)).toBeDefined();
    expect(await openDoors(first.kept, { speaksFor: ['hermes'] }).doors.authenticate(below)).toBeUndefined();
  });

  test('is no token where it is not kept who vouched, or where a person issued it and an issuer is said to have', async () => {
    const { store, rows } = memoryStore();
    const world = openDoors({ store, rows, state: { fails: false } });
    const below = await world.exchange(await anHour());
    const ofOwn = await world.exchange(world.authority.issue(agent('athena'), {}).token);
    for (const row of rows.values()) {
      if (row.rights === undefined || row.rights === 'broken') continue;
      const { signedBy: kept, ...rights } = row.rights;
      rows.set(row.id, { ...row, rights: kept === undefined ? { ...rights, signedBy: signedBy() } : rights });
    }
    const again = openDoors({ store, rows, state: { fails: false } });
    expect(await again.doors.authenticate(below)).toBeUndefined();
    expect(await again.doors.authenticate(ofOwn)).toBeUndefined();
  });
});
