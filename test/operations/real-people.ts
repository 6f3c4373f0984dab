// People over a store in memory, for a console at localhost.

import { systemClock } from '#base/clock.ts';
import type { People } from '#domain/person.ts';
import type { RecordLog } from '#domain/ports.ts';
import { createPeople } from '#people/people.ts';
import { createInviteStore, createPasskeyStore } from '#store/people-rows.ts';
import type { Database } from '#store/sqlite.ts';

export const SITE = { origin: 'http://localhost:8000', rpId: 'localhost', isSecure: false };

export function createRealPeople(
  database: Database,
  { log, people, clock = systemClock }: { log: RecordLog; people: () => People; clock?: typeof systemClock },
) {
  const stores = { passkeys: createPasskeyStore(database), invites: createInviteStore(database) };
  return createPeople({ ...stores, log, clock, people, site: () => SITE });
}
