// What the console asks about calls that wait to be approved. It shows what `smcp approvals` shows; a person decides, and signs what
// they approve. **Trust:** who asks is settled by their session, what they approve by what their passkey signed.

import { digestHex } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { PersonApprover } from '#domain/approval-ports.ts';
import type { SignedIn } from '#domain/people-ports.ts';
import { requestView } from '#operations/request-views.ts';
import type { ConsolePorts, ConsoleQuestion } from './routes.ts';
import type { Turns } from './turns.ts';

export function approvalRoutes({ people, approvals }: ConsolePorts, inTurn: Turns): readonly ConsoleQuestion[] {
  const view = (id: string) => requestView(approvals.get(id), approvals.argsJson(id));
  const approver = ({ person, role }: SignedIn): PersonApprover => ({ kind: 'person', name: person, role });
  return [
    {
      method: 'GET',
      path: 'approvals',
      // Asked again and again by a page that lies open: it keeps nobody signed in.
      answer: ({ signedIn }) => {
        signedIn('viewer', { isPoll: true });
        return approvals.list().map((request) => requestView(request, undefined));
      },
    },
    {
      method: 'GET',
      path: 'approvals/:id',
      answer: ({ signedIn, request }) => {
        signedIn('viewer');
        return view(request.params['id'] ?? '');
      },
    },
    {
      method: 'POST',
      path: 'approvals/:id/approve',
      answer: ({ signedIn, request, body }) =>
        inTurn(signedIn('approver').person, async () => {
          const who = signedIn('approver');
          const { id, digest } = approvals.get(request.params['id'] ?? '');
          approvals.checkOpen(id);
          const assertion = people.checkSigned(who.person, body['assertion'], digestHex(digest));
          await approvals.approve(id, { digest, by: { ...approver(who), assertion } });
          return view(id);
        }),
    },
    {
      method: 'POST',
      path: 'approvals/:id/deny',
      answer: async ({ signedIn, request, body }) => {
        const who = signedIn('approver');
        const why = readWhy(body['why']);
        const { id } = approvals.get(request.params['id'] ?? '');
        await approvals.deny(id, { by: approver(who), ...(why === undefined ? {} : { why }) });
        return view(id);
      },
    },
  ];
}

/** Undefined where nothing was said. @throws `REQUEST_INVALID` */
function readWhy(why: unknown): string | undefined {
  if (why === undefined || why === '') return undefined;
  if (typeof why === 'string' && why.length <= LIMITS.approvalWhyLengthMax) return why;
  throw new SmcpError('REQUEST_INVALID', `the reason has at most ${LIMITS.approvalWhyLengthMax} characters`, {
    details: { remedy: 'say it shorter' },
  });
}
