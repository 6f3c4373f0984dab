// The console: its pages, and what they ask. Each question is checked for where it comes from, then for who is signed in; what it then
// does is what the commands do. **Trust:** bodies are anybody's until a passkey has signed.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Acts } from '#domain/act-ports.ts';
import type { Approvals } from '#domain/approval-ports.ts';
import type { HttpAnswer, HttpRequest, HttpRoute } from '#domain/door-ports.ts';
import type { ConsoleSite, SignedIn } from '#domain/people-ports.ts';
import type { PersonRole } from '#domain/person.ts';
import type { ActConfirmer } from '#operations/confirm.ts';
import type { PeopleDesk } from '#people/people.ts';
import { actRoutes } from './acts.ts';
import { approvalRoutes } from './approvals.ts';
import { checkPage, checkSite } from './guard.ts';
import { CONSOLE_HEADERS, pageRoutes } from './pages.ts';
import { readSessionCookie, sessionCookie } from './session-cookie.ts';
import { createTurns } from './turns.ts';

export type ConsolePorts = {
  readonly people: PeopleDesk;
  readonly approvals: Approvals;
  readonly acts: Acts;
  /** Does what waits, once a person has signed for it. */
  readonly confirm: ActConfirmer;
  readonly site: () => ConsoleSite;
};

/** A question of a page. `signedIn`: who asks, of this role at least. @throws `SIGN_IN_NEEDED` · `ROLE_NEEDED` */
export type Asked = {
  readonly request: HttpRequest;
  readonly body: JsonObject;
  readonly signedIn: (needed: PersonRole, more?: { readonly isPoll?: boolean }) => SignedIn;
};

/** `path`: below `/console/api/`. */
export type ConsoleQuestion = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly answer: (asked: Asked) => Promise<Json> | Json;
};

export function consoleRoutes(ports: ConsolePorts): readonly HttpRoute[] {
  const inTurn = createTurns();
  const questions = [...enrolment(ports), ...approvalRoutes(ports, inTurn), ...actRoutes(ports, inTurn)];
  return [...pageRoutes(ports.site), ...questions.map((question) => routeOf(question, ports)), ...signing(ports)];
}

function routeOf({ method, path, answer }: ConsoleQuestion, ports: ConsolePorts): HttpRoute {
  return apiRoute(method, path, ports, async (asked) => ({ status: 200, body: await answer(asked) }));
}

function apiRoute(
  method: 'GET' | 'POST',
  path: string,
  { people, site }: ConsolePorts,
  handle: (asked: Asked) => Promise<HttpAnswer>,
): HttpRoute {
  return {
    ...{ method, path: `/console/api/${path}`, access: 'anyone', bodyBytesMax: LIMITS.consoleBodyBytesMax },
    handle: async (request) => {
      checkSite(request, site());
      checkPage(request, site(), method);
      const body = bodyOf(request, method);
      const signedIn: Asked['signedIn'] = (needed, more) => people.signedIn(halvesOf(request, site()), needed, more);
      const answer = await handle({ request, body, signedIn });
      return { ...answer, headers: { ...CONSOLE_HEADERS, ...answer.headers } };
    },
  };
}

/** The two halves of a session, as a request brings them. */
function halvesOf(request: HttpRequest, site: ConsoleSite): { readonly cookie?: string; readonly page?: string } {
  const cookie = readSessionCookie(request, site);
  const { page } = request.headers;
  return { ...(cookie === undefined ? {} : { cookie }), ...(page === undefined ? {} : { page }) };
}

function bodyOf({ body }: HttpRequest, method: 'GET' | 'POST'): JsonObject {
  if (method === 'GET') return {};
  if (isJsonObject(body)) return body;
  throw new SmcpError('REQUEST_INVALID', 'the body must be a JSON object', {
    details: { remedy: 'use the pages of the console' },
  });
}

const enrolment = ({ people }: ConsolePorts): readonly ConsoleQuestion[] => [
  {
    method: 'POST',
    path: 'enrolment/begin',
    answer: async ({ body, request }) => {
      const { exclude, ...options } = await people.beginEnrolment(body['invite'], request.address);
      return { ...options, exclude: [...exclude] };
    },
  },
  {
    method: 'POST',
    path: 'enrolment',
    answer: async ({ body, request }) => ({
      ...(await people.enrol(body['invite'], body['passkey'], request.address)),
    }),
  },
  {
    method: 'POST',
    path: 'sign-in/begin',
    answer: ({ request }) => people.beginSignIn(request.address),
  },
  {
    method: 'GET',
    path: 'me',
    answer: ({ signedIn }) => {
      // Asked with each look at the list, which keeps nobody signed in.
      const { person, role } = signedIn('viewer', { isPoll: true });
      const own = people.list().find(({ name }) => name === person);
      const passkeys = (own?.passkeys ?? []).map(({ credential, transports }) => ({
        credential,
        transports: [...transports],
      }));
      return { person, role, passkeys };
    },
  },
];

/** What sets the cookie, or takes it away. */
const signing = (ports: ConsolePorts): readonly HttpRoute[] => [
  apiRoute('POST', 'sign-in', ports, async ({ body, request }) => {
    const { person, role, session } = await ports.people.signIn(body['assertion'], request.address);
    const cookie = sessionCookie(session.cookie, ports.site());
    return { status: 200, body: { person, role, page: session.page }, headers: { 'set-cookie': cookie } };
  }),
  apiRoute('POST', 'sign-out', ports, async ({ request }) => {
    ports.people.signOut(halvesOf(request, ports.site()));
    const cookie = sessionCookie(undefined, ports.site());
    return { status: 200, body: {}, headers: { 'set-cookie': cookie } };
  }),
];
