// What an agent without a grant can make the server keep of each call.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Phase } from '#domain/record.ts';
import { prepareRecord } from '#provenance/prepare-record.ts';
import { predicateOf } from './fixture.ts';

const BOUND = LIMITS.refusedDisclosureBytesMax;
/** A string whose JSON has this many bytes. */
const textOf = (bytes: number) => 'x'.repeat(bytes - 2);
const prepare = (phase: Phase, args: Json, result: Json = null) =>
  prepareRecord({ kind: 'invocation', predicate: predicateOf(phase), args, result });

describe.each(['denied', 'cancelled'] as const)('of a call that was %s', (phase) => {
  test('arguments are kept up to the bound, and above it as digest and length, which the record commits to', () => {
    expect(JSON.parse(prepare(phase, textOf(BOUND)).disclosed.args ?? '')).toMatchObject({ value: textOf(BOUND) });
    const large = textOf(255 * 1024);
    const { disclosed, argsDigest, payload } = prepare(phase, large);
    expect(JSON.parse(disclosed.args ?? '')).toEqual({
      bytes: 255 * 1024,
      digest: `sha256:${createHash('sha256').update(JSON.stringify(large)).digest('hex')}`,
      nonce: expect.any(String),
    });
    expect(argsDigest).toBe(
      createHash('sha256')
        .update(disclosed.args ?? '')
        .digest('hex'),
    );
    expect(Buffer.from(payload).toString()).toContain(argsDigest);
    expect(JSON.parse(prepare(phase, textOf(BOUND + 1)).disclosed.args ?? '')).not.toHaveProperty('value');
  });

  test('what it was answered is bounded in the same way', () => {
    expect(JSON.parse(prepare(phase, null, textOf(BOUND + 1)).disclosed.result ?? '')).not.toHaveProperty('value');
  });

  test('a value is walked once, whatever its size', () => {
    let walks = 0;
    const args = new Proxy<{ [key: string]: Json }>(
      { text: textOf(100_000) },
      {
        ownKeys: (target) => {
          walks += 1;
          return Reflect.ownKeys(target);
        },
      },
    );
    prepare(phase, args);
    expect(walks).toBe(1);
  });
});

test('of a call that ran, large arguments are kept', () => {
  const large = textOf(255 * 1024);
  expect(JSON.parse(prepare('intent', large).disclosed.args ?? '')).toMatchObject({ value: large });
});
