// What a person sees of a call beside its arguments, on a whole server: the rule and why it asks, what the agent had seen, for whom it acts.
// On the page as text, at the command line, by REST; and in the statement that they sign.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectStreamable } from '#test/e2e/clients.ts';
import { exchanged } from '#test/e2e/exchange-world.ts';
import { type Browser, HAS_BROWSER, startBrowser } from './browser.ts';
import { type ConsoleWorld, requestFor, signedInPerson, startConsoleWorld } from './world.ts';

const POLICY = `version: 1
people:
  ana: { role: approver }
labels:
  - tools: ["demo_text__echo"]
    carries: [private]
agents:
  athena:
    grants:
      - tools: ["demo_text__echo"]
      - id: slugs
        tools: ["demo_text__slugify"]
        approval: { ttl: 1h, wait: 0s, why: "<b>slugs</b> are public" }
`;

let world: ConsoleWorld;
let root: string;

beforeAll(async () => {
  world = await startConsoleWorld(POLICY);
  const [token] = (await world.server.json('agent', 'list')) as { name: string; tokens: { id: string }[] }[];
  root = token?.tokens[0]?.id ?? '';
  const { token: below } = await exchanged(world.server.url, world.token, { actor: 'researcher' });
  const client = await connectStreamable(world.server.url, below);
  await client.call('demo_text__echo', { message: 'a' });
  await client.call('demo_text__slugify', { title: 'Hello World' });
  await client.close();
});
afterAll(() => world?.end());

const SEEN = [{ label: 'private', tool: 'demo_text__echo' }];

describe('a call of a sub-agent that has seen something', () => {
  test('is shown by REST and at the command line with what it had seen, for whom it acts, and the rule that asks', async () => {
    const { id } = await requestFor(world.server, 'demo_text__slugify');
    expect(await world.server.json('approvals', 'show', id)).toMatchObject({
      ...{ seen: SEEN, onBehalfOf: { tokens: [root], actors: ['researcher'] } },
      ...{ rule: 'slugs', ruleWhy: '<b>slugs</b> are public', lost: [] },
      ruleText: expect.stringContaining('"demo_text__slugify"'),
    });
    const { stdout } = await world.server.smcp('approvals', 'show', id);
    for (const line of [
      'has seen  private (demo_text__echo)',
      `sub-agent researcher, for the token ${root}`,
      'rule      slugs: <b>slugs</b> are public',
    ]) {
      expect(stdout).toContain(line);
    }
  });

  // Chromium is a package of the system that a machine may lack; .ci/run installs it.
  test.skipIf(!HAS_BROWSER)('is shown on the page as text, and what was shown is what the person signs', async () => {
    const browser: Browser = await startBrowser();
    const { page } = await signedInPerson(world, browser, 'ana');
    const { id } = await requestFor(world.server, 'demo_text__slugify');
    await page.press('demo_text__slugify');
    await page.until(`document.querySelectorAll('pre').length === 2`);
    const text = await page.text();
    for (const part of ['private (demo_text__echo)', 'researcher', root, '<b>slugs</b> are public', '"ttl": "1h"']) {
      expect(text).toContain(part);
    }
    expect(await page.run(`document.querySelectorAll('main b').length`)).toBe(0);
    expect(await page.run('document.documentElement.scrollWidth')).toBe(360);
    await page.press('Approve with passkey');
    await page.until(`document.getElementById('status').textContent.startsWith('Approved')`);
    await browser.close();
    const records = (await world.server.json('log', 'tail', '--count', '50')) as {
      index: number;
      record: { predicateType: string };
    }[];
    const approval = records.find(({ record }) => record.predicateType === 'urn:smcp:approval:v1');
    expect(await world.server.json('log', 'show', String(approval?.index))).toMatchObject({
      disclosed: {
        statement: {
          approval: id,
          seen: SEEN,
          onBehalfOf: { actors: ['researcher'] },
          rule: { why: '<b>slugs</b> are public' },
        },
      },
    });
    expect((await world.server.smcp('log', 'verify')).code).toBe(0);
  });
});
