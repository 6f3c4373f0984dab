import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nearest } from '#base/nearest.ts';
import { compileOwnSchema } from '#base/schema.ts';

describe('the nearest valid name', () => {
  test.each([
    ['runtme', 'runtime'],
    ['Runtime', 'runtime'],
    ['rutnime', 'runtime'],
    ['tool', 'tools'],
  ])('for %s is %s', (word, expected) => {
    expect(nearest(word, ['name', 'runtime', 'tools'])).toBe(expected);
  });

  test('is none when nothing is near, or nothing is there', () => {
    expect(nearest('permissions', ['name', 'runtime', 'tools'])).toBeUndefined();
    expect(nearest('name', [])).toBeUndefined();
  });

  test('finds a name again after any one character of it is dropped', () => {
    const names = ['capabilities', 'description', 'runtime', 'version'];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), (name, where) => {
        const index = where % name.length;
        expect(nearest(name.slice(0, index) + name.slice(index + 1), names)).toBe(name);
      }),
    );
  });

  test('takes a very long word without much work', () => {
    expect(nearest('x'.repeat(10_000_000), ['name'])).toBeUndefined();
  });
});

describe('a key that a schema of ours does not know', () => {
  const check = compileOwnSchema({
    type: 'object',
    properties: { timeoutMs: { type: 'integer' }, name: { type: 'string' } },
    additionalProperties: false,
  });

  test('is told with the nearest one, or with all of them', () => {
    expect(check({ timeoutMS: 1 })[0]?.remedy).toBe('did you mean "timeoutMs"?');
    expect(check({ shell: 1 })[0]?.remedy).toBe('the keys here are: timeoutMs, name');
    expect(check({ name: 'x' })).toEqual([]);
  });
});
