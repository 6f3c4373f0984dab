// A program whose requests carry a secret that it is not shown guesses it letter by letter: it has its output cut right behind a guess, and
// looks whether the guess was masked. The control is a mask that takes the value for one that the program was shown.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { tailOf } from '#domain/cli-plugin/outcome.ts';
import type { RunRequest } from '#domain/sandbox-ports.ts';
import { createGivenSecrets } from '#secrets/given-secrets.ts';
import { createSecretMask } from '#secrets/mask.ts';
import { createTestProcesses, detailOf, plainCli, type TestProcesses } from './harness.ts';

/** That it begins so everybody knows. */
const KNOWN = 'ghp_';
const VALUE = `${KNOWN}0aZ9bY8cX7dW6eV5`;
const [RIGHT, WRONG] = ['ghp_0', 'ghp_1'];
const LONG = 'github_pat_';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses({ cli: { ...plainCli, tailOf } });
});
afterAll(() => sandbox.close());

type Given = NonNullable<RunRequest['secrets']>;

/** As the dispatcher gives it, once a request has carried the secret. */
async function carried(value: string): Promise<Given> {
  const given = createGivenSecrets(
    async () => value,
    [{ name: 'TOKEN', hosts: ['api.example'], header: 'Authorization' }],
  );
  await given.headersFor('api.example');
  return { environment: {}, mask: given.mask };
}
const naive = (value: string): Given => ({ environment: {}, mask: () => createSecretMask([value]) });

/** What the program's caller sees. */
async function printed(source: string, secrets: Given) {
  const plugin = sandbox.plugin(source, { protocol: 'json' });
  const outcome = await sandbox.call(plugin, { secrets, limits: { outputBytes: 4096 } });
  if (outcome.kind !== 'failed') throw new Error('the attack did not run');
  return { message: outcome.error.message, stderr: String(detailOf(outcome, 'stderr') ?? '') };
}

describe('a program does not learn a secret of its requests by what is masked', () => {
  test('where its stdout was cut, in hexadecimal: four letters that are known would be enough to begin with', async () => {
    const guessed = async (guess: string, secrets: Given) => {
      const hex = Buffer.from(guess).toString('hex');
      return (await printed(`print("x" * ${4096 - hex.length} + "${hex}" + "y" * 100)`, secrets)).message;
    };
    const [right, wrong] = [await guessed(RIGHT, naive(VALUE)), await guessed(WRONG, naive(VALUE))];
    expect(right).not.toBe(wrong);
    const secrets = await carried(VALUE);
    expect(await guessed(RIGHT, secrets)).toBe(await guessed(WRONG, secrets));
  });

  test('where its stderr was cut, backwards, behind what no terminal shows', async () => {
    const value = `${LONG}${VALUE}`;
    const guessed = async (guess: string, secrets: Given) => {
      const backwards = [...guess].reverse().join('');
      const filler = LIMITS.programTailBytesMax - backwards.length;
      const unseen = `("\\x1b[m" * ${Math.floor(filler / 3)} + " " * ${filler % 3})`;
      const source = `import sys\nsys.stderr.write("y" + "${backwards}" + ${unseen})\nsys.exit(1)`;
      return (await printed(source, secrets)).stderr;
    };
    expect(await guessed(`${LONG}g`, naive(value))).toContain('[secret]');
    expect(await guessed(`${LONG}h`, naive(value))).not.toContain('[secret]');
    const secrets = await carried(value);
    expect(await guessed(`${LONG}g`, secrets)).not.toContain('[secret]');
    // The whole value is masked all the same.
    expect(await guessed(value, secrets)).toContain('[secret]');
  });
});
