// `smcp log verify` picks by what is there: a home, an exported folder or a bundle. Run in this process, as the bin does.

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { logVerifyCommand } from '#cli/log-verify.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { formatProofBundle } from '#domain/proof-bundle.ts';
import { exportLog } from '#provenance/export.ts';
import { asExportSource, fillSmallLog, makeHome, openHome, predicateOf, removeHome } from './fixture.ts';

let root: string;
let key: string;
let invocation: string;
const path = (name: string) => join(root, name);
beforeAll(async () => {
  root = makeHome();
  const { log, close } = await openHome(path('home'));
  await fillSmallLog(log);
  await log.append({
    kind: 'invocation',
    predicate: predicateOf('denied', { tool: { name: 'x\nsound: 9 records\u001b[2J' } }),
  });
  for (const index of [4, 9]) {
    const bundle = log.prove(index);
    if (bundle === undefined) throw new Error('the record is there');
    writeFileSync(path(`${index}.json`), formatProofBundle(bundle));
  }
  invocation = log.record(4)?.invocation ?? '';
  await exportLog(asExportSource(log), path('export'));
  await close();
  key = path('home/keys/log.vkey');
});
afterAll(() => removeHome(root));

async function verify(...argv: readonly string[]) {
  const written = { out: '', err: '' };
  const terminal = {
    out: (text: string) => {
      written.out += text;
    },
    err: (text: string) => {
      written.err += text;
    },
    env: { SMCP_HOME: path('home') },
  };
  const code = await runCommandLine([logVerifyCommand], ['log', 'verify', ...argv], { terminal, version: '1' });
  return { code, ...written };
}

describe('the command', () => {
  test('verifies a bundle with a kept key, and says which record it is', async () => {
    const { code, out, err } = await verify(path('4.json'), '--key', key);
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      'sound: 1 record, 1 checkpoint, trust: pinned',
      expect.stringMatching(`^record 4 of 10 in \\S+: outcome of demo__write by demo, invocation ${invocation}$`),
      '',
    ]);
  });

  test('warns that a bundle can not vouch for itself, also beside the home that made it', async () => {
    const { code, out, err } = await verify(path('4.json'), '--json');
    expect(JSON.parse(out)).toMatchObject({ ok: true, trust: 'self', entries: 1, checkpoints: 1 });
    expect([code, err]).toEqual([0, expect.stringContaining('a bundle cannot vouch for itself')]);
  });

  test('shows a name that was made to look like a verdict as the one line it is', async () => {
    const { out } = await verify(path('9.json'), '--key', key);
    expect(out.split('\n')).toHaveLength(3);
    expect(out).not.toContain('\u001b');
  });

  test('picks a home, a folder or a bundle by what is there, also behind a link', async () => {
    symlinkSync(path('4.json'), path('link.json'));
    const entriesOf = async (name: string) => JSON.parse((await verify(path(name), '--json')).out)['entries'];
    expect(await Promise.all(['home', 'export', '4.json', 'link.json'].map(entriesOf))).toEqual([10, 10, 1, 1]);
  });

  test('ends with 4 for a bundle that is not sound, or of another log than the key', async () => {
    writeFileSync(path('bad.json'), '{"bundle":1}\n');
    expect(await verify(path('bad.json'))).toMatchObject({ code: 4, out: expect.stringMatching(/^TAMPERED: BUNDLE_/) });
    const { log, close } = await openHome(path('other'));
    await fillSmallLog(log);
    await close();
    const other = await verify(path('4.json'), '--key', path('other/keys/log.vkey'), '--json');
    expect(JSON.parse(other.out)).toMatchObject({ ok: false, trust: 'pinned', firstProblem: { code: 'KEY_INVALID' } });
    expect([other.code, other.err]).toEqual([4, '']);
  });

  test.each<[string, (name: string) => void]>([
    ['nothing', () => {}],
    ['an empty folder', (name) => mkdirSync(name)],
    ['a pipe', (name) => execFileSync('mkfifo', [name])],
    ['an endless device', (name) => symlinkSync('/dev/zero', name)],
    ['a link to nowhere', (name) => symlinkSync('nowhere', name)],
    ['a file that is too long', (name) => writeFileSync(name, Buffer.alloc(LIMITS.bundleBytesMax + 1, ' '))],
  ])('refuses %s at once', async (what, make) => {
    make(path(what));
    const { code, out, err } = await verify(path(what));
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('HOME_INVALID');
  });
});
