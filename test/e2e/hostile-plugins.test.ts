import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, createApp } from '#app.ts';
import { silentLogger } from '#base/log.ts';
import { loadConfig } from '#config/config.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import { connectStreamable, errorOf, receiptOf, type TestClient } from './clients.ts';
import { childPids } from './processes.ts';
import { smcp, temporaryFolder } from './server.ts';

const folder = temporaryFolder();
const home = homeAt(join(folder.path, 'home'));
let app: App;
let client: TestClient;

beforeAll(async () => {
  prepareHome(home);
  writeFileSync(home.policy, 'version: 1\nagents:\n  a:\n    grants:\n      - tools: ["*"]\n', { mode: 0o600 });
  app = await createApp({
    home,
    config: loadConfig(home.config, {}),
    host: '127.0.0.1',
    port: 0,
    logger: silentLogger,
    version: '0.0.0',
    productPlugins: productPluginsDirectory(),
    externalPlugins: [fileURLToPath(new URL('./hostile-plugins', import.meta.url))],
  });
  const issued = await smcp(['agent', 'token', 'a', '--json', '--home', home.directory]);
  client = await connectStreamable(app.url, (JSON.parse(issued.stdout) as { token: string }).token);
});

afterAll(async () => {
  await client.close();
  await app.close();
  folder.remove();
});

/** Each way to misbehave, and the one code that it ends with: the wall that holds it. */
const ENDS = [
  ['throws', 'TOOL_FAILED', 'thrown by the plugin'],
  ['loops', 'CPU_EXCEEDED', 'processor time'],
  ['wedges', 'CPU_EXCEEDED', 'processor time'],
  ['waits', 'TOOL_FAILED', 'nothing can settle'],
  ['hoards', 'MEMORY_EXCEEDED', 'memory'],
  // The watchdog sees it, or V8 aborts before that has a turn.
  ['aborts', 'MEMORY_EXCEEDED or PLUGIN_CRASHED', ''],
  ['floods', 'OUTPUT_TOO_LARGE', '4096 bytes'],
  ['chatters', 'HOST_CALLS_EXCEEDED', 'limit of 5'],
  ['garbage', 'RESULT_INVALID', 'not JSON'],
  ['liar', 'RESULT_INVALID', 'output schema'],
  ['asks', 'CAPABILITY_DENIED', 'clock'],
] as const;

describe.each(ENDS)('a plugin whose tool %s', (tool, codes, says) => {
  test('ends with its code and a record, while another plugin goes on and the next call works', async () => {
    const misbehaving = client.call(`rogue__${tool}`);
    const meanwhile = await client.call('calm__echo', { text: 'still here' });
    expect(meanwhile.structuredContent).toEqual({ text: 'still here' });
    const result = await misbehaving;
    expect(result.isError).toBe(true);
    const { code, message } = errorOf(result);
    expect(codes.split(' or ')).toContain(code);
    expect(message).toContain(says);
    const { invocation } = receiptOf(result);
    const shown = await smcp(['log', 'show', invocation, '--json', '--home', home.directory]);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      record: { predicate: { phase: 'outcome', result: { isError: true, class: code } } },
    });
    expect(JSON.stringify(result)).not.toContain(home.directory);
    expect(JSON.stringify(result)).not.toMatch(/node_modules|sandbox\/(warden|guest|host)/);
    const after = await client.call('rogue__throws');
    expect(errorOf(after)).toMatchObject({
      code: 'TOOL_FAILED',
      message: expect.stringContaining('thrown by the plugin'),
    });
  });
});

describe('after all of it', () => {
  test('the log verifies, and no process is left once the server has stopped', async () => {
    const verified = await smcp(['log', 'verify', home.directory, '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true });
    expect(childPids().length).toBeGreaterThan(0);
    await client.close();
    await app.close();
    expect(childPids()).toEqual([]);
  });
});
