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
  /** How many failed before one was not even looked at. On a slow machine a window ends among them, and they are counted anew. */
  const failuresUntilShutOut = async (from: (index: number) => string): Promise<number> => {
    for (let index = 0; ; index += 1) if ((await attempt(from(index))) === 'TOO_MANY_ATTEMPTS') return index;
  };
  return { attempt, failuresUntilShutOut };
}

const MOST = LIMITS.consoleFailuresMax;
/** Another one each time. */
const invented = (index: number) => `198.18.${index >> 8}.${index & 255}`;

describe('failed attempts', () => {
  test('behind a proxy that is named shut out the client that made them, and nobody else', async () => {
    const { attempt, failuresUntilShutOut } = await start('named', '{ trustProxy: [127.0.0.1, "::1"] }');
    expect(await failuresUntilShutOut(() => '203.0.113.9')).toBeGreaterThanOrEqual(MOST);
    expect(await attempt('198.51.100.7')).not.toBe('TOO_MANY_ATTEMPTS');
    // What the client itself wrote stands in front of what the proxy added: it is the same client.
    expect(await failuresUntilShutOut((index) => `${invented(index)}, 203.0.113.10`)).toBeGreaterThanOrEqual(MOST);
  });

  test('of a client that invents an address for each are counted all the same, where it is no proxy that is named', async () => {
    const { failuresUntilShutOut } = await start('other', '{ trustProxy: [10.0.0.0/8] }');
    expect(await failuresUntilShutOut(invented)).toBeGreaterThanOrEqual(MOST);
  });

  test('are not counted for anybody else by naming their address, where no proxy is named', async () => {
    const { failuresUntilShutOut } = await start('none', '{}');
    expect(await failuresUntilShutOut(invented)).toBeGreaterThanOrEqual(MOST);
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
