import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { SecretEntry } from '#domain/capability.ts';
import { createGivenSecrets } from '#secrets/given-secrets.ts';

const ENTRIES: readonly SecretEntry[] = [
  { name: 'A', hosts: ['a.example', 'both.example'], header: 'X-Api-Key' },
  { name: 'B', hosts: ['b.example', 'both.example'], header: 'Authorization', prefix: 'Bearer ' },
  { name: 'C', expose: 'env' },
];

function given(entries: readonly SecretEntry[] = ENTRIES, values: { readonly [name: string]: string } = {}) {
  const asked: string[] = [];
  const all: { readonly [name: string]: string } = { A: 'value-of-A', B: 'value-of-B', C: 'value-of-C', ...values };
  const read = async (name: string): Promise<string> => {
    asked.push(name);
    const value = all[name];
    if (value === undefined) throw new SmcpError('SECRET_MISSING', `${name} is not set`);
    return value;
  };
  return { secrets: createGivenSecrets(read, entries), asked };
}

describe('the headers of a request', () => {
  test('hold what is meant for its host, by lower-case name, behind the prefix; and nothing of another host', async () => {
    const { secrets } = given();
    expect(await secrets.headersFor('a.example')).toEqual({ 'x-api-key': 'value-of-A' });
    expect(await secrets.headersFor('b.example')).toEqual({ authorization: 'Bearer value-of-B' });
    expect(await secrets.headersFor('both.example')).toEqual({
      ...{ 'x-api-key': 'value-of-A', authorization: 'Bearer value-of-B' },
    });
    for (const host of ['c.example', 'xa.example', 'a.example.evil', 'A.EXAMPLE', '']) {
      expect(await secrets.headersFor(host)).toEqual({});
    }
  });

  test('never hold one that is only exposed', async () => {
    const { secrets } = given([{ name: 'C', expose: 'env' }]);
    expect(await secrets.headersFor('a.example')).toEqual({});
  });
});

describe('secrets are read', () => {
  test('not before one is needed, all of them then, each once', async () => {
    const { secrets, asked } = given();
    expect([asked, secrets.mask(), secrets.used()]).toEqual([[], undefined, []]);
    await Promise.all([secrets.headersFor('a.example'), secrets.headersFor('b.example'), secrets.environment()]);
    expect(asked.toSorted()).toEqual(['A', 'B', 'C']);
  });

  test('again where it failed, and what was read by then is masked all the same', async () => {
    const { secrets, asked } = given([...ENTRIES, { name: 'NONE', hosts: ['a.example'], header: 'X-None' }]);
    await expect(secrets.headersFor('a.example')).rejects.toThrow(expect.objectContaining({ code: 'SECRET_MISSING' }));
    await expect(secrets.headersFor('a.example')).rejects.toThrow(expect.objectContaining({ code: 'SECRET_MISSING' }));
    expect(asked.filter((name) => name === 'NONE')).toHaveLength(2);
    expect(secrets.mask()?.text('value-of-A value-of-C')).toBe('[secret] [secret]');
    expect(secrets.used()).toEqual([]);
  });

  test('up to so many bytes for one call', async () => {
    const count = LIMITS.secretsOfCallBytesMax / LIMITS.secretBytesMax + 1;
    const names = Array.from({ length: count }, (_, at) => `S${at}`);
    const values = Object.fromEntries(names.map((name) => [name, name.padEnd(LIMITS.secretBytesMax, '.')]));
    const entries = (some: readonly string[]) => some.map((name) => ({ name, expose: 'env' as const }));
    await expect(given(entries(names), values).secrets.environment()).rejects.toThrow(
      expect.objectContaining({ code: 'SECRET_INVALID' }),
    );
    const fewer = await given(entries(names.slice(1)), values).secrets.environment();
    expect(Object.keys(fewer)).toHaveLength(count - 1);
  });
});

describe('the environment', () => {
  test('holds what is exposed, and nothing that is only put into requests', async () => {
    const { secrets, asked } = given();
    expect(await secrets.environment()).toEqual({ C: 'value-of-C' });
    expect(asked).toEqual(['C']);
    expect(secrets.used()).toMatchObject([{ kind: 'secrets', target: 'C', count: 1, bytes: 0 }]);
  });
});

test('the mask knows what was read, and no more', async () => {
  const { secrets } = given();
  await secrets.environment();
  expect(secrets.mask()?.text('value-of-A value-of-C')).toBe('value-of-A [secret]');
  await secrets.headersFor('nobody.example');
  expect(secrets.mask()?.text('value-of-A value-of-C')).toBe('[secret] [secret]');
});
