// People are told of a policy that lets somebody do more than the one before, whoever applied it and whenever it was compared.

import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { tellOfWidenings } from '#app/notices/policies.ts';
import { sha256 } from '#base/digest.ts';
import { createListeners } from '#base/listeners.ts';
import { silentLogger } from '#base/log.ts';
import type { Notice } from '#domain/notify-ports.ts';
import { createPolicyJudge, createPolicyThread } from '#policy/policy-thread.ts';
import { migrate } from '#store/migrations.ts';
import { openDatabase } from '#store/sqlite.ts';
import { createMetaStore, createPolicyStore } from '#store/state-stores.ts';
import { createClock } from '#test/approvals/world.ts';
import { policy } from '#test/policy/service-world.ts';

const thread = createPolicyThread();
afterAll(() => thread.close());

function createWorld() {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  const policies = createPolicyStore(database);
  const meta = createMetaStore(database);
  const { clock } = createClock();
  const changes = createListeners();
  const told: Notice[] = [];
  const judge = createPolicyJudge({ thread, catalog: () => [], clock });
  let version = 0;
  const apply = (text: string, by = 'admin') => {
    version += 1;
    policies.put({ version, digest: sha256(text), text, appliedMs: version, by });
    policies.markRecorded(version);
    changes.tell();
  };
  const state = { isWanted: true };
  const start = (before: number | undefined, compare = judge.compare) =>
    tellOfWidenings(
      {
        tell: (notice) => told.push(notice) > 0,
        policy: { current: () => ({ version, digest: sha256(String(version)) }), onChange: changes.onChange },
        ...{ store: { policies, meta }, judge: { compare }, logger: silentLogger, isWanted: () => state.isWanted },
      },
      before,
    );
  return { apply, start, told, state };
}

let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  world = createWorld();
});

describe('a policy that is applied', () => {
  test('and widens is told of: by whom, how, and how much of its text changed', async () => {
    world.apply(policy('notes__read'));
    await world.start(1);
    world.apply(policy('notes__*'), 'ana');
    await expect
      .poll(() => world.told)
      .toMatchObject([
        {
          kind: 'widening',
          subject: 'policy 2 widens',
          lines: ['Applied by ana; 1 lines came, 1 went.', expect.stringContaining('athena')],
          body: { event: 'applied', policy: 2, fromVersion: 1, by: 'ana', added: 1, removed: 1 },
        },
      ]);
  });

  test('and takes away only is told to nobody', async () => {
    world.apply(policy('notes__*'));
    await world.start(1);
    world.apply(policy('notes__read'));
    world.apply(policy('notes__*'));
    await expect.poll(() => world.told.map(({ subject }) => subject)).toEqual(['policy 3 widens']);
  });

  test('for a moment, between two others, is told of as well', async () => {
    world.apply(policy('notes__read'));
    await world.start(1);
    for (const tool of ['notes__*', 'notes__read', 'notes__w*']) world.apply(policy(tool));
    await expect.poll(() => world.told.map(({ subject }) => subject)).toEqual(['policy 2 widens', 'policy 4 widens']);
  });

  test('while nothing ran, by an edit of the file, is compared at the start, once', async () => {
    world.apply(policy('notes__read'));
    world.apply(policy('notes__*'), 'server start');
    await world.start(1);
    await world.start(2);
    expect(world.told.map(({ subject }) => subject)).toEqual(['policy 2 widens']);
  });

  test('as the first one of a home widens nothing that was', async () => {
    world.apply(policy('notes__*'));
    await world.start(undefined);
    expect(world.told).toEqual([]);
  });

  test('while nobody wanted to know is not compared, and not told when somebody does', async () => {
    world.apply(policy('notes__read'));
    world.state.isWanted = false;
    const compared: unknown[] = [];
    await world.start(1, async (question) => {
      compared.push(question);
      throw new Error('nobody asked');
    });
    world.apply(policy('notes__*'));
    world.state.isWanted = true;
    await world.start(2);
    expect([compared, world.told]).toEqual([[], []]);
  });

  test('and can not be compared is told of as such: silence would hide a widening', async () => {
    world.apply(policy('notes__read'));
    world.apply(policy('notes__*'));
    await world.start(1, () => Promise.reject(new Error('too much')));
    expect(world.told).toMatchObject([{ subject: 'policy 2 may widen', body: { event: 'uncompared' } }]);
  });

  test('while the server stops is compared at the next start, and not told of as one that could not be', async () => {
    world.apply(policy('notes__read'));
    world.apply(policy('notes__*'));
    const thread = createPolicyThread();
    const { compare } = createPolicyJudge({ thread, catalog: () => [], clock: createClock().clock });
    const stopped = world.start(1, compare);
    await thread.close();
    await stopped;
    expect(world.told).toEqual([]);
    await world.start(2);
    expect(world.told.map(({ subject }) => subject)).toEqual(['policy 2 widens']);
  });
});
