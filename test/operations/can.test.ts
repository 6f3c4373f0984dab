import { describe, expect, test } from 'vitest';
import type { TokenRow } from '#domain/agent.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { ana } from './fake-policy.ts';
import { createWorld, operation, person } from './world.ts';

describe('can', () => {
  const can = async (world: ReturnType<typeof createWorld>, agent: string, tool: string) =>
    createOperationRunner(world.services)(operation('can'), { agent, tool }, person);

  test('says allow for what is granted, and deny for what is not', async () => {
    const world = createWorld();
    expect(await can(world, 'ana', 'paint__wall')).toMatchObject({ decision: 'allow', rule: 'granted', remedy: null });
    expect(await can(world, 'ana', 'smcp__status')).toMatchObject({ decision: 'deny', rule: 'default-deny' });
    expect(await can(world, 'ana', 'paint__roof')).toMatchObject({
      reason: expect.stringContaining('no tool has this name'),
    });
  });

  test.each([
    [{ kind: 'all' }, 'smcp unfreeze'],
    [{ kind: 'agent', name: 'ana' }, 'smcp unfreeze --agent ana'],
    [{ kind: 'plugin', name: 'paint' }, 'smcp unfreeze --plugin paint'],
    [{ kind: 'writes' }, 'smcp unfreeze --writes'],
  ] as const)('says deny by the rule `frozen` under a freeze of %j', async (scope, remedy) => {
    const world = createWorld();
    world.services.freezes.freeze(scope, 'admin');
    expect(await can(world, 'ana', 'paint__wall')).toMatchObject({
      decision: 'deny',
      rule: 'frozen',
      remedy: `a person lifts it with: ${remedy}`,
    });
    expect(operation('can').saysNo?.(await can(world, 'ana', 'paint__wall'))).toBe(true);
  });

  test('says that a freeze of another agent or plugin stops nothing here', async () => {
    const world = createWorld();
    world.services.freezes.freeze({ kind: 'agent', name: 'bea' }, 'admin');
    world.services.freezes.freeze({ kind: 'plugin', name: 'other' }, 'admin');
    expect(await can(world, 'ana', 'paint__wall')).toMatchObject({ decision: 'allow' });
  });

  test('says what is left to people, although it is granted', async () => {
    expect(await can(createWorld(), 'bea', 'smcp__unfreeze')).toMatchObject({
      decision: 'deny',
      rule: 'person-needed',
      remedy: 'a person does it with: smcp unfreeze',
    });
  });
});

describe('can, with a token', () => {
  const ask = (world: ReturnType<typeof createWorld>, input: object) =>
    createOperationRunner(world.services)(operation('can'), { agent: 'ana', tool: 'paint__wall', ...input }, person);
  const tokenWith = (world: ReturnType<typeof createWorld>, scopes: readonly string[]) => {
    const { id } = world.services.tokens.issue(ana, {});
    const rows = world.services.tokens.list() as TokenRow[];
    const index = rows.findIndex((row) => row.id === id);
    rows[index] = { ...(rows[index] as TokenRow), rights: { scopes: [scopes], onBehalfOf: [], actors: [] } };
    return id;
  };

  test('says what its scopes leave out, and what they leave', async () => {
    const world = createWorld();
    const [narrow, wide] = [tokenWith(world, ['tools:paint__roof']), tokenWith(world, ['tools:paint__*'])];
    expect(await ask(world, { token: narrow })).toMatchObject({ decision: 'deny', rule: 'token-scope' });
    expect(await ask(world, { token: wide })).toMatchObject({ decision: 'allow' });
    expect(await ask(world, {})).toMatchObject({ decision: 'allow' });
  });

  test('of another agent, or that is not there, is an error', async () => {
    const world = createWorld();
    const id = tokenWith(world, []);
    await expect(ask(world, { agent: 'bea', token: id })).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
    await expect(ask(world, { token: 'none' })).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
  });
});
