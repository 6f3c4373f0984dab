import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type CallTool, type GuestHost, loadBundled } from './bundled.ts';

let call: CallTool;
beforeAll(async () => {
  call = (await loadBundled('demo_math')).call;
});

test('demo_math has the tools that its manifest names', async () => {
  const { names, manifest } = await loadBundled('demo_math');
  expect(names).toEqual(['calculate', 'format_bytes', 'coin_flip']);
  expect(manifest.tools.map(({ name }) => name)).toEqual(names);
});

describe('calculate', () => {
  test.each([
    ['add', 2, 3, 5],
    ['subtract', 2, 3, -1],
    ['multiply', 2.5, -4, -10],
    ['divide', 1, 8, 0.125],
    ['ADD', 0.1, 0.2, 0.30000000000000004],
    ['divide', 0, 5, 0],
  ])('%s of %d and %d is %d', async (operation, a, b, result) => {
    const expected = { ok: true, operation: operation.toLowerCase(), a, b, result };
    expect(await call('calculate', { operation, a, b })).toEqual(expected);
  });

  test.each([
    ['divide', 1, 0, 'division_by_zero'],
    ['divide', 0, -0, 'division_by_zero'],
    ['power', 2, 3, 'invalid_operation: "power" is none of add, subtract, multiply, divide'],
    ['constructor', 2, 3, 'invalid_operation'],
    ['', 2, 3, 'invalid_operation'],
    ['multiply', 1e308, 10, 'overflow'],
    ['add', Number.MAX_VALUE, Number.MAX_VALUE, 'overflow'],
    ['divide', 1, Number.MIN_VALUE, 'overflow'],
  ])('%s of %d and %d fails with %s', async (operation, a, b, message) => {
    await expect(call('calculate', { operation, a, b })).rejects.toThrow(message);
  });

  test.each([
    { operation: 'add', a: 1 },
    { operation: 'add', a: '1', b: 2 },
    { operation: 'add', a: 1, b: 2, c: 3 },
  ])('the manifest refuses %j', async (args) => {
    await expect(call('calculate', args)).rejects.toThrow('arguments');
  });

  test('gives what JavaScript gives, or an error where that is no number', async () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true });
    const by = { add: (a: number, b: number) => a + b, multiply: (a: number, b: number) => a * b };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('add', 'multiply'), double, double, async (operation, a, b) => {
        const expected = by[operation](a, b);
        const answer = await call('calculate', { operation, a, b }).catch(({ message }: Error) => message);
        if (Number.isFinite(expected)) expect(answer).toMatchObject({ result: expected + 0 });
        else expect(answer).toMatch(/^overflow/);
      }),
    );
  });
});

describe('format_bytes', () => {
  test.each([
    [0, 0, '0 B'],
    [1, 1, '1 B'],
    [1.9, 1, '1 B'],
    [1023.9, 1023, '1023 B'],
    [1024, 1024, '1.00 KiB'],
    [1536, 1536, '1.50 KiB'],
    [1024 ** 2 - 1, 1048575, '1024.00 KiB'],
    [1024 ** 2, 1048576, '1.00 MiB'],
    [1024 ** 3, 1073741824, '1.00 GiB'],
    [1024 ** 4, 1099511627776, '1.00 TiB'],
    [1024 ** 5, 1125899906842624, '1024.00 TiB'],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, '8192.00 TiB'],
    // Exactly between two decimals: to the even one.
    [1152, 1152, '1.12 KiB'],
    [1408, 1408, '1.38 KiB'],
    [1664, 1664, '1.62 KiB'],
    [1920, 1920, '1.88 KiB'],
  ])('writes %d as %d bytes, %s', async (value, bytes, human) => {
    expect(await call('format_bytes', { value })).toEqual({ ok: true, bytes, human });
  });

  test.each([-1, -0.5, 2 ** 53, '1'])('the manifest refuses %j', async (value) => {
    await expect(call('format_bytes', { value })).rejects.toThrow('arguments');
  });

  test('is never off by more than the digits it shows', async () => {
    const scale = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };
    await fc.assert(
      fc.asyncProperty(fc.maxSafeNat(), async (value) => {
        const { human } = (await call('format_bytes', { value })) as { human: string };
        const [, figure, unit] = /^(\d+(?:\.\d\d)?) (B|KiB|MiB|GiB|TiB)$/.exec(human) ?? [];
        const step = scale[unit as keyof typeof scale];
        expect(Math.abs(Number(figure) - value / step)).toBeLessThanOrEqual(0.005 + 1e-9);
      }),
    );
  });
});

describe('coin_flip', () => {
  const hostWith = (first: number): GuestHost => ({ random: async (count) => new Uint8Array(count).fill(first) });

  test('is heads for half of all first bytes and tails for the other half', async () => {
    const counts = { heads: 0, tails: 0 };
    for (let byte = 0; byte < 256; byte++) {
      const { result } = (await call('coin_flip', {}, hostWith(byte))) as { result: 'heads' | 'tails' };
      counts[result] += 1;
    }
    expect(counts).toEqual({ heads: 128, tails: 128 });
  });

  test('asks for so many bytes that the digest of its transcript tells nobody the side', async () => {
    let asked = 0;
    await call(
      'coin_flip',
      {},
      {
        random: async (count) => {
          asked += count;
          return new Uint8Array(count);
        },
      },
    );
    expect(asked).toBeGreaterThanOrEqual(16);
  });

  test('shows both sides with real random bytes', async () => {
    const sides = new Set<string>();
    for (let flip = 0; flip < 200; flip++) sides.add(JSON.stringify(await call('coin_flip', {})));
    expect(sides.size).toBe(2);
  });
});
