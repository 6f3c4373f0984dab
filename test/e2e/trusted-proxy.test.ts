// A whole server behind a proxy: failed attempts to sign in are counted for each client where the proxy is named, and cannot be counted for
// somebody else by a header where it is not.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { App } from '#app.ts';
import { LIMITS } from '#base/limits.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { startInProcess } from './in-process.ts';
import { temporaryFolder } from './server.ts';

let app: App | undefined;
const folder = temporaryFolder();
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(name: string, server: string) {
  const directory = join(folder.path, name);
  mkdirSync(directory, { mode: 0o700 });
  const home = homeAt(directory);
  prepareHome(home);
  writeFileSync(home.config, `version: 1\nserver: ${server}\n`, { mode: 0o600 });
  app = await startInProcess(home, productPluginsDirectory());
  const { url } = app;
  const origin = `http://localhost:${new URL(url).port}`;
  /** An attempt with nothing that could be good; the code of its refusal. */
  const attempt = async (forwardedFor: string): Promise<string> => {
    const answer = await fetch(`${origin}/console/api/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin, 'x-forwarded-for': forwardedFor },
      body: '{}',
    });
    const { error } = (await answer.json()) as { readonly error: { readonly code: string } };
    return error.code;
  };
  const fail = async (from: (index: number) => string) => {
    const codes: string[] = [];
    for (let index = 0; index < LIMITS.consoleFailuresMax; index += 1) codes.push(await attempt(from(index)));
    return new Set(codes);
  };
  return { attempt, fail };
}

describe('failed attempts', () => {
  test('behind a proxy that is named shut out the client that made them, and nobody else', async () => {
    const { attempt, fail } = await start('named', '{ trustProxy: [127.0.0.1, "::1"] }');
    expect(await fail(() => '203.0.113.9')).not.toContain('TOO_MANY_ATTEMPTS');
    expect(await attempt('203.0.113.9')).toBe('TOO_MANY_ATTEMPTS');
    expect(await attempt('198.51.100.7')).not.toBe('TOO_MANY_ATTEMPTS');
    // What the client itself wrote stands in front of what the proxy added.
    expect(await attempt('198.51.100.8, 203.0.113.9')).toBe('TOO_MANY_ATTEMPTS');
  });

  test('of a client that invents an address for each are counted all the same, where it is no proxy that is named', async () => {
    const { attempt, fail } = await start('other', '{ trustProxy: [10.0.0.0/8] }');
    expect(await fail((index) => `203.0.113.${index}`)).not.toContain('TOO_MANY_ATTEMPTS');
    expect(await attempt('198.51.100.7')).toBe('TOO_MANY_ATTEMPTS');
  });

  test('are not counted for anybody else by naming their address, where no proxy is named', async () => {
    const { attempt, fail } = await start('none', '{}');
    expect(await fail((index) => `203.0.113.${index}`)).not.toContain('TOO_MANY_ATTEMPTS');
    expect(await attempt('198.51.100.7')).toBe('TOO_MANY_ATTEMPTS');
  });
});

describe('a list of proxies', () => {
  test.each<[string, string, string]>([
    ['everybody', '0.0.0.0/0', '/server/trustProxy/0 is everybody'],
    ['everybody of IPv6', '"::/0"', '/server/trustProxy/0 is everybody'],
    ['a network that is none', '10.0.0.0/33', '/server/trustProxy/0 is no network'],
    ['an address that is none', '10.0.0.256', '/server/trustProxy/0 is no address'],
    ['two slashes', '10.0.0.0/8/8', '/server/trustProxy/0 is no address'],
  ])('with %s stops the start', async (name, entry, message) => {
    await expect(start(`bad ${name}`, `{ trustProxy: [${entry}] }`)).rejects.toThrow(message);
  });
});
