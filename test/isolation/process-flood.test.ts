import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { createTestProcesses, type TestProcesses } from '#test/sandbox/process/harness.ts';
import { attackPlugin, runAttack, runFree, UNDISTURBED, WAYS } from './process-attack.ts';

let sandbox: TestProcesses;
beforeAll(async () => {
  sandbox = await createTestProcesses();
});
afterAll(() => sandbox.close());

const MIB = 1024 * 1024;
const OUT = `
import os
for _ in range(64): os.write(1, b"x" * ${MIB})
`;
const ERR = `
import os
for _ in range(64): os.write(2, b"e" * ${MIB})
os.write(2, b"the end")
os._exit(3)
`;
const ENDLESS = `
import os
while True: os.write(1, b"x" * 65536)
`;
const BYTE_BY_BYTE = `
import os
for _ in range(20000): os.write(1, b"x")
`;
const NO_TEXT = `
import os
os.write(1, b"a\\xff\\xfe\\x00\\xc3(b")
`;
const STEALER = `
import os
for fd in range(256):
    try: os.close(fd)
    except OSError: pass
`;
const CONTROL = `
import os
os.write(2, b"\\x1b]0;title\\x07\\x1b[2J\\x00fake")
os._exit(1)
`;

describe.each(WAYS)('a %s program', (way) => {
  test('that floods stdout is cut after its bound, and the cut is said', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, OUT), way, {
      limits: { outputBytes: 1000 },
    });
    expect(result).toMatchObject({ code: 'returned', ...UNDISTURBED });
    expect(result.text).toMatch(/^x{900,1000}\nthe output was cut after \d+ bytes$/);
  });

  test('that floods stderr is not blocked, and the end of it is kept', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, ERR), way);
    expect(result).toMatchObject({ code: 'TOOL_FAILED', ...UNDISTURBED });
    expect(result.outcome).toMatchObject({
      error: { message: expect.stringMatching(/ethe end$/), details: { exitCode: 3 } },
    });
  });

  test('that prints without end is stopped', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, ENDLESS), way);
    expect(result).toMatchObject({ code: 'OUTPUT_TOO_LARGE', ...UNDISTURBED });
    expect(result.outcome).toMatchObject({
      error: { message: expect.stringContaining(String(LIMITS.programPrintedBytesMax)) },
    });
  });

  test('that prints byte by byte is read', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, BYTE_BY_BYTE), way);
    expect(result).toMatchObject({ code: 'returned', text: 'x'.repeat(20_000), ...UNDISTURBED });
  });

  test('that prints what is no text is answered', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, NO_TEXT), way);
    expect(result).toMatchObject({ code: 'returned', text: 'a\ufffd\ufffd\0\ufffd(b', ...UNDISTURBED });
  });

  test('that closes every descriptor is answered with nothing', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, STEALER), way);
    expect(['returned', 'TOOL_FAILED']).toContain(result.code);
    expect(result).toMatchObject(UNDISTURBED);
  });

  test('that prints control sequences fails with its text', async () => {
    const result = await runAttack(sandbox, attackPlugin(sandbox, CONTROL), way);
    expect(result).toMatchObject({ code: 'TOOL_FAILED', ...UNDISTURBED });
  });
});

test('with nothing around it the flood comes whole', async () => {
  using free = runFree(OUT);
  expect((await free.output).length).toBe(64 * MIB);
});

test('a result whose JSON is larger than what was printed fits its bound too', async () => {
  const limits = { outputBytes: 1000 };
  const result = await runAttack(sandbox, attackPlugin(sandbox, `print("\\x01" * 999)`), 'fresh', { limits });
  expect(result.code).toBe('returned');
  expect(Buffer.byteLength(result.outcome.kind === 'returned' ? result.outcome.resultJson : '')).toBeLessThanOrEqual(
    1000,
  );
});
