// An approval counts as long as whoever gave it might give it: each kind of giver, and each way to leave.

import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { Approver } from '#domain/approval-ports.ts';
import type { PersonName } from '#domain/person.ts';
import { signedBy } from '#test/identity/world.ts';
import { athena, bea, codeOf, createWorld, question, TTL_MS } from './world.ts';

type World = ReturnType<typeof createWorld>;
type State = World['state'];

const TOKEN = { id: 'a'.repeat(16) };
const assertion = {
  ...{ credential: 'c', authenticatorData: 'a', clientDataJSON: 'd', signature: 's', key: 'k', rpId: 'localhost' },
  enrolment: { index: 1, leaf: 'leaf-1' },
};

const GIVERS = {
  admin: { kind: 'admin', token: 'b'.repeat(16) },
  agent: { kind: 'agent', name: bea, token: TOKEN },
  'agent over stdio': { kind: 'agent', name: bea },
  'agent with a signed token': {
    kind: 'agent',
    name: bea,
    token: { ...TOKEN, signed: { ...signedBy(), expiresMs: 1 } },
  },
  client: { kind: 'client', name: athena, token: TOKEN },
  'client over stdio': { kind: 'client', name: athena },
  channel: { kind: 'channel', name: 'ana', via: 'telegram', account: 7 },
  person: { kind: 'person', name: 'ana' as PersonName, role: 'approver', assertion },
} as const satisfies { readonly [kind: string]: Approver };

const endToken = (id: string) => (state: State) => void state.endedTokens.add(id);
const becomes = (role: ReturnType<State['roleOf']>) => (state: State) => {
  state.roleOf = () => role;
};

/** Each is named as the approval that counts no more names who gave it. */
const LEAVING: readonly (readonly [
  giver: keyof typeof GIVERS,
  how: string,
  named: string,
  leave: (state: State) => void,
])[] = [
  ['admin', 'the home has another token', 'admin', endToken('b'.repeat(16))],
  ['agent', 'its token was revoked, or has expired', 'bea', endToken(TOKEN.id)],
  ['agent', 'it was frozen', 'bea', (state) => void state.frozen.add('bea')],
  ['agent', 'the policy has it no more, or its grant is over', 'bea', (state) => void state.approvers.delete('bea')],
  ['agent', 'the agent that asks may approve by now', 'bea', (state) => void state.approvers.add('athena')],
  ['agent over stdio', 'it was frozen', 'bea', (state) => void state.frozen.add('bea')],
  ['agent over stdio', 'its grant was withdrawn', 'bea', (state) => void state.approvers.delete('bea')],
  ['agent with a signed token', 'its token was revoked, or has expired', 'bea', endToken(TOKEN.id)],
  ['client', 'its token was revoked, or has expired', 'athena', endToken(TOKEN.id)],
  ['channel', 'the account is theirs no more', 'ana', (state) => void state.lostAccounts.add(7)],
  ['person', 'they left, or their passkey was revoked', 'ana', becomes(undefined)],
  ['person', 'they are a viewer by now', 'ana', becomes('viewer')],
];

const asked = (world: World) => world.approvals.request(question({ terms: { ttlMs: TTL_MS, trustsClient: true } }));

const give = async (world: World, giver: keyof typeof GIVERS) => {
  const request = asked(world);
  await world.approve(request, GIVERS[giver]);
  expect(world.approvals.get(request.id).state).toBe('approved');
  return request.id;
};

const errorOf = (run: () => unknown): SmcpError => {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof SmcpError) return thrown;
  }
  throw new Error('nothing was refused');
};

describe('an approval whose giver might give it no more', () => {
  test.each(LEAVING)(
    'of the %s lets no call begin once %s, and the answer names %s',
    async (giver, _how, named, leave) => {
      const world = createWorld();
      const id = await give(world, giver);
      leave(world.state);
      const { code, message, details } = errorOf(() => world.approvals.use(id, 'i-1'));
      expect(code).toBe('APPROVAL_PENDING');
      expect(message).toMatch(new RegExp(`the approval of [^:]*${named}[^:]* counts no more: .+`));
      expect(details).toMatchObject({ lost: [{ by: expect.stringContaining(named), why: expect.any(String) }] });
      expect(world.approvals.list()).toMatchObject([{ id, state: 'pending', approvals: [] }]);
    },
  );

  test.each(LEAVING)('of the %s lets no call begin after a restart once %s', async (giver, _how, _named, leave) => {
    const world = createWorld();
    const id = await give(world, giver);
    leave(world.state);
    expect(await codeOf(() => world.restart().use(id, 'i-1'))).toBe('APPROVAL_PENDING');
  });

  test.each(LEAVING)(
    'of the %s is not recorded when %s while another decision is',
    async (giver, _how, _named, leave) => {
      const world = createWorld();
      const request = asked(world);
      leave(world.state);
      expect(await codeOf(() => world.approve(request, GIVERS[giver]))).toMatch(
        /^(APPROVAL_NEEDS_PERSON|ROLE_NEEDED)$/,
      );
      expect([world.drafts, world.approvals.get(request.id).state]).toEqual([[], 'pending']);
    },
  );

  test.each(Object.keys(GIVERS) as (keyof typeof GIVERS)[])(
    'the control: of the %s who stays it counts',
    async (giver) => {
      const world = createWorld();
      const id = await give(world, giver);
      expect(world.restart().use(id, 'i-1')).toMatchObject({ id });
    },
  );

  test('waits for somebody else, whose approval counts', async () => {
    const world = createWorld();
    const id = await give(world, 'agent');
    world.state.frozen.add('bea');
    await world.approve(world.approvals.get(id), GIVERS.admin);
    expect(world.approvals.use(id, 'i-1')).toMatchObject({ id, record: { index: 1 } });
  });

  test('is asked about in the request that was there: nobody has to look at two', async () => {
    const world = createWorld();
    const id = await give(world, 'agent');
    world.state.endedTokens.add(TOKEN.id);
    expect(world.approvals.request(question({ terms: { ttlMs: TTL_MS, trustsClient: true } })).id).toBe(id);
  });
});

describe('an admin whose token nobody knows', () => {
  test('is none whose approval counts: where it was kept without, it waits again', async () => {
    const world = createWorld();
    world.state.endedTokens.add('');
    expect(await codeOf(() => world.approve(asked(world), { kind: 'admin' }))).toBe('APPROVAL_NEEDS_PERSON');
  });
});
