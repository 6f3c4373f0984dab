// From a link to an approved call, as people do it: a phone with Chromium and an authenticator, an agent with a client of 2026-07-28, and
// a log that proves to a stranger whose key approved what.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { smcp } from '#test/e2e/server.ts';
import { type Browser, HAS_BROWSER, startBrowser } from './browser.ts';
import { type ConsoleWorld, callTool, requestFor, signedInPerson, startConsoleWorld } from './world.ts';

let world: ConsoleWorld;
let browser: Browser;

beforeAll(async () => {
  if (!HAS_BROWSER) return;
  world = await startConsoleWorld();
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await world?.end();
});

// Chromium is a package of the system that a machine may lack; .ci/run installs it.
describe.skipIf(!HAS_BROWSER)('a person with a phone', () => {
  test('enrols by a link, signs in, approves what is shown, and the call runs', async () => {
    const { page } = await signedInPerson(world, browser, 'ana');
    expect(await page.run('location.href')).toBe(`${world.origin}/console/approvals`);
    const { ended } = await callTool(world, 'demo_text__slugify', { title: 'Hello World' });
    const { id, digest } = await requestFor(world.server, 'demo_text__slugify');
    await page.press('demo_text__slugify');
    await page.until(`document.querySelector('pre')`);
    expect(await page.run(`document.querySelector('pre').textContent`)).toContain('"title": "Hello World"');
    expect(await page.text()).toContain(digest);
    // It fits the screen, and thumbs hit it.
    expect(await page.run('document.documentElement.scrollWidth')).toBe(360);
    const sizes = await page.run<number[]>(
      `[...document.querySelectorAll('button, main a')].map((one) => one.getBoundingClientRect().height)`,
    );
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(44);
    await page.press('Approve with passkey');
    expect(await ended).toBe('value');
    await page.until(`document.getElementById('status').textContent.startsWith('Approved')`);
    const shown = await world.server.json('approvals', 'show', id);
    expect(shown).toMatchObject({ state: 'used', by: 'ana', approvers: { by: ['ana'], needed: 1, approved: ['ana'] } });
    await page.close();
  });

  test('leaves a log that verifies, whole and exported, and a proof of the approval alone', async () => {
    const records = (await world.server.json('log', 'tail', '--count', '50')) as readonly {
      readonly index: number;
      readonly record: { readonly predicateType: string; readonly predicate: Record<string, unknown> };
    }[];
    const approval = records.find(({ record }) => record.predicateType === 'urn:smcp:approval:v1');
    expect(approval?.record.predicate).toMatchObject({ by: { kind: 'person', name: 'ana' }, decision: 'approved' });
    const folder = join(world.home, '..', 'export');
    const bundle = join(world.home, '..', 'approval.bundle');
    expect((await world.server.smcp('log', 'export', folder)).code).toBe(0);
    expect((await world.server.smcp('log', 'prove', String(approval?.index), '--out', bundle)).code).toBe(0);
    for (const place of [world.home, folder, bundle]) {
      expect((await smcp(['log', 'verify', place, '--json'])).stdout).toContain('"ok":true');
    }
  });
});
