// Hostile acts of a restricted child by the real runtime, each in a process of its own, on this kernel's Landlock and on the
// oldest that is enough: none works but what is accepted. And each with nothing around it.

import { describe, expect, test } from 'vitest';
import { IS_ROOT } from '#test/sandbox/launcher/harness.ts';
import { ACCEPTED, LACKED_BY_SOME_KERNELS, REFUSED_TO_USERS } from './audit/accepted.ts';
import { attackServer, CONFIGURATIONS, type Server } from './audit/configurations.ts';
import { keyOf } from './audit/judge.ts';
import { makeSuid } from './audit/suid.ts';

const SERVERS: readonly Server[] = IS_ROOT ? ['root', 'ordinary'] : ['ordinary'];

describe.each(SERVERS)('a server that is %s', (server) => {
  const own = CONFIGURATIONS.filter((one) => one.server === server && one.abiMax !== 4);
  const attack = async (how: object) => {
    using suid = makeSuid();
    return await attackServer(server, { isFree: false, suid: IS_ROOT ? suid.path : '', ...how }, ['acts']);
  };

  test.each(own)('keeps its plugins from all but what is accepted: $title', async (configuration) => {
    const { abiMax } = configuration;
    const acts = await attack(abiMax === undefined ? {} : { abiMax });
    const accepted = ACCEPTED.filter((one) => one.isIn(configuration)).map(keyOf);
    expect(acts.filter(({ worked }) => worked).map(keyOf)).toEqual(accepted);
    expect(acts.length).toBeGreaterThan(170);
  });

  test('would let them do each of these where nothing confined them', async () => {
    const acts = await attack({ isFree: true });
    const excused = [...LACKED_BY_SOME_KERNELS, ...(server === 'root' ? [] : REFUSED_TO_USERS)];
    const failed = acts.filter(({ worked }) => !worked).map(keyOf);
    expect(failed.filter((key) => !excused.includes(key))).toEqual([]);
    expect(acts.length).toBeGreaterThan(170);
  });
});
