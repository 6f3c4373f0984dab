import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { exactNumber } from '#base/exact-json.ts';
import { LIMITS } from '#base/limits.ts';
import type { ApprovalStatement } from '#domain/approval-ports.ts';
import { admin, athena, bea, codeOf, createWorld, question, START_MS, TTL_MS } from './world.ts';

describe('a request for approval', () => {
  test('waits until somebody approves it, and lets one call begin', async () => {
    const { approvals, approve, drafts } = createWorld();
    const request = approvals.request(question());
    expect(request).toMatchObject({ state: 'pending', agent: 'athena', tool: 'devops__deploy' });
    expect(await codeOf(() => approvals.use(request.id, 'call-1'))).toBe('APPROVAL_PENDING');
    expect((await approve(request)).state).toBe('approved');
    expect(approvals.use(request.id, 'call-1')).toEqual({
      ...{ id: request.id, record: { index: 0, leaf: 'leaf-0' } },
      used: '2026-11-22T10:00:00.000Z',
    });
    expect(await codeOf(() => approvals.use(request.id, 'call-2'))).toBe('APPROVAL_USED');
    expect(approvals.get(request.id)).toMatchObject({ state: 'used', usedBy: 'call-1' });
    expect(drafts).toHaveLength(1);
  });

  test('says everything in a statement whose SHA-256 is its digest, and which a record keeps', async () => {
    const { approvals, approve, drafts } = createWorld();
    const request = approvals.request(question());
    expect(sha256(request.statement)).toBe(request.digest);
    const { value } = JSON.parse(request.statement) as { value: ApprovalStatement };
    const { args: _args, terms: _terms, ...asked } = question();
    expect(value).toEqual({
      ...asked,
      approval: request.id,
      args: sha256('{"environment":"staging","replicas":3}'),
      created: '2026-11-22T10:00:00.000Z',
      expires: '2026-11-22T10:15:00.000Z',
    });
    await approve(request);
    expect(drafts[0]).toMatchObject({
      kind: 'approval',
      statement: request.statement,
      predicate: {
        approval: request.id,
        decision: 'approved',
        agent: 'athena',
        by: { kind: 'admin' },
        rule: 'deploys',
      },
    });
    // Another request about the same call has another digest: it can't be guessed from what is asked.
    const other = createWorld().approvals.request(question());
    expect(other.digest).not.toBe(request.digest);
    expect(other.binding).toBe(request.binding);
  });

  test('is one for the same call, however often that is made, before and after it is approved', async () => {
    const { approvals, approve } = createWorld();
    const first = approvals.request(question());
    expect(approvals.request(question()).id).toBe(first.id);
    await approve(first);
    expect(approvals.request(question())).toMatchObject({ id: first.id, state: 'approved' });
    approvals.use(first.id, 'call');
    expect(approvals.request(question()).id).not.toBe(first.id);
  });

  test('is denied with what the person said, and not asked again for a while', async () => {
    const { approvals, time, drafts } = createWorld();
    const request = approvals.request(question());
    await approvals.deny(request.id, { by: admin, why: 'not on a Sunday' });
    expect(() => approvals.request(question())).toThrow(/denied by admin: not on a Sunday/);
    expect(await codeOf(() => approvals.request(question(), request.id))).toBe('APPROVAL_DENIED');
    expect(await codeOf(() => approvals.use(request.id, 'call'))).toBe('APPROVAL_DENIED');
    expect(drafts[0]).toMatchObject({ predicate: { decision: 'denied', why: 'not on a Sunday' } });
    // Another call is asked about.
    expect(approvals.request(question({ args: {} })).state).toBe('pending');
    time.pass(LIMITS.approvalDenialMs);
    expect(approvals.request(question())).toMatchObject({ state: 'pending' });
  });

  test('expires, waiting or approved, and the next call asks anew', async () => {
    const { approvals, approve, time } = createWorld();
    const waiting = approvals.request(question());
    const approved = approvals.request(question({ args: {} }));
    await approve(approved);
    time.pass(TTL_MS - 1);
    expect([approvals.get(waiting.id).state, approvals.get(approved.id).state]).toEqual(['pending', 'approved']);
    time.pass(1);
    expect([approvals.get(waiting.id).state, approvals.get(approved.id).state]).toEqual(['expired', 'expired']);
    expect(await codeOf(() => approve(waiting))).toBe('APPROVAL_EXPIRED');
    expect(await codeOf(() => approvals.use(approved.id, 'call'))).toBe('APPROVAL_EXPIRED');
    expect(approvals.request(question()).id).not.toBe(waiting.id);
  });

  test('tells those who watch it, until they leave', async () => {
    const { approvals, approve } = createWorld();
    const request = approvals.request(question());
    const told: string[] = [];
    const leave = approvals.watch(request.id, () => told.push(approvals.get(request.id).state));
    await approve(request);
    approvals.use(request.id, 'call');
    leave();
    expect(told).toEqual(['approved', 'used']);
  });

  test('has its arguments as they were spelled, until it is over', async () => {
    const { approvals, approve, store } = createWorld();
    const args = { id: exactNumber('9007199254740993'), rate: exactNumber('5.0') };
    const request = approvals.request(question({ args }));
    expect(approvals.argsJson(request.id)).toBe('{"id":9007199254740993,"rate":5.0}');
    await approve(request);
    approvals.use(request.id, 'call');
    expect(approvals.argsJson(request.id)).toBeUndefined();
    expect(JSON.stringify(store.list())).not.toContain('9007199254740993');
  });
});

describe('who decides', () => {
  test('is the first; the second is told who was', async () => {
    const { approvals, approve, state } = createWorld();
    const request = approvals.request(question());
    const gate = Promise.withResolvers<void>();
    state.beforeAppend = () => gate.promise;
    const first = approve(request);
    const second = codeOf(() => approvals.deny(request.id, { by: { kind: 'agent', name: bea } }));
    gate.resolve();
    expect((await first).state).toBe('approved');
    expect(await second).toBe('APPROVAL_DECIDED');
    await expect(approvals.deny(request.id, { by: admin })).rejects.toThrow(/approved already, by admin/);
  });

  test('is an agent, but never the one whose call it is, nor its client unless the grant trusts it', async () => {
    const { approvals, approve, drafts } = createWorld();
    const request = approvals.request(question());
    expect(await codeOf(() => approve(request, { kind: 'agent', name: athena }))).toBe('APPROVAL_OWN');
    expect(await codeOf(() => approve(request, { kind: 'client', name: athena }))).toBe('APPROVAL_OWN');
    expect(drafts).toEqual([]);
    expect((await approve(request, { kind: 'agent', name: bea })).state).toBe('approved');

    const trusting = approvals.request(question({ args: {}, terms: { ttlMs: TTL_MS, trustsClient: true } }));
    expect(await codeOf(() => approve(trusting, { kind: 'client', name: bea }))).toBe('APPROVAL_OWN');
    await approve(trusting, { kind: 'client', name: athena });
    expect(drafts.at(-1)).toMatchObject({ predicate: { by: { kind: 'client', name: 'athena' } } });
  });

  test('is whom a client asserts, where the grant trusts it, and only for the very call', async () => {
    const { approvals, drafts } = createWorld();
    const trusted = question({ terms: { ttlMs: TTL_MS, trustsClient: true } });
    const request = approvals.request(trusted);
    const said = { id: request.id, isApproved: true };
    const swapped = { ...trusted, args: {} };
    expect(await codeOf(() => approvals.assert(swapped, said))).toBe('APPROVAL_MISMATCH');
    expect(await codeOf(() => approvals.assert({ ...trusted, agent: bea }, said))).toBe('APPROVAL_UNKNOWN');
    await approvals.assert(trusted, said);
    expect(approvals.get(request.id).state).toBe('approved');
    // What was decided stays: a client takes nothing back.
    await approvals.assert(trusted, { ...said, isApproved: false });
    expect(approvals.get(request.id).state).toBe('approved');
    expect(drafts).toHaveLength(1);
    const untrusted = approvals.request(question({ args: { n: 1 } }));
    const forged = { id: untrusted.id, isApproved: true };
    expect(await codeOf(() => approvals.assert(question({ args: { n: 1 } }), forged))).toBe('APPROVAL_OWN');
    expect(await codeOf(() => approvals.assert(question({ args: { n: 1 } }), { ...forged, isApproved: false }))).toBe(
      'APPROVAL_OWN',
    );
    expect(approvals.get(untrusted.id).state).toBe('pending');
  });

  test('says which request by its digest', async () => {
    const { approvals } = createWorld();
    const request = approvals.request(question());
    const other = approvals.request(question({ args: {} }));
    const act = { digest: other.digest, by: admin };
    expect(await codeOf(() => approvals.approve(request.id, act))).toBe('APPROVAL_MISMATCH');
    expect(await codeOf(() => approvals.approve('0'.repeat(16), act))).toBe('APPROVAL_UNKNOWN');
    expect(approvals.get(request.id).state).toBe('pending');
  });

  test('decides nothing where it can not be recorded', async () => {
    const { approvals, approve, state } = createWorld();
    const request = approvals.request(question());
    state.isDiskFull = true;
    expect(await codeOf(() => approve(request))).toBe('LOG_UNAVAILABLE');
    expect(approvals.get(request.id).state).toBe('pending');
    expect(await codeOf(() => approvals.use(request.id, 'call'))).toBe('APPROVAL_PENDING');
    state.isDiskFull = false;
    expect((await approve(request)).state).toBe('approved');
  });

  test('is too late where the request expires while the decision is being recorded', async () => {
    const { approvals, approve, state, time } = createWorld();
    const request = approvals.request(question());
    state.beforeAppend = async () => time.pass(TTL_MS);
    expect(await codeOf(() => approve(request))).toBe('APPROVAL_EXPIRED');
    expect(await codeOf(() => approvals.use(request.id, 'call'))).toBe('APPROVAL_EXPIRED');
  });
});

describe('after a restart', () => {
  test('what waited, was approved, used or denied still is', async () => {
    const { approvals, approve, restart } = createWorld();
    const made = [1, 2, 3, 4].map((n) => approvals.request(question({ args: { n } })));
    const [waiting, approved, used, denied] = made as [
      (typeof made)[0],
      (typeof made)[0],
      (typeof made)[0],
      (typeof made)[0],
    ];
    await approve(approved);
    await approve(used);
    approvals.use(used.id, 'call');
    await approvals.deny(denied.id, { by: admin });
    const again = restart();
    expect(again.list().map(({ state }) => state)).toEqual(['pending', 'approved', 'used', 'denied']);
    expect(again.argsJson(waiting.id)).toBe('{"n":1}');
    expect(again.request(question({ args: { n: 1 } })).id).toBe(waiting.id);
    expect(await codeOf(() => again.request(question({ args: { n: 4 } })))).toBe('APPROVAL_DENIED');
    expect(again.use(approved.id, 'call')).toMatchObject({ id: approved.id });
    expect(await codeOf(() => again.use(used.id, 'call'))).toBe('APPROVAL_USED');
  });

  test('what ran out meanwhile has expired', async () => {
    const { approvals, approve, restart, time } = createWorld();
    const request = approvals.request(question());
    await approve(request);
    time.pass(TTL_MS);
    expect(restart().get(request.id).state).toBe('expired');
  });

  test('a clock that was set to before a request was made, or decided, revives nothing', async () => {
    const { approvals, approve, restart, time } = createWorld();
    time.pass(1_000);
    const request = approvals.request(question());
    time.pass(1_000);
    await approve(request);
    time.state.nowMs = START_MS + 1_500;
    const again = restart();
    expect(again.get(request.id).state).toBe('expired');
    time.state.nowMs = START_MS + 3_000;
    expect(again.get(request.id).state).toBe('expired');
    expect(await codeOf(() => again.use(request.id, 'call'))).toBe('APPROVAL_EXPIRED');
  });
});
