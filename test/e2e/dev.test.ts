import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createApp } from '#app.ts';
import { silentLogger } from '#base/log.ts';
import { DEV_CONFIG, serveChanges } from '#cli/serve-dev.ts';
import { loadConfig } from '#config/config.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { writeNewPlugin } from '#sandbox/harness/new-plugin.ts';
import { memoryTerminal } from '#test/cli/memory-terminal.ts';

const root = mkdtempSync(join(tmpdir(), 'smcp-dev-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a plugin that its author changes, or adds, is served by a --dev server at once; one that breaks is told of', async () => {
  const plugins = join(root, 'plugins');
  mkdirSync(plugins);
  const { directory } = writeNewPlugin(plugins, 'mine', 'isolate');
  const home = homeAt(join(root, 'home'));
  prepareHome(home);
  const app = await createApp({
    ...{ home, host: '127.0.0.1', port: 0, logger: silentLogger, version: '0', productPlugins: join(root, 'none') },
    config: { ...loadConfig(home.config, {}), ...DEV_CONFIG },
    externalPlugins: [plugins],
  });
  try {
    const { terminal, written } = memoryTerminal();
    using _ = serveChanges({ app, logger: silentLogger, terminal }, [plugins]);
    const said = (line: string) => expect.poll(() => written.err).toContain(line);
    expect(await app.reloadPlugins()).toMatchObject([{ name: 'mine', state: 'ready', version: '0.1.0' }]);
    const manifest = readFileSync(join(directory, 'plugin.json'), 'utf8');
    writeFileSync(join(directory, 'plugin.json'), manifest.replace('0.1.0', '0.2.0'));
    await said('dev: mine 0.2.0 is ready: mine__greet');
    writeNewPlugin(plugins, 'another', 'isolate');
    await said('dev: another 0.1.0 is ready: another__greet');
    writeFileSync(join(directory, 'plugin.json'), '{');
    await said('is refused: plugin.json');
  } finally {
    await app.close();
  }
});
