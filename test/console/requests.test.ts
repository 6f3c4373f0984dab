// What the console answers to requests that no page of its own makes: other sites, other ports, halves of sessions, tokens of agents.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectStreamable, errorOf } from '#test/e2e/clients.ts';
import { createAuthenticator } from '#test/people/authenticator.ts';
import { type ConsoleWorld, callTool, requestFor, startConsoleWorld } from './world.ts';

type Headers = Record<string, string>;
type Answer = {
  readonly status: number;
  readonly body: { readonly [name: string]: unknown };
  readonly headers: Headers;
};

let world: ConsoleWorld;
beforeAll(async () => {
  world = await startConsoleWorld();
});
afterAll(() => world.end());

/** As a program sends it: a browser would let nobody choose Host, Origin and Cookie. */
async function send(method: string, path: string, headers: Headers = {}, body?: unknown): Promise<Answer> {
  const { request } = await import('node:http');
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { hostname, port } = new URL(world.server.url);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const own = { host: `localhost:${port}`, ...(text === undefined ? {} : { 'content-type': 'application/json' }) };
  const asked = request({ hostname, port, method, path, headers: { ...own, ...headers } }, async (response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    const given = Buffer.concat(chunks).toString();
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    const names = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
    resolve({
      status: response.statusCode ?? 0,
      body: isJson ? JSON.parse(given) : { text: given },
      headers: Object.fromEntries(names),
    });
  });
  asked.on('error', reject).end(text);
  return promise;
}
const api = (method: string, path: string, headers: Headers = {}, body?: unknown) =>
  send(method, `/console/api/${path}`, { ...(method === 'POST' ? { origin: world.origin } : {}), ...headers }, body);
const codeOf = ({ body }: Answer) => (body['error'] as { readonly code: string } | undefined)?.code;

/** Enrols and signs in without a browser: the halves of the session, as headers. */
async function signIn(name: string) {
  const { link } = (await world.server.json('person', 'invite', name)) as { readonly link: string };
  const invite = link.split('#')[1];
  const authenticator = createAuthenticator();
  const bend = { origin: world.origin };
  const begun = await api('POST', 'enrolment/begin', {}, { invite });
  await api('POST', 'enrolment', {}, { invite, passkey: authenticator.make(String(begun.body['challenge']), bend) });
  const { body } = await api('POST', 'sign-in/begin', {}, {});
  const answer = await api('POST', 'sign-in', {}, { assertion: authenticator.sign(String(body['challenge']), bend) });
  const cookie = answer.headers['set-cookie']?.split(';')[0] ?? '';
  return {
    session: { cookie, 'x-smcp-page': String(answer.body['page']) },
    cookieText: answer.headers['set-cookie'],
    authenticator,
    bend,
  };
}

describe('the pages', () => {
  test.each(['/console/', '/console/enroll', '/console/approvals', '/console/main.js', '/console/console.css'])(
    '%s may not be framed, runs nothing from elsewhere and no text as markup',
    async (path) => {
      const { status, headers } = await send('GET', path);
      expect(status).toBe(200);
      const policy = headers['content-security-policy'];
      for (const part of [
        "default-src 'none'",
        "frame-ancestors 'none'",
        "script-src 'self'",
        "require-trusted-types-for 'script'",
      ]) {
        expect(policy).toContain(part);
      }
      expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
      expect(headers).toMatchObject({
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
    },
  );

  test('hold no script and no style of their own', async () => {
    for (const path of ['/console/', '/console/enroll', '/console/approvals']) {
      expect((await send('GET', path)).body['text']).not.toMatch(
        /<script(?! type="module" src=)|<style| style=| on[a-z]+=/,
      );
    }
  });

  test('under an address say where the console is, since no passkey works there', async () => {
    const port = new URL(world.server.url).port;
    const { status, body } = await send('GET', '/console/', { host: `127.0.0.1:${port}` });
    expect([status, String(body['text'])]).toEqual([421, expect.stringContaining(`${world.origin}/console/`)]);
    expect(codeOf(await api('GET', 'me', { host: `127.0.0.1:${port}` }))).toBe('CONSOLE_ELSEWHERE');
  });
});

describe('a session', () => {
  test('has a cookie that no script reads and no other site is sent', async () => {
    const { cookieText, session } = await signIn('ana');
    expect(cookieText).toMatch(/; Path=\/console\/; HttpOnly; SameSite=Strict$/);
    expect((await api('GET', 'me', session)).body).toMatchObject({ person: 'ana', role: 'approver' });
  });

  test('of which somebody has the cookie alone, as a server on another port of this host has, opens nothing', async () => {
    const { session } = await signIn('ana');
    expect(codeOf(await api('GET', 'me', { cookie: session.cookie }))).toBe('SIGN_IN_NEEDED');
    expect(codeOf(await api('GET', 'me', { 'x-smcp-page': session['x-smcp-page'] }))).toBe('SIGN_IN_NEEDED');
    expect(codeOf(await api('GET', 'me', { ...session, cookie: `${session.cookie}; ${session.cookie}` }))).toBe(
      'SIGN_IN_NEEDED',
    );
    expect(codeOf(await api('GET', 'me', session))).toBeUndefined();
  });

  test.each([
    ['another site', 'https://evil.example'],
    ['another port of this host', 'http://localhost:3000'],
    ['a page without an origin', 'null'],
    ['the address of this server', 'http://127.0.0.1'],
  ])('is of no use to a page of %s', async (_what, origin) => {
    const { session } = await signIn('ana');
    for (const path of ['sign-out', 'approvals/x/deny']) {
      expect(codeOf(await api('POST', path, { ...session, origin }, {}))).toBe('ORIGIN_REFUSED');
    }
    expect(codeOf(await api('GET', 'me', { ...session, origin }))).toBe('ORIGIN_REFUSED');
    expect(codeOf(await api('POST', 'sign-out', session, {}))).toBeUndefined();
  });

  test('is of no use in a form, which is no JSON, and without an Origin', async () => {
    const { session } = await signIn('ana');
    const form = await send(
      'POST',
      '/console/api/sign-out',
      { ...session, origin: world.origin, 'content-type': 'text/plain' },
      {},
    );
    expect(form.status).toBe(400);
    expect(codeOf(await send('POST', '/console/api/sign-out', session, {}))).toBe('ORIGIN_REFUSED');
    expect(codeOf(await api('GET', 'me', session))).toBeUndefined();
  });

  test('opens nothing of the administration, and no token opens the console', async () => {
    const { session } = await signIn('ana');
    expect((await send('GET', '/admin/v1/approvals', session)).status).toBe(401);
    expect(codeOf(await api('GET', 'approvals', { authorization: `Bearer ${world.token}` }))).toBe('SIGN_IN_NEEDED');
  });

  test('ends when its person is revoked, while it is open', async () => {
    const { session } = await signIn('cleo');
    expect((await api('GET', 'approvals', session)).status).toBe(200);
    expect((await world.server.smcp('person', 'revoke', 'cleo')).code).toBe(0);
    expect(codeOf(await api('GET', 'approvals', session))).toBe('SIGN_IN_NEEDED');
  });

  test('takes no body that is longer than an assertion', async () => {
    expect((await api('POST', 'sign-in', {}, { assertion: 'x'.repeat(64 * 1024) })).status).toBe(413);
  });
});

describe('an approval', () => {
  const hex = (digest: string) => Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64url');

  test('takes a signature over this request; a viewer decides nothing', async () => {
    const { ended } = await callTool(world, 'demo_text__slugify', { title: 'One' });
    const { id, digest } = await requestFor(world.server, 'demo_text__slugify');
    const other = await callTool(world, 'demo_text__echo', { message: 'two' });
    const second = await requestFor(world.server, 'demo_text__echo');
    const [ana, ben, cleo] = [await signIn('ana'), await signIn('ben'), await signIn('cleo')];
    const approve = (who: typeof ana, of: string, by = who, request = id) =>
      api('POST', `approvals/${request}/approve`, who.session, { assertion: by.authenticator.sign(hex(of), by.bend) });
    expect(codeOf(await api('POST', `approvals/${id}/approve`, ana.session, {}))).toBe('PASSKEY_REFUSED');
    expect(codeOf(await approve(ana, second.digest))).toBe('PASSKEY_REFUSED');
    expect(codeOf(await approve(ana, digest, ben))).toBe('PASSKEY_REFUSED');
    expect(codeOf(await approve(cleo, digest))).toBe('ROLE_NEEDED');
    expect(codeOf(await api('POST', `approvals/${id}/deny`, cleo.session, {}))).toBe('ROLE_NEEDED');
    expect(codeOf(await approve(ben, digest))).toBe('APPROVAL_NEEDS_PERSON');
    expect((await world.server.smcp('approvals', 'approve', id, '--digest', digest)).stderr).toContain(
      'APPROVAL_NEEDS_PERSON',
    );
    expect((await approve(ana, digest)).body).toMatchObject({ by: 'ana' });
    expect(await ended).toBe('value');
    expect(codeOf(await approve(ana, digest))).toBe('APPROVAL_DECIDED');
    expect((await api('POST', `approvals/${second.id}/deny`, ana.session, { why: 'no' })).body).toMatchObject({
      state: 'denied',
      by: 'ana',
      why: 'no',
    });
    expect(await other.ended).toBe('APPROVAL_DENIED');
  });

  test('is asked for with a link that the agent can hand on', async () => {
    const client = await connectStreamable(world.server.url, world.token);
    const { code, details } = errorOf(await client.call('demo_text__hash_preview', { text: 'a' }));
    await client.close();
    const { id, remedy } = details as { readonly id: string; readonly remedy: string };
    expect([code, remedy]).toEqual([
      'APPROVAL_PENDING',
      expect.stringContaining(`${world.origin}/console/approvals#${id} (one of ana)`),
    ]);
    await world.server.smcp('approvals', 'deny', id);
  });

  test('of somebody who is revoked before the call comes back lets nothing begin; the log proves the next one', async () => {
    const client = await connectStreamable(world.server.url, world.token);
    const call = async () => {
      const answer = await client.call('demo_text__hash_preview', { text: 'b' });
      return answer.isError === true ? errorOf(answer).code : 'value';
    };
    expect(await call()).toBe('APPROVAL_PENDING');
    const { id, digest } = await requestFor(world.server, 'demo_text__hash_preview');
    const approve = async () => {
      const { session, authenticator, bend } = await signIn('ana');
      return api('POST', `approvals/${id}/approve`, session, { assertion: authenticator.sign(hex(digest), bend) });
    };
    expect((await approve()).body).toMatchObject({ state: 'approved', by: 'ana' });
    expect((await world.server.smcp('person', 'revoke', 'ana')).code).toBe(0);
    expect(await call()).toBe('APPROVAL_PENDING');
    expect(await world.server.json('approvals', 'show', id)).toMatchObject({ state: 'pending', by: null });
    expect((await approve()).body).toMatchObject({ state: 'approved', by: 'ana' });
    expect(await call()).toBe('value');
    await client.close();
    expect((await world.server.smcp('log', 'verify')).code).toBe(0);
  });

  test('of two people takes both; and the log proves both', async () => {
    const { ended } = await callTool(world, 'demo_text__word_count', { text: 'a b' });
    const { id, digest } = await requestFor(world.server, 'demo_text__word_count');
    const [ana, ben] = [await signIn('ana'), await signIn('ben')];
    const approve = ({ session, authenticator, bend }: typeof ana) =>
      api('POST', `approvals/${id}/approve`, session, { assertion: authenticator.sign(hex(digest), bend) });
    expect((await approve(ana)).body).toMatchObject({ state: 'pending', approvers: { needed: 2, approved: ['ana'] } });
    expect(codeOf(await approve(ana))).toBe('APPROVAL_NEEDS_PERSON');
    expect((await approve(ben)).body).toMatchObject({ approvers: { approved: ['ana', 'ben'] } });
    expect(await ended).toBe('value');
    expect((await world.server.smcp('log', 'verify')).code).toBe(0);
  });
});
