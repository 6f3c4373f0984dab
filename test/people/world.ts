// People over a store in memory, a policy that a test changes, a clock that it moves, and a log that keeps every draft.

import { SmcpError } from '#base/errors.ts';
import type { PersonName, PersonRole } from '#domain/person.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { RecordDraft } from '#domain/record.ts';
import { createClock } from '#test/approvals/world.ts';
import { createRealPeople } from '#test/operations/real-people.ts';
import { type Authenticator, createAuthenticator, type KeyKind } from './authenticator.ts';
import { createBareDatabase } from './bare-database.ts';

export const ANA = 'ana' as PersonName;
export const BEN = 'ben' as PersonName;
const ADDRESS = '127.0.0.1';

export function createWorld() {
  const database = createBareDatabase();
  const drafts: RecordDraft[] = [];
  const state = { isDiskFull: false, beforeAppend: async () => {} };
  const named = new Map<PersonName, PersonRole>([
    [ANA, 'approver'],
    [BEN, 'admin'],
  ]);
  const log = {
    append: async (draft) => {
      await state.beforeAppend();
      if (state.isDiskFull) throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
      drafts.push(draft);
      return { index: drafts.length - 1, leaf: `leaf-${drafts.length - 1}` };
    },
  } satisfies RecordLog;
  const time = createClock();
  const open = () => createRealPeople(database, { log, people: () => named, clock: time.clock });
  const people = open();
  const secretOf = (name: string) => people.invite(name, 'admin').link.split('#')[1] ?? '';

  /** Enrols a passkey for somebody. */
  const enrol = async (name: string, kind?: KeyKind): Promise<Authenticator> => {
    const secret = secretOf(name);
    const authenticator = createAuthenticator(kind);
    const { challenge } = await people.beginEnrolment(secret, ADDRESS);
    await people.enrol(secret, authenticator.make(challenge), ADDRESS);
    return authenticator;
  };
  const signIn = async (authenticator: Authenticator) => {
    const { challenge } = people.beginSignIn(ADDRESS);
    return people.signIn(authenticator.sign(challenge), ADDRESS);
  };
  return { people, restart: open, named, drafts, state, time, secretOf, enrol, signIn, database };
}
