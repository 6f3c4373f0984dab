import { describe, expect, test } from 'vitest';
import { createOperationRunner } from '#operations/runner.ts';
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
