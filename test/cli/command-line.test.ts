import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { Command } from '#cli/command.ts';
import { COMMANDS } from '#cli/commands.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { memoryTerminal } from './memory-terminal.ts';

const greet: Command = {
  words: ['greet'],
  arguments: ['NAME', '[TITLE]'],
  options: { times: { type: 'string', placeholder: 'N', help: 'how often' } },
  summary: 'Greets somebody.',
  isLocal: true,
  run: ({ print, home }, { positionals, options }) => {
    if (positionals[0] === 'nobody')
      throw new SmcpError('AGENT_UNKNOWN', 'no such name', { details: { remedy: 'greet somebody' } });
    if (positionals[0] === 'bug') throw new Error('secret text');
    print(
      { name: positionals[0] ?? '', times: String(options['times'] ?? '1'), home: home.directory },
      () => `hello ${positionals[0]}\n`,
    );
    return 0;
  },
};
const greetTwice: Command = { ...greet, words: ['greet', 'twice'] };
const list: Command = { ...greet, words: ['list'], arguments: [] };
const listAll: Command = { ...list, words: ['list', 'all'] };

async function run(...argv: readonly string[]) {
  const { terminal, written } = memoryTerminal({ SMCP_HOME: '/from/env' });
  const code = await runCommandLine([greet, greetTwice, list, listAll], argv, { terminal, version: '1.2.3' });
  return { code, ...written };
}

describe('the command line', () => {
  test('runs the command with the most matching words, and prints text or JSON', async () => {
    expect(await run('greet', 'ana')).toEqual({ code: 0, out: 'hello ana\n', err: '' });
    expect((await run('greet', 'twice', 'ana', '--json')).out).toBe('{"name":"ana","times":"1","home":"/from/env"}\n');
  });

  test('takes the home from --home before the environment', async () => {
    expect(JSON.parse((await run('greet', 'ana', '--home', '/mine', '--json')).out)).toMatchObject({ home: '/mine' });
  });

  test.each([
    [['gret', 'ana'], /there is no command "gret ana"\ndid you mean: smcp greet/],
    [['greet'], /smcp greet needs NAME/],
    [['list', 'al'], /there is no command "list al"\ndid you mean: smcp list all/],
    [['list', 'xyzzy'], /there is no command "list xyzzy"\nthe commands are: smcp list all/],
    [['list', 'all', 'x'], /takes no argument "x"/],
    [['greet', 'a', 'b', 'c'], /takes no argument "c"/],
    [['greet', 'a', '--tmes', '2'], /USAGE: Unknown option '--tmes'[\s\S]*smcp greet --help/],
    [['greet', 'a', '--times'], /USAGE/],
  ])('%j is wrong usage, with a remedy', async (argv, message) => {
    const { code, err } = await run(...argv);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test('writes an error as code, sentence and remedy, or as one JSON document', async () => {
    expect(await run('greet', 'nobody')).toMatchObject({
      code: 2,
      out: '',
      err: 'AGENT_UNKNOWN: no such name\ngreet somebody\n',
    });
    expect(JSON.parse((await run('greet', 'nobody', '--json')).err)).toEqual({
      error: { code: 'AGENT_UNKNOWN', message: 'no such name', details: { remedy: 'greet somebody' } },
    });
  });

  test('takes a bug for unavailable, and says where it happened', async () => {
    const { code, err } = await run('greet', 'bug');
    expect(code).toBe(3);
    expect(err).toMatch(/^INTERNAL: internal error\n.*secret text/s);
  });

  test('takes --json and --home before the command too', async () => {
    expect(JSON.parse((await run('--json', '--home', '/mine', 'greet', 'ana')).out)).toMatchObject({
      home: '/mine',
      name: 'ana',
    });
  });

  test('shows the commands of a group', async () => {
    const { code, out } = await run('greet', '--help');
    expect([code, out]).toEqual([0, expect.stringContaining('greet twice NAME')]);
    expect((await run('list', '--help')).out).toMatch(/ {2}list +Greets[\s\S]* {2}list all +Greets/);
    expect((await run('list')).code).toBe(0);
  });

  test('explains itself with --help, --version and without words', async () => {
    expect((await run('greet', 'twice', '--help')).out).toMatch(
      /Usage: smcp greet twice NAME \[TITLE\] \[options\][\s\S]*--times N/,
    );
    expect((await run()).out).toContain('greet twice NAME');
    expect((await run('--version')).out).toBe('1.2.3\n');
  });
});

describe('the commands of the product', () => {
  test('are those of the documents', () => {
    expect(COMMANDS.map(({ words }) => words.join(' ')).sort()).toEqual([
      'agent add',
      'agent list',
      'agent revoke',
      'agent token',
      'approvals',
      'approvals approve',
      'approvals deny',
      'approvals show',
      'call',
      'can',
      'completion',
      'config set',
      'config show',
      'docs',
      'doctor',
      'freeze',
      'init',
      'labels clear',
      'labels list',
      'labels places',
      'log checkpoint',
      'log disclose',
      'log export',
      'log prove',
      'log replay',
      'log show',
      'log tail',
      'log verify',
      'notify list',
      'notify test',
      'person invite',
      'person list',
      'person revoke',
      'plugin adopt',
      'plugin approve',
      'plugin check',
      'plugin disable',
      'plugin enable',
      'plugin list',
      'plugin new',
      'plugin reload',
      'plugin test',
      'plugin trace',
      'policy apply',
      'policy check',
      'policy diff',
      'policy history',
      'policy import-profiles',
      'policy rollback',
      'policy show',
      'policy simulate',
      'policy suggest',
      'policy test',
      'policy unused',
      'policy who-can',
      'queue',
      'queue cancel',
      'queue flush',
      'queue pause',
      'queue resume',
      'secret list',
      'secret rm',
      'secret set',
      'serve',
      'status',
      'stdio',
      'token revocations',
      'token revoke',
      'tools',
      'unfreeze',
    ]);
  });

  test.each(COMMANDS.map(({ words }) => [words.join(' ')]))('%s explains itself', async (name) => {
    const { terminal, written } = memoryTerminal();
    expect(await runCommandLine(COMMANDS, [...name.split(' '), '--help'], { terminal, version: '1' })).toBe(0);
    expect(written.out).toContain(`smcp ${name.split(' ')[0]}`.slice('smcp '.length));
    expect(written.out).toMatch(/Usage: smcp [\s\S]*--home DIR[\s\S]*--json[\s\S]*--help/);
    expect(written.err).toBe('');
  });

  test('refuse arguments that are no JSON object before anything is sent', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'smcp-cli-'));
    const { terminal, written } = memoryTerminal();
    writeFileSync(join(folder, 'args.json'), '[1]');
    for (const args of ['{"a":', '[1]', `@${join(folder, 'args.json')}`, '@/nothing/here']) {
      const code = await runCommandLine(COMMANDS, ['call', 'x', '--args', args, '--home', folder], {
        terminal,
        version: '1',
      });
      expect(code).toBe(2);
    }
    expect(written.err).toMatch(/USAGE/);
    rmSync(folder, { recursive: true });
  });

  test('never send the token of a home to another address', async () => {
    const { terminal, written } = memoryTerminal({ SMCP_URL: 'http://127.0.0.1:1' });
    expect(await runCommandLine(COMMANDS, ['status'], { terminal, version: '1' })).toBe(2);
    expect(written.err).toContain('SMCP_TOKEN');
  });
});
