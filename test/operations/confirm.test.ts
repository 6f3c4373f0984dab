// What happens between a signature for an act and the act: to look at what it comes to, and to record it, takes a while.

import { describe, expect, test } from 'vitest';
import { digestHex } from '#base/digest.ts';
import type { RequiredAct } from '#domain/act-ports.ts';
import type { PersonName, PersonRole } from '#domain/person.ts';
import { createActConfirmer } from '#operations/confirm.ts';
import type { Services } from '#operations/operation.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { migrate } from '#store/migrations.ts';
import { openDatabase } from '#store/sqlite.ts';
import { codeOf } from '#test/approvals/world.ts';
import { challengeOf, createAuthenticator } from '#test/people/authenticator.ts';
import { createRealPeople } from './real-people.ts';
import { createWorld, operation, person } from './world.ts';

const ben = 'ben' as PersonName;

/**
 * An end of a freeze that waits to be signed, and an admin who has signed for it. `gate`: what looking at it waits for. `isBlind`: nobody
 * looks once more at who has signed.
 */
async function createSigned({ isBlind = false } = {}) {
  const world = createWorld();
  const named = new Map<PersonName, PersonRole>([[ben, 'admin']]);
  const required = new Set<RequiredAct>(['unfreeze']);
  const policy = { ...world.services.policy, people: () => named, required: () => required };
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  const people = createRealPeople(database, { log: world.services.log, people: () => named });
  const looked = isBlind ? { ...people, roleOf: () => 'admin' as const } : people;
  const services: Services = { ...world.services, policy, people: looked };

  const authenticator = createAuthenticator();
  const secret = people.invite('ben', 'admin').link.split('#')[1];
  const { challenge } = await people.beginEnrolment(secret, '127.0.0.1');
  await people.enrol(secret, authenticator.make(challenge), '127.0.0.1');

  const unfreeze = operation('unfreeze');
  const gate = { opens: Promise.resolve() };
  const about: NonNullable<typeof unfreeze.confirm>['about'] = async (...given) => {
    await gate.opens;
    return unfreeze.confirm?.about(...given);
  };
  const slow = { ...unfreeze, confirm: { kind: 'unfreeze', about } } as const;
  const run = createOperationRunner(services);
  services.freezes.freeze({ kind: 'writes' }, 'admin');
  expect(await codeOf(() => run(slow, {}, person))).toBe('CONFIRMATION_NEEDED');
  const [act] = services.acts.list();
  const confirm = createActConfirmer(services, { operations: [slow], run });
  const assertion = people.checkSigned(
    ben,
    authenticator.sign(challengeOf(digestHex(act?.digest ?? 'sha256:'))),
    digestHex(act?.digest ?? 'sha256:'),
  );
  return {
    ...world,
    services,
    people,
    named,
    required,
    gate,
    run,
    confirm: () => confirm(act?.id ?? '', { person: ben, assertion }),
  };
}

describe('an act that an admin has signed for', () => {
  test('the control: is recorded, and done', async () => {
    const { services, drafts, confirm } = await createSigned();
    await confirm();
    expect(services.freezes.list()).toEqual([]);
    expect(drafts.filter(({ kind }) => kind === 'act')).toHaveLength(1);
  });

  type Signed = Awaited<ReturnType<typeof createSigned>>;
  const SHUT_OUT: readonly (readonly [what: string, shutOut: (signed: Signed) => unknown])[] = [
    ['their passkey is revoked', ({ people }) => people.revoke('ben', { by: 'admin' })],
    ['the policy names them no more', ({ named }) => named.delete(ben)],
    ['they are approver by then', ({ named }) => named.set(ben, 'approver')],
  ];
  /** They are shut out while what they have signed for is looked at. */
  const confirmMeanwhile = async (signed: Signed, shutOut: (signed: Signed) => unknown) => {
    const gate = Promise.withResolvers<void>();
    signed.gate.opens = gate.promise;
    const code = codeOf(signed.confirm);
    await shutOut(signed);
    gate.resolve();
    return code;
  };

  test.each(SHUT_OUT)(
    'the control: is done where %s meanwhile and nobody looks at them once more',
    async (_what, shutOut) => {
      const signed = await createSigned({ isBlind: true });
      expect(await confirmMeanwhile(signed, shutOut)).toBeUndefined();
      expect(signed.services.freezes.list()).toEqual([]);
      expect(signed.drafts.filter(({ kind }) => kind === 'act')).toHaveLength(1);
    },
  );

  test.each(SHUT_OUT)(
    'is not done where %s while it is looked at, and no record says that they did it',
    async (_what, shutOut) => {
      const signed = await createSigned();
      expect(await confirmMeanwhile(signed, shutOut)).toBe('ROLE_NEEDED');
      expect(signed.services.freezes.list()).toHaveLength(1);
      expect(signed.drafts.filter(({ kind }) => kind === 'act')).toEqual([]);
    },
  );
});

describe('a freeze that comes while the record of an end of freezes is written', () => {
  /** Until `count` records are there, of which the last is not on the disk yet. */
  const untilRecorded = async (drafts: readonly unknown[], count: number) => {
    while (drafts.length < count) await new Promise(setImmediate);
  };

  test('holds: whoever asks for ends without end, with nothing to sign for, lifts none', async () => {
    const { services, state, drafts, run, confirm } = await createSigned();
    await confirm();
    const gate = Promise.withResolvers<void>();
    state.onDisk = gate.promise;
    const before = drafts.length;
    const ended = run(operation('unfreeze'), {}, person);
    await untilRecorded(drafts, before + 1);
    services.freezes.freeze({ kind: 'all' }, 'admin');
    gate.resolve();
    expect(await ended).toMatchObject({ lifted: [], freezes: [{ scope: 'all' }] });
  });

  test('holds also where another one was signed for', async () => {
    const { services, state, drafts, confirm } = await createSigned();
    const gate = Promise.withResolvers<void>();
    state.onDisk = gate.promise;
    const before = drafts.length;
    const confirmed = confirm();
    await untilRecorded(drafts, before + 1);
    services.freezes.freeze({ kind: 'all' }, 'admin');
    gate.resolve();
    expect(await confirmed).toMatchObject({ lifted: [{ scope: 'writes' }], freezes: [{ scope: 'all' }] });
  });

  test('the control: is lifted where nothing is signed for', async () => {
    const { services, state, drafts, required, run, confirm } = await createSigned();
    await confirm();
    required.clear();
    const gate = Promise.withResolvers<void>();
    state.onDisk = gate.promise;
    const before = drafts.length;
    const ended = run(operation('unfreeze'), {}, person);
    await untilRecorded(drafts, before + 1);
    services.freezes.freeze({ kind: 'all' }, 'admin');
    gate.resolve();
    expect(await ended).toMatchObject({ lifted: [{ scope: 'all' }], freezes: [] });
  });
});
