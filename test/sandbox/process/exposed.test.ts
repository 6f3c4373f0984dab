// A program that is to see a secret gets it in its environment: its own process, for one call, and masked in what it prints.

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import type { RunRequest } from '#domain/sandbox-ports.ts';
import { createSecretMask } from '#secrets/mask.ts';
import { createTestProcesses, descendantsOf, detailOf, type TestProcesses } from './harness.ts';

const VALUE = 'ghp_0aZ9bY8cX7dW6eV5';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(() => sandbox.close());

type Given = NonNullable<RunRequest['secrets']>;
const exposed = (environment: Given['environment'], isMasked = true): Given => {
  const mask = createSecretMask(Object.values(environment));
  return { environment, mask: () => (isMasked ? mask : undefined) };
};

/** Whether it has the value, said without it. */
const HAS = `import os, hashlib\nprint(hashlib.sha256(os.environ.get("TOKEN", "").encode()).hexdigest())`;
const hashOf = async (value: string): Promise<string> =>
  Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(value))).toString('hex');

describe.each([
  ['smcp-cli, fresh', 'smcp-cli', false],
  ['smcp-cli, warm', 'smcp-cli', true],
  ['json', 'json', false],
] as const)('a program of the protocol %s', (_, protocol, warm) => {
  const program = (source: string) =>
    sandbox.plugin(
      protocol === 'json'
        ? `import io, json, sys, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    exec(${JSON.stringify(source)})\nprint(json.dumps({"result": out.getvalue().strip()}))`
        : source,
      { protocol, warm },
    );
  const run = async (source: string, ...calls: readonly (Given | undefined)[]) => {
    const plugin = program(source);
    if (warm) await sandbox.warmUp(plugin);
    const texts: string[] = [];
    for (const secrets of calls) {
      texts.push((await sandbox.text(plugin, secrets === undefined ? {} : { secrets })).trim());
      if (warm) await sandbox.warmUp(plugin);
    }
    return texts;
  };

  test('has the variable in the call that was given it, and not in the next', async () => {
    const [given, next, other] = await run(
      HAS,
      exposed({ TOKEN: VALUE }),
      undefined,
      exposed({ TOKEN: 'another value' }),
    );
    expect([given, next, other]).toEqual([await hashOf(VALUE), await hashOf(''), await hashOf('another value')]);
  });

  test('hands it to what it starts', async () => {
    const source =
      'import subprocess\nprint(subprocess.run(["sh", "-c", "printf %s \\"$TOKEN\\" | wc -c"], capture_output=True, text=True).stdout)';
    expect(await run(source, exposed({ TOKEN: VALUE }))).toEqual([String(VALUE.length)]);
  });

  test('has it masked in what it prints; without the mask it is there', async () => {
    const source = 'import os\nprint("token", os.environ["TOKEN"])';
    expect(await run(source, exposed({ TOKEN: VALUE }))).toEqual(['token [secret]']);
    expect(await run(source, exposed({ TOKEN: VALUE }, false))).toEqual([`token ${VALUE}`]);
  });

  test("can't change by it what the sandbox sets", async () => {
    const source = 'import os\nprint(os.environ["HOME"] == os.getcwd(), os.environ["PATH"] == "/evil")';
    const texts = await run(source, exposed({ TOKEN: VALUE, OTHER: 'long enough' }));
    expect(texts).toEqual(['True False']);
  });
});

describe('what a program prints is masked before it is cut', () => {
  test('at the start of what is kept of stderr', async () => {
    const kept = LIMITS.programTailBytesMax;
    // The cut falls into the middle of the value.
    const source = `import os, sys\nsys.stderr.write("x" * 10 + os.environ["TOKEN"] + "y" * ${kept - 10})\nsys.exit(1)`;
    const plugin = sandbox.plugin(source, { warm: false });
    const stderrOf = async (isMasked: boolean) => {
      const outcome = await sandbox.call(plugin, { secrets: exposed({ TOKEN: VALUE }, isMasked) });
      return JSON.stringify([outcome, detailOf(outcome, 'stderr')]);
    };
    expect(await stderrOf(false)).toContain(VALUE.slice(-10));
    expect(await stderrOf(true)).not.toContain(VALUE.slice(-10));
  });
});

/** Whether the bytes stand in what a process can write to: heap, stacks, and all else that is its own. */
function isInMemory(pid: number, bytes: Buffer): boolean {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  try {
    return readFileSync(`/proc/${pid}/maps`, 'latin1')
      .split('\n')
      .some((line) => {
        const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
        if (from === '') return false;
        const start = Number.parseInt(from, 16);
        const region = Buffer.alloc(Number.parseInt(to, 16) - start);
        const length = readSync(memory, region, 0, region.length, start);
        return region.subarray(0, length).includes(bytes);
      });
  } finally {
    closeSync(memory);
  }
}

describe('an interpreter that waits', () => {
  const interpreters = (): readonly number[] =>
    descendantsOf(process.pid).filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('fork_server'));

  test('never has the value of a call: neither in its environment nor in its memory', async () => {
    const plugin = sandbox.plugin(`${HAS}\nprint(os.environ.get("TOKEN"), flush=True)`);
    const given = { secrets: exposed({ TOKEN: VALUE }) };
    await sandbox.warmUp(plugin, given);
    for (let call = 0; call < 3; call += 1) {
      expect(await sandbox.text(plugin, given)).toContain(await hashOf(VALUE));
      await sandbox.warmUp(plugin, given);
    }
    const waiting = interpreters();
    expect(waiting.length).toBeGreaterThan(0);
    for (const pid of waiting) {
      expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).not.toContain(VALUE);
      expect(isInMemory(pid, Buffer.from(VALUE))).toBe(false);
      // The control: what it does have is found.
      expect(isInMemory(pid, Buffer.from('fork_server'))).toBe(true);
    }
  });

  test('is no part of the process that has it: there it is found', async () => {
    const plugin = sandbox.plugin('import sys, time\nif sys.argv[1:]: time.sleep(600)');
    const controller = new AbortController();
    const given = { secrets: exposed({ TOKEN: VALUE }), signal: controller.signal };
    await sandbox.warmUp(plugin);
    const before = interpreters();
    const running = sandbox.call(plugin, { ...given, args: { words: ['stay'] } });
    await expect.poll(() => before.some((pid) => isInMemory(pid, Buffer.from(VALUE)))).toBe(true);
    controller.abort();
    await running;
  });
});
