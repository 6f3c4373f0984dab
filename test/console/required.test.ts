// Acts that the policy wants signed: they wait, a person of the role admin signs on the page, then they happen; and the log proves it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, HAS_BROWSER, type Page, startBrowser } from './browser.ts';
import { type ConsoleWorld, POLICY, signedInPerson, startConsoleWorld } from './world.ts';

const REQUIRING = POLICY.replace(
  'agents:\n',
  'require: { passkey: [policy_widen, plugin_approve, unfreeze] }\nagents:\n  zoe: {}\n',
  // An admin who never enrolled a passkey.
).replace('people:\n', 'people:\n  dora: { role: admin }\n');
const WIDER = REQUIRING.replace('  zoe: {}\n', '  zoe:\n    grants: [{ id: zoe, tools: ["demo_text__echo"] }]\n');

let world: ConsoleWorld;
let browser: Browser;
const people = new Map<string, Page>();
const pageOf = (name: string): Page => people.get(name) as Page;
beforeAll(async () => {
  if (!HAS_BROWSER) return;
  world = await startConsoleWorld(REQUIRING);
  browser = await startBrowser();
  // The admin last: from then on a link to enrol is signed for, too.
  for (const name of ['ana', 'cleo', 'ben']) people.set(name, (await signedInPerson(world, browser, name)).page);
});
afterAll(async () => {
  await browser?.close();
  await world?.end();
});

const refusedWith = async (...words: readonly string[]) => {
  const { code, stderr } = await world.server.smcp(...words, '--json');
  expect(code).toBe(1);
  return (JSON.parse(stderr) as { error: { code: string; details: { id: string; remedy: string } } }).error;
};
const fileOf = (text: string) => {
  const path = join(world.home, '..', 'given.yaml');
  writeFileSync(path, text);
  return path;
};

describe.skipIf(!HAS_BROWSER)('where the policy has acts signed', () => {
  test('a wider policy waits for an admin’s passkey, and is in force once they have signed', async () => {
    const page = pageOf('ben');
    const error = await refusedWith('policy', 'apply', fileOf(WIDER));
    expect([error.code, error.details.remedy]).toEqual([
      'CONFIRMATION_NEEDED',
      expect.stringContaining(`${world.origin}/console/approvals#act-${error.details.id}`),
    ]);
    expect(await world.server.json('can', 'zoe', 'demo_text__echo').catch(() => undefined)).not.toMatchObject({
      decision: 'allow',
    });
    await page.press('policy_apply');
    await page.until(`document.querySelector('pre')`);
    expect(await page.run(`document.querySelector('pre').textContent`)).toContain('! agent zoe');
    await page.press('Sign with passkey');
    await page.until(`document.getElementById('status').textContent === 'Signed, and done.'`);
    const { stdout } = await world.server.smcp('can', 'zoe', 'demo_text__echo', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ decision: 'allow', rule: 'zoe' });
    const [latest] = (await world.server.json('policy', 'history')) as readonly { readonly by: string }[];
    expect(latest?.by).toBe('ben');
    expect((await world.server.smcp('log', 'verify')).code).toBe(0);
  });

  test('a narrower one does not wait', async () => {
    expect((await world.server.smcp('policy', 'apply', fileOf(REQUIRING))).code).toBe(0);
  });

  test('nobody else signs or drops it', async () => {
    expect((await world.server.smcp('freeze')).code).toBe(0);
    const { details } = await refusedWith('unfreeze');
    for (const name of ['ana', 'cleo']) {
      const page = pageOf(name);
      await page.run(`location.hash = '#act-${details.id}'`);
      await page.until(`document.body.innerText.includes('You may look; admins sign.')`);
      const headers = `{ 'content-type': 'application/json', 'x-smcp-page': sessionStorage.getItem('smcp-page') }`;
      for (const what of ['drop', 'confirm']) {
        const path = `/console/api/acts/${details.id}/${what}`;
        const forced = `fetch('${path}', { method: 'POST', headers: ${headers}, body: '{}' }).then(({ status }) => status)`;
        expect(await page.run(forced)).toBe(403);
      }
    }
    expect(await world.server.json('status')).toMatchObject({ freezes: [{}] });
  });

  test('an admin drops it, and then nothing can be signed', async () => {
    const { details } = await refusedWith('unfreeze');
    const page = pageOf('ben');
    await page.press('unfreeze');
    await page.press('Drop');
    await page.until(`document.getElementById('status').textContent === 'Dropped.'`);
    await page.run(`location.hash = '#act-${details.id}'`);
    await page.until(`document.body.innerText.includes('nothing with this id waits')`);
    await page.run(`location.hash = ''`);
    expect(await world.server.json('status')).toMatchObject({ freezes: [{}] });
  });

  test('what would do something else by now is not done', async () => {
    const { details } = await refusedWith('unfreeze');
    const page = pageOf('ben');
    await page.press('unfreeze');
    await page.until(`document.querySelector('pre')`);
    expect((await world.server.smcp('freeze', '--agent', 'zoe')).code).toBe(0);
    await page.press('Sign with passkey');
    await page.until(`document.body.innerText.includes('would not do any more')`);
    expect(await world.server.json('status')).toMatchObject({ freezes: [{}, {}] });
    expect(details.id).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe.skipIf(!HAS_BROWSER)('whoever has the home’s token alone', () => {
  test.each<[string, string]>([
    ['takes the requirement away', POLICY],
    ['has less signed', REQUIRING.replace('policy_widen, plugin_approve, unfreeze', 'plugin_approve')],
    ['makes somebody an admin', REQUIRING.replace('ana: { role: approver }', 'ana: { role: admin }')],
    [
      'takes the role from the admin who has a passkey',
      REQUIRING.replace('ben: { role: admin }', 'ben: { role: viewer }'),
    ],
    ['adds a person', REQUIRING.replace('people:\n', 'people:\n  dan: { role: viewer }\n')],
  ])('%s only with a signature', async (_what, text) => {
    expect((await refusedWith('policy', 'apply', fileOf(text))).code).toBe('CONFIRMATION_NEEDED');
  });

  test('invites nobody once an admin has had a passkey, also not after revoking it', async () => {
    expect((await refusedWith('person', 'invite', 'ben')).code).toBe('CONFIRMATION_NEEDED');
    expect((await refusedWith('person', 'invite', 'dora')).code).toBe('CONFIRMATION_NEEDED');
    expect((await world.server.smcp('person', 'revoke', 'ben')).code).toBe(0);
    expect((await refusedWith('person', 'invite', 'ben')).code).toBe('CONFIRMATION_NEEDED');
  });

  test('the control: whoever may write the policy’s file owns the machine, and the log says that it was the file', async () => {
    writeFileSync(join(world.home, 'policy.yaml'), POLICY);
    for (;;) {
      const [latest] = (await world.server.json('policy', 'history')) as readonly { readonly by: string }[];
      if (latest?.by === 'policy file') break;
    }
    expect((await world.server.smcp('unfreeze')).code).toBe(0);
  });
});
