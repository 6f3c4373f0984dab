import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { COMMANDS } from '#cli/commands.ts';
import { completionModel } from '#cli/completion-model.ts';
import { SCRIPTS } from '#cli/completion-scripts.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { memoryTerminal } from './memory-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'smcp-complete-'));
writeFileSync(join(folder, 'a policy.yaml'), '');

afterAll(() => rmSync(folder, { recursive: true }));

const model = completionModel(COMMANDS);

async function scriptOf(shell: string): Promise<string> {
  const { terminal, written } = memoryTerminal();
  expect(await runCommandLine(COMMANDS, ['completion', shell], { terminal, version: '1' })).toBe(0);
  return written.out;
}

/** What a real bash offers after these words, the last of which is being typed. */
async function bashOffers(...words: readonly string[]): Promise<readonly string[]> {
  const script = `${await scriptOf('bash')}
COMP_WORDS=(smcp "$@"); COMP_CWORD=$#
_smcp
printf '%s\\n' "\${COMPREPLY[@]}"
complete -p smcp >&2`;
  const out = execFileSync('bash', ['--norc', '-c', script, 'bash', ...words], {
    cwd: folder,
    encoding: 'utf8',
    stdio: 'pipe',
  });
  return out.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  test('offers the first words of every command', async () => {
    const offered = await bashOffers('');
    expect(offered).toEqual([...new Set(COMMANDS.map(({ words }) => words[0]))]);
  });

  test.each([
    [['fr'], ['freeze']],
    [
      ['queue', ''],
      ['cancel', 'flush', 'pause', 'resume', '--home', '--json', '--help'],
    ],
    [['queue', 'pause', '--l'], ['--lane']],
    [['agent', 't'], ['token']],
    [['--home', '/x', 'agent', 't'], ['token']],
    [['--home', '=', '/x', 'agent', 't'], ['token']],
    [['agent', '--json', 't'], ['token']],
    [['agent', 'token', 'ana', '--e'], ['--expires']],
    [['call', 'x', '--args', '{}', '--id'], ['--idempotency-key']],
    [['freeze', '--agent', ''], []],
    [['policy', 'apply', 'a'], ['a policy.yaml']],
    [['serve', '--policy', 'a'], ['a policy.yaml']],
    [['nonsense', ''], []],
    [['agent', 'list', '$(touch hacked)'], []],
  ])('after %j offers %j', async (words, offered) => {
    expect(await bashOffers(...words)).toEqual(offered);
  });

  test.each(COMMANDS.map((command) => [command.words.join(' '), command] as const))(
    'offers every option of %s',
    async (_, { words, options }) => {
      const offered = await bashOffers(...words, '--');
      expect(offered).toEqual([...Object.keys(options), 'home', 'json', 'help'].map((name) => `--${name}`));
    },
  );
});

describe('the model of completion', () => {
  test('has no option that takes a value with one command and none with another', () => {
    const kinds = new Map<string, boolean>();
    for (const { name, takesValue } of model.completions.flatMap(({ options }) => options)) {
      expect([name, kinds.get(name) ?? takesValue]).toEqual([name, takesValue]);
      kinds.set(name, takesValue);
    }
    expect(kinds.get('writes')).toBe(false);
    expect(kinds.get('home')).toBe(true);
  });
});

// Both were tried in the shells themselves, which not every machine has; here their shape is held.
describe.each(['zsh', 'fish'] as const)('completion in %s', (shell) => {
  test('names every word and option of every command, and quotes what it says of them', async () => {
    const script = await scriptOf(shell);
    for (const { words, options } of COMMANDS) {
      for (const word of words) expect(script).toContain(word);
      for (const name of Object.keys(options)) expect(script).toContain(shell === 'zsh' ? `--${name}:` : `-l ${name} `);
    }
    expect(script).toContain(shell === 'zsh' ? 'compdef _smcp smcp' : 'complete -c smcp -f');
  });

  test('holds words of ours in quotes that nothing in them can end', () => {
    const summary = "it's $(touch hacked) `x` \\";
    const commands = [{ ...(COMMANDS.find(({ words }) => words[0] === 'init') ?? COMMANDS[0]), summary }].filter(
      (command) => 'words' in command,
    );
    const script = SCRIPTS[shell](completionModel(commands as typeof COMMANDS));
    expect(script).toContain(shell === 'zsh' ? "'init:it'\\''s $(touch hacked)" : "'it\\'s $(touch hacked) `x` \\\\'");
  });
});

test('a shell that is not known is refused with the three that are', async () => {
  const { terminal, written } = memoryTerminal();
  expect(await runCommandLine(COMMANDS, ['completion', 'tcsh'], { terminal, version: '1' })).toBe(2);
  expect(written.err).toMatch(/bash, zsh or fish/);
});
