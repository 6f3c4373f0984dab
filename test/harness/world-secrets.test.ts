// The secrets of a made-up world are given, refused and masked by a server's own code.

import { afterAll, describe, expect, test } from 'vitest';
import { startPlugin } from '#sandbox/harness/start-plugin.ts';
import { reveals } from '#test/secrets/forms.ts';
import { isolatePlugin, processPlugin, workspace } from './plugins.ts';

const VALUE = 'ghp_0aZ9bY8cX7dW6eV5';
const space = workspace();
afterAll(space.remove);

const ASKER = `export const tools = { make: async (_, host) => {
  const response = await host.fetch('https://api.example.org/v1/x');
  const text = await response.text();
  host.log('info', text);
  return { text };
} };`;
const CAPABILITIES = {
  net: [{ host: 'api.example.org' }],
  secrets: [{ name: 'KEY', hosts: ['api.example.org'], header: 'Authorization', prefix: 'Bearer ' }],
};
const asker = () => isolatePlugin(space, { source: ASKER, capabilities: CAPABILITIES });

describe('a request in a made-up world', () => {
  test('carries the secret, and its echo is masked in the result, the log and the record', async () => {
    const sent: string[] = [];
    const http = ({ headers }: { readonly headers: { readonly [name: string]: string } }) => {
      sent.push(headers['authorization'] ?? '');
      return { text: `you sent ${headers['authorization']}, ${Buffer.from(sent.join()).toString('base64')}` };
    };
    await using plugin = await startPlugin(asker(), { world: { http, secrets: { KEY: VALUE } } });
    const call = await plugin.call('make');
    expect(sent).toEqual([`Bearer ${VALUE}`]);
    expect(call).toMatchObject({ ok: true, value: { text: expect.stringMatching(/^you sent Bearer \[secret\], /) } });
    expect(call.used).toContainEqual(expect.objectContaining({ kind: 'secrets', target: 'KEY', count: 1 }));
    expect(reveals(JSON.stringify(call), VALUE)).toBe(false);
  });

  test.each([
    ['SECRET_MISSING', {}],
    ['SECRET_INVALID', { KEY: 'short' }],
  ])('ends with %s for secrets that a server would not give', async (code, secrets) => {
    await using plugin = await startPlugin(asker(), { world: { http: [{ url: '*', text: 'x' }], secrets } });
    expect(await plugin.call('make')).toMatchObject({ ok: false, error: { code } });
  });
});

test('a program of a made-up world is shown its secret, and has it masked', async () => {
  const source =
    'import json, os\nprint(json.dumps({"result": {"said": os.environ["TOKEN"], "length": len(os.environ["TOKEN"])}}))';
  const directory = processPlugin(space, { source, capabilities: { secrets: [{ name: 'TOKEN', expose: 'env' }] } });
  await using plugin = await startPlugin(directory, { world: { secrets: { TOKEN: VALUE } } });
  const call = await plugin.call('make');
  expect(call).toMatchObject({ ok: true, value: { said: '[secret]', length: VALUE.length } });
  expect(reveals(JSON.stringify(call), VALUE)).toBe(false);
});
