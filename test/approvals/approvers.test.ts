// Grants that name who approves, and how many people have to.

import { describe, expect, test } from 'vitest';
import type { PersonApprover } from '#domain/approval-ports.ts';
import type { ApproverTerms } from '#domain/decision.ts';
import type { SignedAssertion } from '#domain/people-ports.ts';
import type { PersonName, PersonRole } from '#domain/person.ts';
import { admin, bea, codeOf, createWorld, question, TTL_MS } from './world.ts';

/** What their passkey signed was checked by the door. */
const assertion: SignedAssertion = {
  ...{ credential: 'c', authenticatorData: 'a', clientDataJSON: 'd', signature: 's', key: 'k', rpId: 'localhost' },
  enrolment: { index: 1, leaf: 'leaf-1' },
};
const person = (name: string, role: PersonRole = 'approver'): PersonApprover => ({
  ...{ kind: 'person', name: name as PersonName, role, assertion },
});
const asks = (approvers?: ApproverTerms) =>
  question({ terms: { ttlMs: TTL_MS, trustsClient: false, ...(approvers === undefined ? {} : { approvers }) } });

describe('a grant that names who approves', () => {
  test('counts their approval, with what they signed in its record', async () => {
    const { approvals, approve, drafts } = createWorld();
    const request = approvals.request(asks({ by: ['ana'], needed: 1 }));
    expect((await approve(request, person('ana'))).state).toBe('approved');
    expect(drafts).toMatchObject([
      { predicate: { decision: 'approved', by: { kind: 'person', name: 'ana' }, assertion } },
    ]);
  });

  test.each([
    ['whoever shows the home’s token', admin],
    ['an agent that was granted the tool', { kind: 'agent', name: bea }],
    ['a person who is not named', person('ben')],
    ['a person of a higher role who is not named', person('ben', 'admin')],
  ] as const)('counts no approval of %s', async (_who, by) => {
    const { approvals, approve, drafts } = createWorld();
    const request = approvals.request(asks({ by: ['ana'], needed: 1 }));
    expect(await codeOf(() => approve(request, by))).toBe('APPROVAL_NEEDS_PERSON');
    expect([approvals.get(request.id).state, drafts]).toEqual(['pending', []]);
  });

  test('takes a denial of anybody who may approve at all: it opens nothing', async () => {
    for (const by of [admin, { kind: 'agent', name: bea } as const, person('ben')]) {
      const { approvals } = createWorld();
      const request = approvals.request(asks({ by: ['ana'], needed: 1 }));
      expect((await approvals.deny(request.id, { by })).state).toBe('denied');
    }
  });

  test.each<[string, string, PersonRole, string | undefined]>([
    ['an approver', 'role:approver', 'approver', undefined],
    ['an admin, who is approver too,', 'role:approver', 'admin', undefined],
    ['an admin', 'role:admin', 'admin', undefined],
    ['a viewer', 'role:approver', 'viewer', 'ROLE_NEEDED'],
    ['an approver where admins are needed', 'role:admin', 'approver', 'APPROVAL_NEEDS_PERSON'],
  ])('by role: %s, asked for %s', async (_who, by, role, code) => {
    const { approvals, approve, state } = createWorld();
    state.roleOf = () => role;
    const request = approvals.request(asks({ by: [by], needed: 1 }));
    expect(await codeOf(() => approve(request, person('ana', role)))).toBe(code);
  });
});

describe('a person', () => {
  test('approves where nobody is named, and only with what they signed', async () => {
    const { approvals, approve } = createWorld();
    const request = approvals.request(asks());
    const { assertion: _, ...unsigned } = person('ana');
    expect(await codeOf(() => approve(request, unsigned))).toBe('PASSKEY_REFUSED');
    expect((await approve(request, person('ana'))).state).toBe('approved');
  });

  test.each<[string, PersonRole | undefined]>([
    ['is in the policy no more, or has had their passkey revoked', undefined],
    ['is a viewer by now', 'viewer'],
  ])('who %s approves no call whose turn has not come: it waits again', async (_what, role) => {
    const { approvals, approve, drafts, state, restart } = createWorld();
    const request = approvals.request(asks());
    await approve(request, person('ana'));
    state.roleOf = (name) => (name === 'ana' ? role : 'approver');
    for (const desk of [approvals, restart()]) {
      expect(desk.request(asks())).toMatchObject({ id: request.id, state: 'pending', approvals: [] });
      expect(desk.find(request.id)).not.toHaveProperty('decision');
      expect(await codeOf(() => desk.use(request.id, 'call'))).toBe('APPROVAL_PENDING');
    }
    // Somebody else looks at it, and it is their approval that counts.
    await approve(request, person('ben'));
    expect(approvals.use(request.id, 'call').record).toEqual({ index: 1, leaf: 'leaf-1' });
    expect(drafts).toHaveLength(2);
  });

  test('the control: who still is what they were approves it', async () => {
    const { approvals, approve } = createWorld();
    const request = approvals.request(asks());
    await approve(request, person('ana'));
    expect(approvals.use(request.id, 'call').id).toBe(request.id);
  });

  test('who is removed while their approval is being recorded approves nothing', async () => {
    const { approvals, approve, state } = createWorld();
    const request = approvals.request(asks());
    state.beforeAppend = async () => {
      state.roleOf = () => undefined;
    };
    await approve(request, person('ana'));
    expect(await codeOf(() => approvals.use(request.id, 'call'))).toBe('APPROVAL_PENDING');
  });

  test('who is removed while another decision is being recorded approves nothing, and no record says that they did', async () => {
    const { approvals, approve, drafts, state } = createWorld();
    const request = approvals.request(asks({ by: ['role:approver'], needed: 2 }));
    const gate = Promise.withResolvers<void>();
    state.beforeAppend = () => gate.promise;
    const [first, second] = [approve(request, person('ana')), codeOf(() => approve(request, person('ben')))];
    state.roleOf = (name) => (name === 'ben' ? undefined : 'approver');
    gate.resolve();
    expect([(await first).state, await second, drafts.length]).toEqual(['pending', 'ROLE_NEEDED', 1]);
  });

  test('is not what whoever shows the home’s token is: their approval stays', async () => {
    const { approvals, approve, state } = createWorld();
    const request = approvals.request(asks());
    await approve(request);
    state.roleOf = () => undefined;
    expect(approvals.use(request.id, 'call').id).toBe(request.id);
  });

  test('denies with a session alone', async () => {
    const { approvals, drafts } = createWorld();
    const request = approvals.request(asks());
    const { assertion: _, ...unsigned } = person('ana');
    await approvals.deny(request.id, { by: unsigned, why: 'no' });
    expect(drafts).toMatchObject([
      { predicate: { decision: 'denied', by: { kind: 'person', name: 'ana' }, why: 'no' } },
    ]);
    expect(drafts[0]?.predicate).not.toHaveProperty('assertion');
  });
});

describe('a grant that needs two people', () => {
  const two = asks({ by: ['role:approver'], needed: 2 });

  test('lets the call begin once both have approved, and the second record names the first', async () => {
    const { approvals, approve, drafts } = createWorld();
    const request = approvals.request(two);
    const first = await approve(request, person('ana'));
    expect([first.state, first.approvals?.length]).toEqual(['pending', 1]);
    expect(await codeOf(() => approvals.use(request.id, 'call'))).toBe('APPROVAL_PENDING');
    expect((await approve(request, person('ben'))).state).toBe('approved');
    expect(approvals.use(request.id, 'call').record).toEqual({ index: 1, leaf: 'leaf-1' });
    expect(drafts).toMatchObject([
      { predicate: { approvers: { needed: 2, before: [] } } },
      { predicate: { approvers: { needed: 2, before: [{ index: 0, leaf: 'leaf-0' }] } } },
    ]);
  });

  test('counts nobody twice', async () => {
    const { approvals, approve } = createWorld();
    const request = approvals.request(two);
    await approve(request, person('ana'));
    expect(await codeOf(() => approve(request, person('ana')))).toBe('APPROVAL_NEEDS_PERSON');
    expect(approvals.get(request.id).state).toBe('pending');
  });

  test('counts both when they approve at the same time, and one who does so twice once', async () => {
    const { approvals, approve, state } = createWorld();
    const request = approvals.request(two);
    const gate = Promise.withResolvers<void>();
    state.beforeAppend = () => gate.promise;
    const codes = Promise.all(
      [person('ana'), person('ana'), person('ben')].map((by) => codeOf(() => approve(request, by))),
    );
    gate.resolve();
    expect(await codes).toEqual([undefined, 'APPROVAL_NEEDS_PERSON', undefined]);
    expect(approvals.get(request.id).approvals?.map(({ by }) => (by as PersonApprover).name)).toEqual(['ana', 'ben']);
  });

  test.each<[string, (name: string, credential: string) => PersonRole | undefined]>([
    ['is in the policy no more', (name) => (name === 'ana' ? undefined : 'approver')],
    ['is a viewer by now', (name) => (name === 'ana' ? 'viewer' : 'approver')],
    ['has had their passkey revoked', (_name, credential) => (credential === 'of ana' ? undefined : 'approver')],
  ])('does not count one who %s before the other looks: a third one has to', async (_what, roleOf) => {
    const { approvals, approve, drafts, state } = createWorld();
    const request = approvals.request(two);
    await approve(request, { ...person('ana'), assertion: { ...assertion, credential: 'of ana' } });
    state.roleOf = roleOf;
    expect((await approve(request, person('ben'))).state).toBe('pending');
    expect(await codeOf(() => approvals.use(request.id, 'call'))).toBe('APPROVAL_PENDING');
    expect((await approve(request, person('cleo'))).state).toBe('approved');
    expect(drafts.at(-1)).toMatchObject({
      predicate: { approvers: { needed: 2, before: [{ index: 1, leaf: 'leaf-1' }] } },
    });
  });

  test('waits again when one of both is removed, or revoked, before the call’s turn comes', async () => {
    const { approvals, approve, state } = createWorld();
    const request = approvals.request(two);
    await approve(request, person('ana'));
    await approve(request, person('ben'));
    state.roleOf = (name) => (name === 'ana' ? undefined : 'approver');
    expect(await codeOf(() => approvals.use(request.id, 'call'))).toBe('APPROVAL_PENDING');
    expect((await approve(request, person('cleo'))).state).toBe('approved');
    expect(approvals.use(request.id, 'call').id).toBe(request.id);
  });

  test('ends with one denial, whoever approved before', async () => {
    const { approvals, approve } = createWorld();
    const request = approvals.request(two);
    await approve(request, person('ana'));
    await approvals.deny(request.id, { by: person('ben') });
    expect(await codeOf(() => approve(request, person('cleo')))).toBe('APPROVAL_DECIDED');
  });

  test('keeps what one has approved over a restart', async () => {
    const { approvals, approve, restart } = createWorld();
    const request = approvals.request(two);
    await approve(request, person('ana'));
    const again = restart();
    expect(await codeOf(() => again.approve(request.id, { digest: request.digest, by: person('ana') }))).toBe(
      'APPROVAL_NEEDS_PERSON',
    );
    expect((await again.approve(request.id, { digest: request.digest, by: person('ben') })).state).toBe('approved');
  });
});
