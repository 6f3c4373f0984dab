// Who signs in: links, passkeys, sessions, and how each of them ends.

import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { codeOf } from '#test/approvals/world.ts';
import { createAuthenticator, type KeyKind } from './authenticator.ts';
import { ANA, createWorld } from './world.ts';

const ADDRESS = '127.0.0.1';

describe('a link', () => {
  test('is shown once, kept as a hash, and enrols one passkey of the person named', async () => {
    const { people, secretOf, drafts, database } = createWorld();
    const secret = secretOf('ana');
    const rows = JSON.stringify(database.prepare('SELECT * FROM invite').all());
    expect([rows.includes('ana'), rows.includes(secret)]).toEqual([true, false]);
    const authenticator = createAuthenticator();
    const { challenge, person, rpId } = await people.beginEnrolment(secret, ADDRESS);
    expect([person, rpId]).toEqual(['ana', 'localhost']);
    expect(await people.enrol(secret, authenticator.make(challenge), ADDRESS)).toEqual({
      person: 'ana',
      role: 'approver',
    });
    const { key, credential } = authenticator;
    expect(drafts).toMatchObject([
      {
        kind: 'person',
        predicate: { person: 'ana', change: 'enrolled', credential, key, rpId: 'localhost', by: 'admin' },
      },
    ]);
  });

  test('is good once: the second one who opens it, even at the same time, enrols nothing', async () => {
    const { people, secretOf, drafts } = createWorld();
    const secret = secretOf('ana');
    const [one, other] = [await people.beginEnrolment(secret, ADDRESS), await people.beginEnrolment(secret, ADDRESS)];
    const codes = await Promise.all(
      [one, other].map(({ challenge }) =>
        codeOf(() => people.enrol(secret, createAuthenticator().make(challenge), ADDRESS)),
      ),
    );
    expect(codes.toSorted()).toEqual(['INVITE_INVALID', undefined]);
    expect(await codeOf(() => people.beginEnrolment(secret, ADDRESS))).toBe('INVITE_INVALID');
    expect(drafts).toHaveLength(1);
  });

  test('ends with time, with a newer one and with a clock that is set back, and outlives a restart', async () => {
    const { people, secretOf, time, restart } = createWorld();
    const [first, second] = [secretOf('ana'), secretOf('ana')];
    expect(await codeOf(() => people.beginEnrolment(first, ADDRESS))).toBe('INVITE_INVALID');
    expect(await codeOf(() => restart().beginEnrolment(second, ADDRESS))).toBeUndefined();
    time.state.nowMs -= 1_000;
    expect(await codeOf(() => people.beginEnrolment(second, ADDRESS))).toBe('INVITE_INVALID');
    time.pass(LIMITS.inviteMs + 1_000);
    expect(await codeOf(() => people.beginEnrolment(second, ADDRESS))).toBe('INVITE_INVALID');
  });

  test('is for people of the policy only, and for none who left it since', async () => {
    const { people, secretOf, named } = createWorld();
    expect(await codeOf(() => people.invite('zoe', 'admin'))).toBe('PERSON_UNKNOWN');
    const secret = secretOf('ana');
    named.delete(ANA);
    expect(await codeOf(() => people.beginEnrolment(secret, ADDRESS))).toBe('PERSON_UNKNOWN');
  });

  test.each([
    ['a text', 'x'],
    ['nothing', undefined],
    ['an object', {}],
    ['a guess', 'A'.repeat(43)],
  ])('is not %s', async (_what, secret) => {
    expect(await codeOf(() => createWorld().people.beginEnrolment(secret, ADDRESS))).toBe('INVITE_INVALID');
  });

  test('that can not be recorded enrols nothing, and is used up', async () => {
    const { people, secretOf, state, signIn } = createWorld();
    const secret = secretOf('ana');
    const authenticator = createAuthenticator();
    const { challenge } = await people.beginEnrolment(secret, ADDRESS);
    state.isDiskFull = true;
    expect(await codeOf(() => people.enrol(secret, authenticator.make(challenge), ADDRESS))).toBe('LOG_UNAVAILABLE');
    state.isDiskFull = false;
    expect(await codeOf(() => signIn(authenticator))).toBe('PASSKEY_REFUSED');
    expect(await codeOf(() => people.beginEnrolment(secret, ADDRESS))).toBe('INVITE_INVALID');
  });
});

test('a passkey whose enrolment is on its way into the log when all of its person are revoked opens nothing', async () => {
  const { people, secretOf, signIn, drafts, state } = createWorld();
  const secret = secretOf('ana');
  const authenticator = createAuthenticator();
  const { challenge } = await people.beginEnrolment(secret, ADDRESS);
  const gate = Promise.withResolvers<void>();
  state.beforeAppend = () => gate.promise;
  const enrolled = codeOf(() => people.enrol(secret, authenticator.make(challenge), ADDRESS));
  const revoked = people.revoke('ana', { by: 'admin' });
  gate.resolve();
  expect([await enrolled, await revoked]).toEqual(['INVITE_INVALID', []]);
  expect(drafts.map(({ predicate }) => 'change' in predicate && predicate.change)).toEqual(['enrolled', 'revoked']);
  expect(await codeOf(() => signIn(authenticator))).toBe('PASSKEY_REFUSED');
  // The control: the next link is good.
  const again = secretOf('ana');
  const next = createAuthenticator();
  const begun = await people.beginEnrolment(again, ADDRESS);
  await people.enrol(again, next.make(begun.challenge), ADDRESS);
  expect(await codeOf(() => signIn(next))).toBeUndefined();
});

describe('a passkey', () => {
  test.each<[KeyKind]>([['ES256'], ['EdDSA'], ['RS256']])(
    'of the kind %s signs in, also after a restart',
    async (kind) => {
      const { enrol, signIn, restart } = createWorld();
      const authenticator = await enrol('ana', kind);
      expect(await signIn(authenticator)).toMatchObject({ person: 'ana', role: 'approver' });
      const people = restart();
      const { challenge } = people.beginSignIn(ADDRESS);
      expect(await people.signIn(authenticator.sign(challenge), ADDRESS)).toMatchObject({ person: 'ana' });
    },
  );

  test('that was revoked signs nobody in, and its sessions end in the same turn', async () => {
    const { people, enrol, signIn, drafts, restart } = createWorld();
    const [kept, lost] = [await enrol('ana'), await enrol('ana')];
    const [one, other] = [(await signIn(kept)).session, (await signIn(lost)).session];
    const revoked = people.revoke('ana', { credential: lost.credential, by: 'admin' });
    expect(await codeOf(() => people.signedIn(other, 'viewer'))).toBe('SIGN_IN_NEEDED');
    expect(people.signedIn(one, 'viewer').person).toBe('ana');
    expect(await revoked).toEqual([lost.credential]);
    expect(drafts.at(-1)).toMatchObject({
      predicate: { change: 'revoked', credential: lost.credential, key: lost.key },
    });
    expect(await codeOf(() => signIn(lost))).toBe('PASSKEY_REFUSED');
    expect(
      restart()
        .list()
        .find(({ name }) => name === 'ana')?.passkeys,
    ).toHaveLength(1);
  });

  test('is enrolled once, whoever tries', async () => {
    const { people, enrol, secretOf } = createWorld();
    const authenticator = await enrol('ana');
    const secret = secretOf('ben');
    const { challenge } = await people.beginEnrolment(secret, ADDRESS);
    expect(await codeOf(() => people.enrol(secret, authenticator.make(challenge), ADDRESS))).toBe('PASSKEY_REFUSED');
  });

  test('is one of a bounded number', async () => {
    const { people, enrol } = createWorld();
    for (let count = 0; count < LIMITS.passkeysPerPersonMax; count += 1) await enrol('ana');
    expect(await codeOf(() => people.invite('ana', 'admin'))).toBe('PASSKEYS_FULL');
  });
});

describe('a session', () => {
  test('needs both of its halves', async () => {
    const { people, enrol, signIn } = createWorld();
    const { session } = await signIn(await enrol('ana'));
    const { session: another } = await signIn(await enrol('ben'));
    expect(people.signedIn(session, 'approver')).toEqual({ person: 'ana', role: 'approver' });
    for (const halves of [{}, { cookie: session.cookie }, { page: session.page }, { ...session, page: another.page }]) {
      expect(await codeOf(() => people.signedIn(halves, 'viewer'))).toBe('SIGN_IN_NEEDED');
    }
  });

  test('gives what the role gives, and no more', async () => {
    const { people, enrol, signIn } = createWorld();
    const { session } = await signIn(await enrol('ana'));
    expect(await codeOf(() => people.signedIn(session, 'admin'))).toBe('ROLE_NEEDED');
  });

  test('ends when the policy gives its person another role, or names them no more', async () => {
    const { people, enrol, signIn, named } = createWorld();
    const ana = await enrol('ana');
    const { session } = await signIn(ana);
    named.set(ANA, 'admin');
    expect(await codeOf(() => people.signedIn(session, 'viewer'))).toBe('SIGN_IN_NEEDED');
    named.set(ANA, 'approver');
    expect(await codeOf(() => people.signedIn(session, 'viewer'))).toBe('SIGN_IN_NEEDED');
    named.delete(ANA);
    expect(await codeOf(() => signIn(ana))).toBe('PASSKEY_REFUSED');
  });

  test('ends when nothing was asked for a while, however often a page asks by itself', async () => {
    const { people, enrol, signIn, time } = createWorld();
    const { session } = await signIn(await enrol('ana'));
    time.pass(LIMITS.consoleIdleMs - 1);
    people.signedIn(session, 'viewer');
    time.pass(LIMITS.consoleIdleMs - 1);
    people.signedIn(session, 'viewer', { isPoll: true });
    time.pass(1);
    expect(await codeOf(() => people.signedIn(session, 'viewer'))).toBe('SIGN_IN_NEEDED');
  });

  test('ends after a day of work, however much is asked', async () => {
    const { people, enrol, signIn, time } = createWorld();
    const { session } = await signIn(await enrol('ana'));
    for (let passed = 0; passed < LIMITS.consoleSessionMs; passed += LIMITS.consoleIdleMs / 2) {
      people.signedIn(session, 'viewer');
      time.pass(LIMITS.consoleIdleMs / 2);
    }
    expect(await codeOf(() => people.signedIn(session, 'viewer'))).toBe('SIGN_IN_NEEDED');
  });

  test('ends when it is signed out, which takes both halves too', async () => {
    const { people, enrol, signIn } = createWorld();
    const { session } = await signIn(await enrol('ana'));
    people.signOut({ cookie: session.cookie });
    expect(people.signedIn(session, 'viewer').person).toBe('ana');
    people.signOut(session);
    expect(await codeOf(() => people.signedIn(session, 'viewer'))).toBe('SIGN_IN_NEEDED');
  });
});
