// The self-test of the start, over doors that hold and over doors that don't.

import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { testConsole, testGateway, testSocket, testUnguarded } from '#app/self-test.ts';
import { systemClock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { type ConsolePorts, consoleRoutes } from '#console/routes.ts';
import type { HttpRoute } from '#domain/door-ports.ts';
import { createGateway, type Gateway } from '#gateway/server.ts';
import { createDoor, fakeAuthenticator } from '#test/gateway/fakes.ts';
import { createSocketDoor, type TestSocketDoor } from '#test/stdio/door.ts';

const route = (access: HttpRoute['access'], path = '/admin/v1/open'): HttpRoute => ({
  method: 'GET',
  path,
  access,
  handle: () => ({ status: 200, body: {} }),
});

describe('over HTTP', () => {
  test('passes where every route that needs a token asks for one', async () => {
    const { gateway } = createDoor({ routes: [route('admin'), route('principal', '/admin/v1/agents/:name')] });
    await expect(testGateway(gateway)).resolves.toBeUndefined();
    await gateway.close();
  });

  test('tries every route that is not for anyone, each door of agents among them', async () => {
    const { gateway } = createDoor({ routes: [route('principal'), route('anyone', '/open')] });
    const tried = new Set(gateway.guarded().map(({ method, path }) => `${method} ${path}`));
    for (const name of ['POST /mcp', 'GET /mcp', 'GET /sse', 'POST /messages/', 'GET /admin/v1/open']) {
      expect(tried).toContain(name);
    }
    expect(tried).not.toContain('GET /open');
    expect(tried).not.toContain('GET /healthz');
    await gateway.close();
  });

  test('is not passed by a gateway that takes whoever shows any token', async () => {
    const authenticate = () => ({ kind: 'admin', tokenId: 'admin' }) as const;
    const { dispatcher, catalog, policy, logger } = createDoor();
    const authenticator = { ...fakeAuthenticator(), authenticate };
    const broken = createGateway(
      { authenticator, dispatcher, catalog, policy, logger, clock: systemClock },
      { host: '127.0.0.1', port: 0, names: [], version: '1.2.3', routes: [], isReady: () => true },
    );
    await expect(testGateway(broken)).rejects.toMatchObject({
      code: 'SELF_TEST_FAILED',
      message: expect.stringContaining('to an invented token'),
    });
    await broken.close();
  });

  test.each([
    ['no token', (headers: Headers) => !('authorization' in headers) && !('x-api-key' in headers)],
    ['an invented token as X-API-Key', (headers: Headers) => 'x-api-key' in headers],
    ['an unsigned access token', (headers: Headers) => headers['authorization']?.includes('.') === true],
    ['a strange host', (headers: Headers) => 'host' in headers],
    ['a strange origin', (headers: Headers) => 'origin' in headers],
  ])('is not passed by one route that answers to %s', async (what, isLetIn) => {
    const { gateway } = createDoor();
    const { attempt } = gateway;
    const broken = {
      guarded: gateway.guarded,
      attempt: async (asked: Parameters<typeof attempt>[0]) =>
        asked.path === gateway.guarded()[0]?.path && isLetIn(asked.headers) ? 200 : attempt(asked),
    };
    await expect(testGateway(broken)).rejects.toMatchObject({
      code: 'SELF_TEST_FAILED',
      message: expect.stringContaining(what),
    });
    await gateway.close();
  });

  test('is not passed by a gateway without any route that asks', async () => {
    await expect(testGateway({ guarded: () => [], attempt: async () => 401 })).rejects.toMatchObject({
      code: 'SELF_TEST_FAILED',
    });
  });
});

type Headers = { readonly [name: string]: string };

describe('of the console', () => {
  const ORIGIN = 'http://localhost:8000';
  const refused = ['GET', 'POST'].map((method) => ({ method, path: '/console/api/approvals/x/approve' }));
  const open = { method: 'POST', path: '/console/api/sign-in/begin' };

  test('asks as a page of its own does, without a session and with an invented one, and passes where both are refused', async () => {
    const asked: string[] = [];
    const attempt: Gateway['attempt'] = async ({ method, path, headers, body }) => {
      expect(headers).toMatchObject({ host: 'localhost:8000', origin: ORIGIN });
      asked.push(`${method} ${path} ${headers['cookie'] === undefined ? 'nobody' : 'invented'} ${body ?? ''}`);
      return 401;
    };
    await testConsole({ unguarded: () => [...refused, open, { method: 'GET', path: '/healthz' }], attempt }, ORIGIN);
    expect(asked).toEqual([
      'GET /console/api/approvals/x/approve nobody ',
      'GET /console/api/approvals/x/approve invented ',
      'POST /console/api/approvals/x/approve nobody {}',
      'POST /console/api/approvals/x/approve invented {}',
    ]);
  });

  test.each(['nobody', 'an invented session'])('is not passed where %s is answered', async (who) => {
    const attempt: Gateway['attempt'] = async ({ headers }) =>
      (headers['cookie'] === undefined) === (who === 'nobody') ? 200 : 401;
    await expect(testConsole({ unguarded: () => refused, attempt }, ORIGIN)).rejects.toMatchObject({
      code: 'SELF_TEST_FAILED',
      message: expect.stringContaining(who),
    });
  });

  test('comes to the question who is signed in: the console itself says that nobody is', async () => {
    const site = () => ({ origin: ORIGIN, rpId: 'localhost', isSecure: false });
    const people = {
      signedIn: () => {
        throw new SmcpError('SIGN_IN_NEEDED', 'nobody is signed in');
      },
    };
    const { gateway } = createDoor({ routes: consoleRoutes({ people, site } as unknown as ConsolePorts) });
    const statuses: number[] = [];
    const attempt: Gateway['attempt'] = async (asked) => {
      const status = await gateway.attempt(asked);
      statuses.push(status);
      return status;
    };
    await testConsole({ unguarded: gateway.unguarded, attempt }, ORIGIN);
    expect(statuses.length).toBeGreaterThanOrEqual(10);
    expect(new Set(statuses)).toEqual(new Set([401]));
    await gateway.close();
  });
});

describe('of routes that ask for no token', () => {
  const asking = (...paths: readonly string[]) => ({ unguarded: () => paths.map((path) => ({ method: 'GET', path })) });
  const known = ['/healthz', '/readyz', '/console/', '/console/api/x', '/.well-known/oauth-protected-resource/mcp'];

  test('passes where they are those that are for anyone', () => {
    expect(() => testUnguarded(asking(...known), { hasPublicLog: false })).not.toThrow();
    expect(() => testUnguarded(asking('/log/checkpoint'), { hasPublicLog: true })).not.toThrow();
  });

  test.each([
    ...['/mcp', '/sse', '/messages/', '/admin/v1/policy', '/oauth/token', '/metrics', '/log/checkpoint'],
    ...['/consoles', '/healthz/x', '/.well-known/oauth-protected-resources'],
  ])('is not passed where %s is one of them', (path) => {
    expect(() => testUnguarded(asking(...known, path), { hasPublicLog: false })).toThrow(
      `GET ${path} asks for no token`,
    );
  });
});

describe('of the socket in the home', () => {
  let opened: TestSocketDoor | undefined;
  afterEach(() => opened?.remove());

  test('passes where a stranger is turned away', async () => {
    opened = createSocketDoor();
    await opened.door.listen();
    await expect(testSocket(opened.socket)).resolves.toBeUndefined();
    expect(opened.dispatcher.requests).toEqual([]);
  });

  test('is not passed where an agent is welcomed that no policy can name', async () => {
    opened = createSocketDoor();
    // The door itself refuses the reserved name, also where the policy would have it; so this is another one.
    const mask = process.umask(0o177);
    const welcoming = createServer((socket) => void socket.resume().end('{"smcp":1,"agent":"smcp"}\n'));
    await new Promise<void>((resolve) => void welcoming.listen(opened?.socket, resolve));
    process.umask(mask);
    await expect(testSocket(opened.socket)).rejects.toMatchObject({ code: 'SELF_TEST_FAILED' });
    await new Promise((resolve) => welcoming.close(resolve));
  });

  test('is not passed where there is no socket', async () => {
    opened = createSocketDoor();
    await expect(testSocket(opened.socket)).rejects.toMatchObject({ code: 'SELF_TEST_FAILED' });
  });
});
