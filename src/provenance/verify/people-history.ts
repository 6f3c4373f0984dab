// What records must say of people and their passkeys: a key is enrolled once, for one person; what a person approved was signed by a
// key that was theirs then, over exactly the statement that the record is about. Public keys only. Used by history.ts.
// **Trust:** nothing of the records but their form.

import { checkAssertion, isNextSignCount, readPasskeyKey } from '#base/passkey.ts';
import type { Receipt } from '#domain/invocation.ts';
import type { SignedAssertion } from '#domain/people-ports.ts';
import type { ActPredicate, ApprovalPredicate, PersonPredicate } from '#domain/record.ts';
import type { Statement } from './statement.ts';

export type PeopleHistory = {
  /** Takes note of a passkey that came or went; what is wrong with that, else undefined. */
  readonly changed: (statement: Statement, record: Receipt) => string | undefined;
  /** What is wrong with a person's approval; undefined when nothing is, or it is no person's. */
  readonly approvalProblem: (statement: Statement) => string | undefined;
  /** What is wrong with what a person signed for; undefined when nothing is. */
  readonly actProblem: (statement: Statement) => string | undefined;
};

type Enrolled = Receipt & {
  readonly person: string;
  readonly key: string;
  readonly rpId: string;
  signCount: number;
  isRevoked: boolean;
};

export function createPeopleHistory(): PeopleHistory {
  /** By credential. One that was revoked stays: it is not enrolled again. */
  const passkeys = new Map<string, Enrolled>();

  const enrol = (predicate: PersonPredicate, { index, leaf }: Receipt): string | undefined => {
    const { person, credential, key, rpId, signCount } = predicate;
    if (passkeys.has(credential)) return 'the passkey was enrolled before';
    passkeys.set(credential, { index, leaf, person, key, rpId, signCount, isRevoked: false });
    return undefined;
  };

  const revoke = ({ person, credential, key, rpId }: PersonPredicate): string | undefined => {
    const known = passkeys.get(credential);
    if (known?.person !== person || known.key !== key || known.rpId !== rpId) {
      return 'it revokes a passkey that was not enrolled so';
    }
    known.isRevoked = true;
    return undefined;
  };

  const ownerProblem = (person: string, assertion: SignedAssertion): string | undefined => {
    const known = passkeys.get(assertion.credential);
    const { index, leaf } = assertion.enrolment;
    if (known?.index !== index || known.leaf !== leaf)
      return 'the passkey that approved was not enrolled by the record named';
    if (known.person !== person) return 'the passkey that approved is another person’s';
    if (known.key !== assertion.key || known.rpId !== assertion.rpId)
      return 'the key that approved is not the one enrolled';
    return known.isRevoked ? 'the passkey that approved was revoked before' : undefined;
  };

  const personProblem = (statement: Statement, person: string, assertion: SignedAssertion): string | undefined => {
    const wrong = ownerProblem(person, assertion);
    if (wrong !== undefined) return wrong;
    const signed = signedProblem(statement, assertion);
    if (typeof signed === 'string') return signed;
    const known = passkeys.get(assertion.credential);
    if (known === undefined || !isNextSignCount(known.signCount, signed.signCount)) {
      return 'the passkey that approved has counted fewer signatures than before: it was copied, or an older one was shown again';
    }
    known.signCount = signed.signCount;
    return undefined;
  };

  return {
    changed: (statement, record) => {
      const predicate = statement.predicate as unknown as PersonPredicate;
      const keyid = readPasskeyKey(predicate.key)?.keyid;
      if (keyid === undefined || statement.subjects.get('key') !== keyid)
        return 'its subject is not the key of a passkey';
      return predicate.change === 'enrolled' ? enrol(predicate, record) : revoke(predicate);
    },
    actProblem: (statement) => {
      const { by, assertion } = statement.predicate as unknown as ActPredicate;
      return personProblem(statement, by, assertion);
    },
    approvalProblem: (statement) => {
      const { by, assertion } = statement.predicate as unknown as ApprovalPredicate;
      if (by.kind !== 'person' || assertion === undefined) return undefined;
      return personProblem(statement, by.name ?? '', assertion);
    },
  };
}

/** What is wrong with an approval by itself, whoever the key belongs to; undefined when nothing is, or nobody signed it. */
export function assertionProblem(statement: Statement): string | undefined {
  const { assertion } = statement.predicate as unknown as Partial<ApprovalPredicate>;
  if (assertion === undefined) return undefined;
  const signed = signedProblem(statement, assertion);
  return typeof signed === 'string' ? signed : undefined;
}

function signedProblem(
  { subjects }: Statement,
  { key, rpId, enrolment: _, ...assertion }: SignedAssertion,
): string | { readonly signCount: number } {
  const challenge = Buffer.from(subjects.get('statement') ?? '', 'hex').toString('base64url');
  const checked = checkAssertion(assertion, { spki: key, challenge, rpId });
  return 'problem' in checked ? `what the person signed does not hold: ${checked.problem}` : checked;
}
