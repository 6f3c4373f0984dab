// Several issuers: a token's own claim picks one, and none can speak with the voice of another, or for agents that are not its own.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createIssuers } from '#identity/oauth/issuers.ts';
import { agent } from '#test/identity/world.ts';
import { AUDIENCE, handMade, makeKey, openIssuer, type TestIssuer } from './issuer-server.ts';
import { createSide, type SideOptions } from './world.ts';

let work: TestIssuer;
let home: TestIssuer;
beforeEach(async () => {
  [work, home] = [await openIssuer(), await openIssuer()];
});
afterEach(async () => {
  await work.close();
  await home.close();
});

function both(ofWork: SideOptions = {}, ofHome: SideOptions = {}) {
  const [workSide, homeSide] = [createSide(work, ofWork), createSide(home, ofHome)];
  const joined = createIssuers(
    new Map([
      [work.url, workSide],
      [home.url, homeSide],
    ]),
    workSide.logger,
  );
  return {
    ...{ joined, workSide, homeSide },
    agentOf: async (token: string) => {
      const principal = await joined.authenticate(token);
      return principal?.kind === 'agent' ? principal.agent : undefined;
    },
  };
}

describe('a token', () => {
  test('is held against the issuer that it names, and against none other', async () => {
    const { agentOf } = both();
    expect(await agentOf(await work.sign())).toBe('athena');
    expect(await agentOf(await home.sign({ client_id: 'hermes' }))).toBe('hermes');
    // Both have a key of this id: which of them is tried, the claim alone decides.
    expect(work.first.kid).toBe(home.first.kid);
    expect(await agentOf(await work.sign({ iss: home.url }))).toBeUndefined();
    expect(await agentOf(await home.sign({ iss: work.url }))).toBeUndefined();
  });

  test('has the audience, the claim, the scopes and the algorithms of its own issuer', async () => {
    const { agentOf } = both(
      { agentClaim: 'azp', audience: 'https://work.example', requiredScopes: ['w'], algorithms: ['ES256'] },
      { algorithms: ['RS256'] },
    );
    const good = { azp: 'athena', aud: 'https://work.example', scope: 'w' };
    expect(await agentOf(await work.sign(good))).toBe('athena');
    expect(await agentOf(await work.sign({ ...good, aud: AUDIENCE }))).toBeUndefined();
    expect(await agentOf(await work.sign({ ...good, azp: undefined }))).toBeUndefined();
    await expect(agentOf(await work.sign({ ...good, scope: undefined }))).rejects.toMatchObject({
      code: 'INSUFFICIENT_SCOPE',
    });
    expect(await agentOf(await home.sign())).toBeUndefined();
    const rsa = await makeKey('rsa', 'RS256');
    home.state.keys = [rsa.jwk];
    expect(await both({}, { algorithms: ['RS256'] }).agentOf(await home.sign({}, { key: rsa }))).toBe('athena');
  });

  test.each<[string, unknown]>([
    ['an issuer that is not taken', 'https://elsewhere.example'],
    ['no issuer', undefined],
    ['a list of both', ['WORK', 'HOME']],
    ['the name of a property of every object', '__proto__'],
  ])('that names %s is nobody, and no issuer is asked', async (_, iss) => {
    const { agentOf } = both();
    const named = Array.isArray(iss) ? [work.url, home.url] : iss;
    expect(await agentOf(await work.sign({ iss: named }))).toBeUndefined();
    expect([work.state.asked, home.state.asked]).toEqual([0, 0]);
  });

  test('that names two issuers, one after the other, is nobody', async () => {
    const { agentOf } = both();
    const claims = { iss: home.url, aud: AUDIENCE, sub: 'u', client_id: 'athena' };
    const [header, , signature] = handMade({ alg: 'ES256', typ: 'at+jwt', kid: 'first' }, claims, 'AAAA').split('.');
    const twice = `{"iss":${JSON.stringify(work.url)},${JSON.stringify(claims).slice(1)}`;
    expect(await agentOf(`${header}.${Buffer.from(twice).toString('base64url')}.${signature}`)).toBeUndefined();
    expect([work.state.asked, home.state.asked]).toEqual([0, 0]);
  });

  test('ends by what its own issuer does, and by nothing of the other', async () => {
    const { joined, workSide, homeSide } = both();
    const [ofWork, ofHome] = [
      await joined.authenticate(await work.sign()),
      await joined.authenticate(await home.sign()),
    ];
    if (ofWork === undefined || ofHome === undefined) throw new Error('refused');
    homeSide.time.nowMs += 3_600_000;
    expect(joined.stillHolds(ofWork)).toBe(true);
    expect(joined.stillHolds(ofHome)).toBe(false);
    workSide.time.nowMs += 3_600_000;
    expect(joined.stillHolds(ofWork)).toBe(false);
  });
});

describe('an issuer speaks', () => {
  test('for the agents of its patterns only, however good its signature is', async () => {
    const { agentOf, workSide } = both({ speaksFor: ['herm*'] }, { speaksFor: ['athena'] });
    expect(await agentOf(await work.sign({ client_id: 'hermes' }))).toBe('hermes');
    expect(await agentOf(await work.sign({ client_id: 'athena' }))).toBeUndefined();
    expect(workSide.why()).toContain('may not speak for');
    expect(await agentOf(await home.sign({ client_id: 'athena' }))).toBe('athena');
    expect(await agentOf(await home.sign({ client_id: 'hermes' }))).toBeUndefined();
  });

  test.each<[string, readonly string[] | undefined, string | undefined]>([
    ['by default', undefined, undefined],
    ['for a star', ['*'], undefined],
    ['for a wide pattern', ['ath*'], undefined],
    ['for its very name', ['hermes', 'athena'], 'athena'],
  ])('for an agent that administers, %s: %s %s', async (_, speaksFor, expected) => {
    const side = createSide(work, speaksFor === undefined ? {} : { speaksFor });
    side.administering.add(agent('athena'));
    expect(await side.agentOf(await work.sign())).toBe(expected);
    // The control: the same pattern and an agent that only uses tools.
    side.administering.clear();
    expect(await side.agentOf(await work.sign({ jti: 'j2' }))).toBe('athena');
  });

  test('for an agent no more once that agent may administer', async () => {
    const side = createSide(work, { speaksFor: ['*'] });
    const token = await work.sign();
    const principal = await side.authenticate(token);
    if (principal === undefined) throw new Error('refused');
    expect(side.stillHolds(principal)).toBe(true);
    side.administering.add(agent('athena'));
    expect(side.stillHolds(principal)).toBe(false);
    expect(await side.agentOf(token)).toBeUndefined();
  });
});
