// What the console asks about acts that wait for a person of the role admin to sign. **Trust:** as approvals.ts.

import { rfc3339 } from '#base/clock.ts';
import { digestHex } from '#base/digest.ts';
import type { JsonObject } from '#base/json.ts';
import type { PendingAct } from '#domain/act-ports.ts';
import type { ConsolePorts, ConsoleQuestion } from './routes.ts';
import type { Turns } from './turns.ts';

export function actRoutes({ people, acts, confirm }: ConsolePorts, inTurn: Turns): readonly ConsoleQuestion[] {
  return [
    {
      method: 'GET',
      path: 'acts',
      // As the list of approvals: asked by itself.
      answer: ({ signedIn }) => {
        signedIn('viewer', { isPoll: true });
        return acts.list().map(({ shown: _, ...act }) => actView(act));
      },
    },
    {
      method: 'GET',
      path: 'acts/:id',
      answer: ({ signedIn, request }) => {
        signedIn('viewer');
        const act = acts.get(request.params['id'] ?? '');
        return { ...actView(act), shown: act.shown };
      },
    },
    {
      method: 'POST',
      path: 'acts/:id/confirm',
      answer: ({ signedIn, request, body }) =>
        inTurn(signedIn('admin').person, async () => {
          const { person } = signedIn('admin');
          const { id, digest } = acts.get(request.params['id'] ?? '');
          const assertion = people.checkSigned(person, body['assertion'], digestHex(digest));
          await confirm(id, { person, assertion });
          return { id };
        }),
    },
    {
      method: 'POST',
      path: 'acts/:id/drop',
      answer: ({ signedIn, request }) => {
        signedIn('admin');
        return { id: acts.take(request.params['id'] ?? '').id };
      },
    },
  ];
}

/** Without the input: what it comes to is what is signed. */
function actView({ id, operation, subject, by, createdMs, expiresMs, digest }: Omit<PendingAct, 'shown'>): JsonObject {
  return { id, operation, subject, by, createdAt: rfc3339(createdMs), expiresAt: rfc3339(expiresMs), digest };
}
