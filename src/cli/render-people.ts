// People of the policy, their passkeys and links, as text for a person. **Trust:** as in render.ts.

import type { JsonObject } from '#base/json.ts';
import { list, plural, str, table } from './render.ts';

export function invitedText({ name, link, expiresAt }: JsonObject): string {
  return `${str(link)}\n\nThis is the only time it is shown. Whoever opens it is taken for ${str(name)}; good once, until ${str(expiresAt)}\n`;
}

/** A line for each person, and below it one for each passkey. */
export function peopleText(people: readonly JsonObject[]): string {
  const rows = people.flatMap(({ name, role, passkeys, inviteExpiresAt, sessions }) => [
    [
      str(name),
      role === null ? 'NOT IN THE POLICY' : str(role),
      sessions === 0 ? 'not signed in' : `signed in: ${plural(Number(sessions), 'session')}`,
      inviteExpiresAt === null ? '' : `a link waits until ${str(inviteExpiresAt)}`,
    ],
    ...list(passkeys).map(({ credential, site, enrolledAt, by }) => [
      '',
      `passkey ${str(credential)}`,
      `for ${str(site)}`,
      `since ${str(enrolledAt)}, link by ${str(by)}`,
    ]),
  ]);
  return table(rows, 'the policy names no people: docs/people.md says how');
}

export function revokedText({ name, revoked }: JsonObject): string {
  const passkeys = Array.isArray(revoked) ? revoked : [];
  return `${str(name)}: ${passkeys.length === 0 ? 'had no passkey' : `revoked ${passkeys.map(str).join(', ')}`}; sessions are ended\n`;
}
