// What a record says of the engine is what wardens are, whatever the host's own locale and time zone are.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { engineLine, WARDEN_ENVIRONMENT } from '#sandbox/host/engine.ts';
import { createTestSandbox } from './harness.ts';

const sandbox = createTestSandbox({ product: '1.2.3' });

afterAll(() => sandbox.close());

const ENGINE = fileURLToPath(new URL('../../sandbox/host/engine.ts', import.meta.url));
const PRINT = `import(${JSON.stringify(ENGINE)}).then((own) => console.log(own.engineLine('1.2.3')))`;
const lineUnder = (env: { readonly [name: string]: string }): string =>
  execFileSync(process.execPath, ['-e', PRINT], { env, encoding: 'utf8' }).trim();

describe('the engine of a record', () => {
  test('names product, engine, locale data, locale, time zone and processor', () => {
    const { v8, icu, unicode, tz } = process.versions;
    expect(engineLine('1.2.3')).toBe(
      `smcp 1.2.3; v8 ${v8}; icu ${icu}; unicode ${unicode}; tz ${tz}; C.UTF-8; UTC; ${process.arch}`,
    );
    expect(engineLine()).toBe(engineLine('1.2.3').slice('smcp 1.2.3; '.length));
  });

  test("is the same on a host with another locale and another time zone: they are not the guests'", async () => {
    const here = { LANG: 'de_DE.UTF-8', TZ: 'Asia/Tokyo' };
    expect(lineUnder(here)).toBe(lineUnder({}));
    // The control: in a process with the host's environment they are what the host says.
    const shown = 'const o = new Intl.DateTimeFormat().resolvedOptions(); console.log(o.locale, o.timeZone)';
    const bare = (env: { readonly [name: string]: string }) =>
      execFileSync(process.execPath, ['-e', shown], { env, encoding: 'utf8' }).trim();
    expect(bare(here)).toBe('de-DE Asia/Tokyo');
    const plugin = sandbox.plugin(`export const tools = { where: () => {
      const { locale, timeZone } = new Intl.DateTimeFormat().resolvedOptions();
      return locale + ' ' + timeZone;
    } };`);
    expect(await sandbox.call(plugin, 'where')).toMatchObject({
      kind: 'returned',
      resultJson: JSON.stringify(bare(WARDEN_ENVIRONMENT)),
    });
    expect(sandbox.runtime.profile(plugin, {}).engine).toBe(lineUnder({}));
  });
});
