import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { docsPage, escapeHtml } from '#admin/docs-page.ts';
import type { Operation } from '#operations/operation.ts';
import { inputSchema } from '#operations/operation.ts';
import { OPERATIONS } from '#operations/table.ts';

const options = { prefix: '/admin/v1', version: '1.0.0' };
const page = docsPage(OPERATIONS, options);

describe('the page about the admin API', () => {
  test('says of every operation its request, command and, unless it is left to people, its tool', () => {
    for (const { name, method, path, command, isForPeople } of OPERATIONS) {
      expect(page).toContain(`<h3 id="${name}">`);
      expect(page).toContain(`<code>${method} /admin/v1${path}</code>`);
      if (command !== undefined) expect(page).toContain(`<code>smcp ${command.join(' ')}</code>`);
      expect([name, page.includes(`<code>smcp__${name}</code>`)]).toEqual([name, isForPeople !== true]);
    }
  });

  test('loads nothing and runs nothing: no script, no address, one style that its policy names', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|<form|\son[a-z]+=|javascript:|https?:|\ssrc=|url\(|@import/i);
    expect(page.match(/ href="[^"]*"/g)?.every((link) => link.startsWith(' href="#'))).toBe(true);
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? '';
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'");
    expect(policy).toBe(
      `default-src 'none'; style-src 'sha256-${hash('sha256', style, 'base64')}'; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toContain(' style=');
    expect(page.indexOf('http-equiv')).toBeLessThan(page.indexOf('<style>'));
  });

  test('escapes every text, whoever wrote it', () => {
    const attack = `"><script>alert(1)</script><img src=x onerror='alert(1)'>`;
    const hostile: Operation = {
      name: attack,
      topic: 'server',
      summary: attack,
      detail: attack,
      command: [attack],
      positional: [],
      method: 'GET',
      path: `/${attack}`,
      effect: 'read',
      input: inputSchema({ [attack]: { type: attack, enum: [attack], description: attack } }),
      output: { description: attack },
      run: () => null,
    };
    const shown = docsPage([hostile], { prefix: attack, version: attack });
    expect(shown).not.toMatch(/<script|<img/);
    expect(shown.replaceAll(escapeHtml(attack), '')).not.toContain('alert(1)</');
    expect(shown).toContain(escapeHtml(attack));
  });

  test('is whole HTML: every element that is opened is closed, in order', () => {
    const open: string[] = [];
    for (const [tag, slash, name = ''] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
      if (['meta', 'br'].includes(name)) continue;
      if (slash === '') open.push(name);
      else expect([tag, open.pop()]).toEqual([tag, name]);
    }
    expect(open).toEqual([]);
  });
});
