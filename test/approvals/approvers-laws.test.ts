// Laws of approvals by people: whatever they do, in whatever order and however much at once, a call begins only when as many different
// people as the rule needs, each of whom it names, have approved, and nobody has denied before.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PersonApprover } from '#domain/approval-ports.ts';
import { hasRole, isApprover, type PersonName, type PersonRole } from '#domain/person.ts';
import { admin, codeOf, createWorld, question, TTL_MS } from './world.ts';

const PEOPLE: readonly (readonly [string, PersonRole])[] = [
  ['ana', 'approver'],
  ['ben', 'admin'],
  ['cleo', 'viewer'],
  ['dan', 'approver'],
];
const assertion = {
  ...{ credential: 'c', authenticatorData: 'a', clientDataJSON: 'd', signature: 's', key: 'k', rpId: 'localhost' },
  enrolment: { index: 1, leaf: 'leaf-1' },
};

const roleOf = (who: string) => PEOPLE.find(([name]) => name === who)?.[1];

const by = fc.uniqueArray(fc.constantFrom('ana', 'ben', 'cleo', 'dan', 'role:approver', 'role:admin'), {
  minLength: 1,
  maxLength: 3,
});
const deeds = fc.array(
  fc.record({
    who: fc.constantFrom('token', ...PEOPLE.map(([name]) => name)),
    what: fc.constantFrom('approve', 'approve', 'approve', 'deny'),
    isSigned: fc.boolean(),
  }),
  { maxLength: 10 },
);

test('a call begins only with as many named people as are needed, and none after a denial', async () => {
  await fc.assert(
    fc.asyncProperty(by, fc.integer({ min: 1, max: 3 }), deeds, fc.boolean(), async (names, needed, done, isAtOnce) => {
      const { approvals, drafts, state: world } = createWorld();
      world.roleOf = roleOf;
      const terms = { ttlMs: TTL_MS, trustsClient: false, approvers: { by: names, needed } };
      const request = approvals.request(question({ terms }));
      const act = ({ who, what, isSigned }: (typeof done)[number]) => {
        const role = roleOf(who);
        const person: PersonApprover | undefined =
          role === undefined
            ? undefined
            : { kind: 'person', name: who as PersonName, role, ...(isSigned ? { assertion } : {}) };
        const decider = person ?? admin;
        return codeOf(() =>
          what === 'deny'
            ? approvals.deny(request.id, { by: decider })
            : approvals.approve(request.id, { digest: request.digest, by: decider }),
        );
      };
      if (isAtOnce) await Promise.all(done.map(act));
      else for (const one of done) await act(one);

      // The same, by the words of the law.
      const approved = new Set<string>();
      let state = 'pending';
      for (const { who, what, isSigned } of done) {
        const role = roleOf(who);
        const mayDecide = role === undefined || hasRole(role, 'approver');
        if (state !== 'pending' || !mayDecide) continue;
        if (what === 'deny') state = 'denied';
        else if (role !== undefined && isSigned && isApprover(names, { name: who, role })) approved.add(who);
        if (state === 'pending' && approved.size >= needed) state = 'approved';
      }
      expect(approvals.get(request.id).state).toBe(state);
      expect((await codeOf(() => approvals.use(request.id, 'call'))) === undefined).toBe(state === 'approved');
      expect(drafts).toHaveLength(approved.size + (state === 'denied' ? 1 : 0));
    }),
    { numRuns: 300 },
  );
});
