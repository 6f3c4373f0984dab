// Names that labels take for this machine alone: no resolver and no file of hosts makes a way out of them. Each beside the same under another
// name, which is dialled.

import { describe, expect, test } from 'vitest';
import { leavesThisMachine } from '#domain/labels.ts';
import { createClassify } from '#effects/net/addresses.ts';
import { vetAddresses } from '#effects/net/vet.ts';
import { effect } from './net-on-trial.ts';
import { keepingLogger, PUBLIC } from './net-world.ts';

const NEAR = '10.11.12.13';

function vetted(host: string, address: string): readonly string[] {
  const space = { privateHosts: [host], loopbackHosts: [host] };
  return vetAddresses(
    { host, addresses: [address], isPlain: true },
    { classify: createClassify(() => ['127.0.0.1/8', '10.99.0.1/16']), space, logger: keepingLogger() },
  );
}

describe.each(['localhost', 'out.localhost', 'a.b.localhost'])('%s', (host) => {
  test('leads to nobody out there where a resolver says so', async () => {
    const { request, dialled } = effect({ table: { [host]: [[PUBLIC]] } });
    await expect(request(`https://${host}/`)).rejects.toMatchObject({
      code: 'CAPABILITY_DENIED',
      details: { remedy: expect.stringContaining('a name of its own') },
    });
    expect(dialled).toEqual([]);
  });

  test('leads to no other machine near by where the operator has listed it and a file of hosts says so', () => {
    expect(() => vetted(host, NEAR)).toThrow(expect.objectContaining({ code: 'CAPABILITY_DENIED' }));
    expect(leavesThisMachine({ host })).toBe(false);
  });

  test('leads to this machine where the operator has listed it', () => {
    expect(vetted(host, '127.0.0.1')).toEqual(['127.0.0.1']);
    expect(vetted(host, '::1')).toEqual(['::1']);
    expect(vetted(host, '10.99.0.1')).toEqual(['10.99.0.1']);
  });
});

test('any other name is dialled there, and counts as one that leaves', async () => {
  const host = 'out.localhost.test';
  const { request, dialled } = effect({ table: { [host]: [[PUBLIC]] } });
  await expect(request(`https://${host}:9/`)).rejects.toMatchObject({ code: 'FETCH_FAILED' });
  expect(dialled.map(({ address }) => address)).toEqual([PUBLIC]);
  expect(vetted(host, NEAR)).toEqual([NEAR]);
  expect(leavesThisMachine({ host })).toBe(true);
});
