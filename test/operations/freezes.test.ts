import { describe, expect, test } from 'vitest';
import { createOperationRunner } from '#operations/runner.ts';
import type { ana } from './fake-policy.ts';
import { createWorld, operation, person } from './world.ts';

describe('a freeze', () => {
  test.each([
    [{}, { scope: 'all', name: null }],
    [{ agent: 'ana' }, { scope: 'agent', name: 'ana' }],
    [{ plugin: 'paint' }, { scope: 'plugin', name: 'paint' }],
    [{ writes: true }, { scope: 'writes', name: null }],
    [{ writes: false }, { scope: 'all', name: null }],
  ])('of %j ends the calls that run, and says who froze', async (input, view) => {
    const world = createWorld();
    const call = world.startCall();
    const frozen = await createOperationRunner(world.services)(operation('freeze'), input, person);
    expect(frozen).toMatchObject({ ...view, by: 'admin' });
    expect((await call).answer).toMatchObject({ error: { code: 'FROZEN' } });
    expect(world.drafts.find(({ kind }) => kind === 'admin')).toBeDefined();
  });

  test('stops although its record can not be written, and says that it did', async () => {
    const world = createWorld();
    world.state.isDiskFull = true;
    await expect(createOperationRunner(world.services)(operation('freeze'), {}, person)).rejects.toMatchObject({
      code: 'LOG_UNAVAILABLE',
      details: { isDone: true },
    });
    expect(world.services.freezes.list()).toHaveLength(1);
    expect(world.did).toContain('enforce');
  });

  test('that can not be kept still ends what runs', async () => {
    const world = createWorld();
    const freeze = () => {
      throw new Error('disk');
    };
    const services = { ...world.services, freezes: { ...world.services.freezes, freeze } };
    await expect(createOperationRunner(services)(operation('freeze'), {}, person)).rejects.toThrow('disk');
    expect(world.did).toContain('enforce');
  });

  test('of an agent that only a token knows is taken: it may have left the policy', async () => {
    const { services } = createWorld();
    services.tokens.issue('old' as typeof ana, {});
    await createOperationRunner(services)(operation('freeze'), { agent: 'old' }, person);
    expect(services.freezes.list()).toMatchObject([{ scope: { kind: 'agent', name: 'old' } }]);
  });

  test('is lifted by its scope, or all of them when none is named', async () => {
    const { services } = createWorld();
    const run = createOperationRunner(services);
    for (const input of [{}, { writes: true }, { agent: 'ana' }, { plugin: 'paint' }]) {
      await run(operation('freeze'), input, person);
    }
    expect(await run(operation('unfreeze'), { agent: 'ana' }, person)).toMatchObject({
      lifted: [{ scope: 'agent', name: 'ana' }],
      freezes: [{ scope: 'all' }, { scope: 'writes' }, { scope: 'plugin' }],
    });
    expect(await run(operation('unfreeze'), { agent: 'ana' }, person)).toMatchObject({ lifted: [] });
    expect(await run(operation('unfreeze'), {}, person)).toMatchObject({
      lifted: [{ scope: 'all' }, { scope: 'writes' }, { scope: 'plugin' }],
      freezes: [],
    });
  });
});
