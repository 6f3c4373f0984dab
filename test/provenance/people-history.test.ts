// What a verifier says of logs in which people approved calls: everything that a stranger would want to know, one thing bent at a time.

import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import { uuidv7 } from '#base/ids.ts';
import type { SignedAssertion } from '#domain/people-ports.ts';
import type { ApprovalPredicate, InvocationPredicate, PersonPredicate } from '#domain/record.ts';
import { prepareRecord } from '#provenance/prepare-record.ts';
import type { AnyDraft } from '#provenance/statement.ts';
import { createHistory } from '#provenance/verify/history.ts';
import { assertionProblem } from '#provenance/verify/people-history.ts';
import { createStatementCheck, type Statement } from '#provenance/verify/statement.ts';
import { type Authenticator, type Bend, challengeOf, createAuthenticator } from '#test/people/authenticator.ts';
import { pluginDraft, policyDraft, predicateOf } from './fixture.ts';

const times = { time: '2026-11-22T10:00:00.000Z' };
const opened: AnyDraft = { kind: 'opened', predicate: { origin: 'o/1/1', keys: [], ...times } };
const { agent, tool } = predicateOf('outcome');
const ID = '0123456789abcdef';
const STATEMENT = '{"nonce":"n","value":{"approval":"0123456789abcdef"}}';
const OTHER = '{"nonce":"n","value":{"approval":"0123456789abcdee"}}';
/** The indices of the records that come first: opened, policy, plugin. */
const FIRST = 3;
const leafOf = (index: number) => `${hash('sha256', String(index), 'base64')}`;

function enrolled(of: Authenticator, person: string, more: Partial<PersonPredicate> = {}): AnyDraft {
  const { credential, key } = of;
  const made = { person, change: 'enrolled', credential, key, rpId: 'localhost', signCount: 0, by: 'admin' } as const;
  return { kind: 'person', predicate: { ...made, ...times, ...more } };
}

type Approving = Partial<ApprovalPredicate> & {
  readonly bend?: Bend;
  readonly signed?: string;
  readonly statement?: string;
  readonly assertion?: SignedAssertion;
  readonly more?: Partial<SignedAssertion>;
};

/** `at`: the index of the enrolment. */
function approved(
  of: Authenticator,
  person: string,
  at: number,
  { bend = {}, signed = STATEMENT, statement = STATEMENT, more = {}, ...rest }: Approving = {},
): AnyDraft {
  const challenge = challengeOf(hash('sha256', signed, 'hex'));
  const assertion: SignedAssertion = {
    ...of.sign(challenge, bend),
    ...{ key: of.key, rpId: 'localhost', enrolment: { index: at, leaf: leafOf(at) }, ...more },
  };
  const asked = { approval: ID, agent, tool: tool.name, rule: 'r', expires: '2026-11-22T10:15:00.000Z' };
  const by = { kind: 'person', name: person } as const;
  return {
    kind: 'approval',
    predicate: { ...asked, decision: 'approved', by, assertion, ...times, ...rest },
    statement,
  };
}

/** An outcome of a pure tool that was let through by the approval of a record. */
function called(index: number): AnyDraft {
  const made = predicateOf('outcome', { tool: { ...tool, effect: 'pure' }, invocation: uuidv7() });
  const policy = {
    ...made.policy,
    decision: 'ask',
    approval: { id: ID, record: { index, leaf: leafOf(index) } },
  } as const;
  return { kind: 'invocation', predicate: { ...made, policy } as InvocationPredicate };
}

const check = createStatementCheck();

function statementOf(draft: AnyDraft): Statement {
  const { payload } = prepareRecord(draft, { digest: undefined });
  const value = JSON.parse(Buffer.from(payload).toString());
  if (draft.kind === 'person' || draft.kind === 'approval' || draft.kind === 'act') expect(check(value)).toEqual([]);
  const subjects = new Map<string, string>(
    value.subject.map((one: { name: string; digest: { sha256: string } }) => [one.name, one.digest.sha256]),
  );
  return { predicateType: value.predicateType, predicate: value.predicate, subjects };
}

/** The problem of the last record. All before must be sound. */
function lastProblem(...drafts: readonly AnyDraft[]): string | undefined {
  const history = createHistory();
  let last: string | undefined;
  for (const [index, draft] of [opened, policyDraft, pluginDraft, ...drafts].entries()) {
    expect(last).toBeUndefined();
    last = history.next({ index, leaf: leafOf(index), statement: statementOf(draft) });
  }
  return last;
}

describe('a log in which a person approved a call', () => {
  test('is sound when their passkey signed exactly this statement', () => {
    const ana = createAuthenticator();
    expect(lastProblem(enrolled(ana, 'ana'), approved(ana, 'ana', FIRST), called(FIRST + 1))).toBeUndefined();
  });

  test.each<[string, Approving, string]>([
    ['for another statement', { signed: OTHER }, 'signed for something else'],
    ['with another statement in its place', { statement: OTHER }, 'signed for something else'],
    ['at another site', { bend: { rpId: 'evil.example' } }, 'for another site'],
    ['on the page of another site', { bend: { origin: 'https://evil.example' } }, 'page of another site'],
    ['without making sure who it was', { bend: { flags: 0x01 } }, 'did not make sure'],
    ['without a touch', { bend: { flags: 0x04 } }, 'did not make sure'],
    ['as a sign of something else', { bend: { type: 'webauthn.create' } }, 'no signature for'],
    [
      'with a record that enrolled something else',
      { more: { enrolment: { index: 2, leaf: leafOf(2) } } },
      'not enrolled by',
    ],
    ['with a key that was not enrolled', { more: { key: createAuthenticator().key } }, 'not the one enrolled'],
    ['with another relying party named', { more: { rpId: 'example.org' } }, 'not the one enrolled'],
    ['with a credential that was not enrolled', { more: { credential: 'AAAA' } }, 'not enrolled by'],
  ])('is not when it was signed %s', (_what, bent, problem) => {
    const ana = createAuthenticator();
    expect(lastProblem(enrolled(ana, 'ana'), approved(ana, 'ana', FIRST, bent))).toContain(problem);
  });

  test('is not when another person’s passkey signed', () => {
    const [ana, ben] = [createAuthenticator(), createAuthenticator()];
    const log = [enrolled(ana, 'ana'), enrolled(ben, 'ben')];
    expect(lastProblem(...log, approved(ben, 'ana', FIRST + 1))).toContain('another person');
    expect(lastProblem(...log, approved(ben, 'ben', FIRST + 1))).toBeUndefined();
  });

  test('is not when a passkey was enrolled twice, or revoked before', () => {
    const ana = createAuthenticator();
    const revoked = enrolled(ana, 'ana', { change: 'revoked' });
    expect(lastProblem(enrolled(ana, 'ana'), enrolled(ana, 'ben'))).toContain('enrolled before');
    expect(lastProblem(enrolled(ana, 'ana'), revoked, approved(ana, 'ana', FIRST))).toContain('revoked before');
    expect(lastProblem(enrolled(ana, 'ana'), revoked, enrolled(ana, 'ana'))).toContain('enrolled before');
    expect(lastProblem(enrolled(ana, 'ana', { change: 'revoked' }))).toContain('not enrolled so');
    expect(lastProblem(enrolled(ana, 'ana'), enrolled(ana, 'ben', { change: 'revoked' }))).toContain('not enrolled so');
  });

  test('is not when a passkey counts backwards, as a copy does', () => {
    const ana = createAuthenticator();
    const log = [enrolled(ana, 'ana'), approved(ana, 'ana', FIRST, { bend: { signCount: 5 } })];
    expect(lastProblem(...log, approved(ana, 'ana', FIRST, { bend: { signCount: 6 } }))).toBeUndefined();
    expect(lastProblem(...log, approved(ana, 'ana', FIRST, { bend: { signCount: 5 } }))).toContain('counted fewer');
    const uncounted = { bend: { signCount: 0 } };
    const others = [enrolled(ana, 'ana'), approved(ana, 'ana', FIRST, uncounted)];
    expect(lastProblem(...others, approved(ana, 'ana', FIRST, uncounted))).toBeUndefined();
  });

  test.each(['authenticatorData', 'clientDataJSON', 'signature', 'key'] as const)(
    'is not when one byte of its %s is another',
    (part) => {
      const ana = createAuthenticator();
      const honest = approved(ana, 'ana', FIRST);
      const { assertion } = honest.predicate as ApprovalPredicate;
      if (assertion === undefined) throw new Error('it is signed');
      const bytes = Buffer.from(assertion[part], 'base64url');
      for (let at = 0; at < bytes.length; at += 3) {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ 1;
        const bent = { ...honest.predicate, assertion: { ...assertion, [part]: other.toString('base64url') } };
        const draft = { ...honest, predicate: bent } as AnyDraft;
        expect([at, lastProblem(enrolled(ana, 'ana'), draft)]).toEqual([at, expect.any(String)]);
        // A bundle has no enrolment: what it shows of the signature is checked by itself.
        expect([at, assertionProblem(statementOf(draft))]).toEqual([at, expect.any(String)]);
      }
      expect(assertionProblem(statementOf(honest))).toBeUndefined();
    },
  );

  test('is not when the subject of an enrolment is another key', () => {
    const ana = createAuthenticator();
    const statement = statementOf(enrolled(ana, 'ana'));
    const history = createHistory();
    history.next({ index: 0, leaf: leafOf(0), statement: statementOf(opened) });
    const bent = { ...statement, subjects: new Map([['key', sha256('x').slice(7)]]) };
    expect(history.next({ index: 1, leaf: leafOf(1), statement: bent })).toContain('not the key');
  });
});

describe('a log in which a person signed for an act', () => {
  const confirmed = (of: Authenticator, by: string, signed = STATEMENT): AnyDraft => {
    const { assertion } = approved(of, by, FIRST, { signed }).predicate as ApprovalPredicate;
    if (assertion === undefined) throw new Error('it is signed');
    const asked = { act: ID, operation: 'unfreeze', subject: 'every freeze', expires: '2026-11-22T10:15:00.000Z' };
    return { kind: 'act', predicate: { ...asked, by, assertion, ...times }, statement: STATEMENT };
  };

  test('is sound when their passkey signed exactly this, and not otherwise', () => {
    const ben = createAuthenticator();
    expect(lastProblem(enrolled(ben, 'ben'), confirmed(ben, 'ben'))).toBeUndefined();
    expect(lastProblem(enrolled(ben, 'ben'), confirmed(ben, 'ben', OTHER))).toContain('signed for something else');
    expect(lastProblem(enrolled(ben, 'ben'), confirmed(ben, 'ana'))).toContain('another person');
    expect(lastProblem(confirmed(ben, 'ben'))).toContain('not enrolled');
    expect(assertionProblem(statementOf(confirmed(ben, 'ben', OTHER)))).toContain('signed for something else');
  });
});

describe('a log in which two people had to approve', () => {
  const [ana, ben] = [createAuthenticator(), createAuthenticator()];
  const log = [enrolled(ana, 'ana'), enrolled(ben, 'ben')];
  const receipt = (index: number) => ({ index, leaf: leafOf(index) });
  const needs = (...before: readonly number[]) => ({ approvers: { needed: 2, before: before.map(receipt) } });
  const [FIRST_YES, SECOND_YES] = [FIRST + 2, FIRST + 3];
  const count = (signCount: number): Approving => ({ bend: { signCount } });

  test('is sound when each approved the same statement', () => {
    const both = [
      approved(ana, 'ana', FIRST, { ...needs(), ...count(10) }),
      approved(ben, 'ben', FIRST + 1, { ...needs(FIRST_YES), ...count(10) }),
    ];
    expect(lastProblem(...log, ...both, called(SECOND_YES))).toBeUndefined();
  });

  test('is not when the call names the first of them', () => {
    const one = approved(ana, 'ana', FIRST, { ...needs(), ...count(20) });
    expect(lastProblem(...log, one, called(FIRST_YES))).toContain('fewer people');
  });

  test.each<[string, () => AnyDraft, string]>([
    ['one person counts twice', () => approved(ana, 'ana', FIRST, { ...needs(FIRST_YES), ...count(40) }), 'twice'],
    [
      'the other approved another statement',
      () => approved(ben, 'ben', FIRST + 1, { ...needs(FIRST_YES), ...count(40), statement: OTHER, signed: OTHER }),
      'for the same call',
    ],
    [
      'the other never approved',
      () => approved(ben, 'ben', FIRST + 1, { ...needs(2), ...count(41) }),
      'not given before',
    ],
    [
      'the number is another',
      () => approved(ben, 'ben', FIRST + 1, { approvers: { needed: 3, before: [receipt(FIRST_YES)] }, ...count(42) }),
      'under another rule',
    ],
  ])('is not when %s', (_what, second, problem) => {
    const first = approved(ana, 'ana', FIRST, { ...needs(), ...count(30) });
    expect(lastProblem(...log, first, second())).toContain(problem);
  });
});
