// Passkeys of people and the links by which they are enrolled, behind their ports. No secret is here: keys are public, links hashed.

import type { Invite, InviteStore, Passkey, PasskeyStore } from '#domain/people-ports.ts';
import { type Database, textOf } from './sqlite.ts';

/** Rows as JSON text, in the order in which they were put. **Durability:** each write is on disk when it returns. */
export function createPasskeyStore(database: Database): PasskeyStore {
  const list = database.prepare('SELECT passkey FROM passkey ORDER BY rowid');
  const put = database.prepare('INSERT INTO passkey (credential, passkey) VALUES (?, ?)');
  const count = database.prepare(
    "UPDATE passkey SET passkey = json_set(passkey, '$.signCount', ?) WHERE credential = ?",
  );
  // The first revocation stands.
  const revoke = database.prepare(
    "UPDATE passkey SET passkey = json_insert(passkey, '$.revokedMs', ?) WHERE credential = ?",
  );
  return {
    list: () => list.all().map((row) => JSON.parse(textOf(row, 'passkey')) as Passkey),
    put: (passkey) => void put.run(passkey.credential, JSON.stringify(passkey)),
    count: (credential, signCount) => void count.run(signCount, credential),
    revoke: (credential, revokedMs) => void revoke.run(revokedMs, credential),
  };
}

/** As above; one row for each person. */
export function createInviteStore(database: Database): InviteStore {
  const list = database.prepare('SELECT invite FROM invite ORDER BY rowid');
  const put = database.prepare('INSERT OR REPLACE INTO invite (person, hash, invite) VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM invite WHERE hash = ?');
  return {
    list: () => list.all().map((row) => JSON.parse(textOf(row, 'invite')) as Invite),
    put: (invite) => void put.run(invite.person, invite.hash, JSON.stringify(invite)),
    remove: (hash) => void remove.run(hash),
  };
}
