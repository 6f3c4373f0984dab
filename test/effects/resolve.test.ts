import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNameResolution } from '#effects/net/resolve.ts';
import { type NameServer, startNameServer } from './name-server.ts';

let server: NameServer;
beforeAll(async () => {
  server = await startNameServer({
    'both.test': ['93.184.215.14', '10.0.0.1', '2606:4700::1'],
    'four.test': ['93.184.215.14'],
    'empty.test': [],
    'slow.test': 'silent',
  });
});
afterAll(() => server.close());

const never = () => new AbortController().signal;
const resolution = () => createNameResolution({ servers: [server.address] });

describe('a name', () => {
  test('leads to every address of both families, whatever they are', async () => {
    const found = await resolution().byServers('both.test', never());
    expect([...found].sort()).toEqual(['10.0.0.1', '2606:4700::1', '93.184.215.14']);
    expect(await resolution().byServers('four.test', never())).toEqual(['93.184.215.14']);
  });

  test.each(['none.test', 'empty.test'])('that leads nowhere fails: %s', async (name) => {
    await expect(resolution().byServers(name, never())).rejects.toMatchObject({
      ...{ code: 'FETCH_FAILED', details: { reason: 'name' } },
    });
  });

  test('is asked for as it is, once for each family: no domain is put after it, and no file is read', async () => {
    const before = server.asked.length;
    await expect(resolution().byServers('localhost.none', never())).rejects.toBeDefined();
    await expect(resolution().byServers('intranet', never())).rejects.toBeDefined();
    expect(new Set(server.asked.slice(before))).toEqual(
      new Set(['A localhost.none', 'AAAA localhost.none', 'A intranet', 'AAAA intranet']),
    );
  });

  test('for which no server answers is given up with the call', async () => {
    const controller = new AbortController();
    const asked = resolution().byServers('slow.test', controller.signal);
    setTimeout(() => controller.abort(), 30);
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('that the operator has listed is resolved as the system does it', async () => {
    const found = await resolution().bySystem('localhost', never());
    expect(found.some((address) => address === '127.0.0.1' || address === '::1')).toBe(true);
    const gone = new AbortController();
    gone.abort();
    await expect(resolution().bySystem('localhost', gone.signal)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
