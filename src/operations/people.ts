// Operations on people who sign in on the console: links to enrol a passkey, who has which, and revoking. Only for people: an agent that
// could enrol somebody could approve its own calls.

import { rfc3339 } from '#base/clock.ts';
import type { JsonObject } from '#base/json.ts';
import type { Passkey, PersonView } from '#domain/people-ports.ts';
import { aboutInvite } from './confirmed-acts.ts';
import { inputSchema, type Operation } from './operation.ts';

const text = { type: 'string' };
const name = { type: 'string', maxLength: 64, description: "The person's name, as under people in the policy." };

const personSchema: JsonObject = {
  type: 'object',
  properties: {
    name: text,
    role: {
      enum: ['viewer', 'approver', 'admin', null],
      description: 'null: the policy names them no more, so nothing is open to them.',
    },
    passkeys: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          credential: { type: 'string', description: 'What person_revoke takes.' },
          site: { type: 'string', description: 'The host that it was made for.' },
          enrolledAt: text,
          by: { type: 'string', description: 'Who made the link.' },
          record: { type: 'integer', description: 'The index of the record of its enrolment.' },
        },
        required: ['credential', 'site', 'enrolledAt', 'by', 'record'],
      },
    },
    inviteExpiresAt: { type: ['string', 'null'], description: 'Until when a link that was not used is good.' },
    sessions: { type: 'integer', description: 'How many are open on the console.' },
  },
  required: ['name', 'role', 'passkeys', 'inviteExpiresAt', 'sessions'],
};

export const peopleOperations: readonly Operation[] = [
  {
    name: 'person_invite',
    topic: 'people',
    summary: 'Makes a link by which a person of the policy enrols a passkey; it is shown once, and good once.',
    detail: 'Whoever opens the link is taken for the person. It takes the place of one that was not used.',
    command: ['person', 'invite'],
    positional: ['name'],
    method: 'POST',
    path: '/people/:name/invites',
    effect: 'write',
    isForPeople: true,
    input: inputSchema({ name }, ['name']),
    output: {
      type: 'object',
      properties: { name: text, link: text, expiresAt: text },
      required: ['name', 'link', 'expiresAt'],
    },
    subject: (input) => String(input['name']),
    check: ({ people }, input) => people.checkInvitable(String(input['name'])),
    confirm: { kind: 'person_invite', about: aboutInvite },
    run: ({ people }, input, { by }) => {
      const { link, expiresMs } = people.invite(String(input['name']), by);
      return { name: String(input['name']), link, expiresAt: rfc3339(expiresMs) };
    },
  },
  {
    name: 'person_list',
    topic: 'people',
    summary: 'Lists the people of the policy, their roles and passkeys, and who is signed in.',
    command: ['person', 'list'],
    positional: [],
    method: 'GET',
    path: '/people',
    effect: 'read',
    input: inputSchema({}),
    output: { type: 'array', items: personSchema },
    run: ({ people }) => people.list().map(personView),
  },
  {
    name: 'person_revoke',
    topic: 'people',
    summary: "Revokes a person's passkey, or all of them and the link that waits, and ends their sessions at once.",
    command: ['person', 'revoke'],
    positional: ['name', 'credential'],
    method: 'DELETE',
    path: '/people/:name/passkeys',
    effect: 'write',
    isForPeople: true,
    isStop: true,
    input: inputSchema(
      {
        name,
        credential: {
          type: 'string',
          maxLength: 1364,
          description: 'One passkey, as person_list shows it. Absent: all.',
        },
      },
      ['name'],
    ),
    output: {
      type: 'object',
      properties: { name: text, revoked: { type: 'array', items: text, description: 'The passkeys.' } },
      required: ['name', 'revoked'],
    },
    subject: ({ name: person, credential }) =>
      credential === undefined ? String(person) : `${String(person)} ${String(credential)}`,
    check: ({ people }, { name: person, credential }) =>
      people.checkRevocable(String(person), typeof credential === 'string' ? credential : undefined),
    run: async ({ people }, { name: person, credential }, { by }) => ({
      name: String(person),
      revoked: [
        ...(await people.revoke(String(person), { by, ...(typeof credential === 'string' ? { credential } : {}) })),
      ],
    }),
  },
];

function personView({ name: person, role, passkeys, inviteExpiresMs, sessions }: PersonView): JsonObject {
  return {
    name: person,
    role: role ?? null,
    passkeys: passkeys.map(passkeyView),
    inviteExpiresAt: inviteExpiresMs === undefined ? null : rfc3339(inviteExpiresMs),
    sessions,
  };
}

const passkeyView = ({ credential, rpId, enrolledMs, by, record }: Passkey): JsonObject => ({
  credential,
  site: rpId,
  enrolledAt: rfc3339(enrolledMs),
  by,
  record: record.index,
});
