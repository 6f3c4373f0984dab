import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { loadConfig, refusedVariables } from '#config/config.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smcp-config-'));
  file = join(folder, 'config.yaml');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the configuration', () => {
  test('of a home without config.yaml is the default: loopback, port 8000, edits of the policy applied, a log that is not public', () => {
    expect(loadConfig(file, {})).toEqual({
      server: { host: '127.0.0.1', port: 8000, names: [], trustProxy: [] },
      plugins: [],
      console: {},
      approve: 'pinned',
      discovered: {},
      sandbox: { users: { first: LIMITS.pluginUidFirst, count: LIMITS.pluginUidsMax } },
      workspaces: {
        directory: 'workspaces',
        bytesMax: LIMITS.workspaceBytesDefault,
        filesMax: LIMITS.workspaceFilesDefault,
      },
      net: { privateHosts: [], loopbackHosts: [] },
      notify: { webhooks: [], ntfy: [], mail: [], telegram: [] },
      policy: { apply: 'auto' },
      log: { name: 'smcp.local', public: false },
      secrets: { sources: {} },
      logging: { level: 'info' },
    });
  });

  test('takes directories of plugins as a list, or with whether what changes in them has to be approved', () => {
    const read = (text: string) => {
      writeFileSync(file, `version: 1\nplugins: ${text}\n`);
      const { plugins, approve } = loadConfig(file, {});
      return [plugins, approve];
    };
    expect(read('[more]')).toEqual([['more'], 'pinned']);
    expect(read('{ directories: [more] }')).toEqual([['more'], 'pinned']);
    expect(read('{ approve: always }')).toEqual([[], 'always']);
    for (const text of ['{ approve: never }', '{ approve: true }', '{ aprove: always }', 'always']) {
      expect(() => read(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    }
  });

  test('keeps the defaults of what the file leaves out', () => {
    writeFileSync(file, 'version: 1\nserver:\n  port: 9000\n');
    expect(loadConfig(file, {}).server).toEqual({ host: '127.0.0.1', port: 9000, names: [], trustProxy: [] });
  });

  test('takes the users of plugins, and refuses those of the system and half a range', () => {
    writeFileSync(file, 'version: 1\nsandbox: { users: { first: 70000, count: 200 } }\n');
    expect(loadConfig(file, {}).sandbox).toEqual({ users: { first: 70_000, count: 200 } });
    for (const users of ['first: 999, count: 5', 'first: 70000', 'first: 70000, count: 0', 'first: 1e3.5, count: 1']) {
      writeFileSync(file, `version: 1\nsandbox: { users: { ${users} } }\n`);
      expect(() => loadConfig(file, {})).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    }
  });

  test('takes the hosts that may lead to private addresses and to this machine, and no pattern of hosts', () => {
    writeFileSync(file, 'version: 1\nnet: { privateHosts: [git.lan, 10.0.0.5], loopbackHosts: [localhost] }\n');
    expect(loadConfig(file, {}).net).toEqual({ privateHosts: ['git.lan', '10.0.0.5'], loopbackHosts: ['localhost'] });
    writeFileSync(file, 'version: 1\nnet: { privateHosts: [git.lan] }\n');
    expect(loadConfig(file, {}).net).toEqual({ privateHosts: ['git.lan'], loopbackHosts: [] });
    for (const hosts of ['["*.lan"]', '[10.0.0.0/8]', '[Git.lan]', '[git.lan:443]', '["::1"]', 'git.lan']) {
      writeFileSync(file, `version: 1\nnet: { privateHosts: ${hosts} }\n`);
      expect(() => loadConfig(file, {})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    }
  });

  test('takes a place for the console where passkeys work, and no other', () => {
    const originOf = (text: string) => {
      writeFileSync(file, `version: 1\nconsole: { origin: "${text}" }\n`);
      return loadConfig(file, {}).console.origin;
    };
    for (const good of ['https://smcp.example.org', 'https://smcp.example.org:8443', 'http://localhost:9000']) {
      expect(originOf(good)).toBe(good);
    }
    for (const bad of [
      ...['http://smcp.example.org', 'https://192.0.2.7', 'https://[::1]', 'http://127.0.0.1:8000'],
      ...[
        'https://smcp.example.org/',
        'https://smcp.example.org/console',
        'https://ana@smcp.example.org',
        'smcp.example.org',
      ],
    ]) {
      expect(() => originOf(bad)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    }
  });

  test('leaves edits of the policy to a person when it says so', () => {
    writeFileSync(file, 'version: 1\npolicy:\n  apply: manual\n');
    expect(loadConfig(file, {}).policy).toEqual({ apply: 'manual' });
  });

  test('takes address and plugins of older set-ups from the environment, before the file', () => {
    writeFileSync(file, 'version: 1\nserver:\n  port: 9000\nplugins: [mine]\n');
    const config = loadConfig(file, { MCP_PORT: '9001', MCP_HOST: '::1', MCP_PLUGINS_DIR: '/srv/plugins' });
    expect(config.server).toMatchObject({ host: '::1', port: 9001 });
    expect(config.plugins).toEqual(['mine', '/srv/plugins']);
  });

  test('takes a directory of the environment from where the command is given', () => {
    expect(loadConfig(file, { MCP_PLUGINS_DIR: 'plugins' }).plugins).toEqual([join(process.cwd(), 'plugins')]);
  });

  test.each<[string, string, () => void]>([
    ['a link', 'HOME_UNSAFE', () => symlinkSync('/dev/null', file)],
    ['a FIFO', 'HOME_UNSAFE', () => execFileSync('mkfifo', ['-m', '600', file])],
    ['a directory', 'HOME_UNSAFE', () => mkdirSync(file, { mode: 0o700 })],
    ['writable by others', 'HOME_UNSAFE', () => writeFileSync(file, 'version: 1\n')],
    ['larger than the bound', 'CONFIG_INVALID', () => writeFileSync(file, '#'.repeat(LIMITS.configBytesMax + 1))],
    ['no text', 'CONFIG_INVALID', () => writeFileSync(file, new Uint8Array([0x23, 0xff]))],
  ])('is refused when it is %s', (what, code, arrange) => {
    arrange();
    if (what === 'writable by others') chmodSync(file, 0o622);
    expect(() => loadConfig(file, {})).toThrow(expect.objectContaining({ code }));
  });

  test.each(['', 'http', '-1', '65536', '80.5'])('refuses MCP_PORT=%j', (port) => {
    expect(() => loadConfig(file, { MCP_PORT: port })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });

  test('takes the time of calls of plugins without a manifest from the environment, in seconds', () => {
    expect(loadConfig(file, {}).discovered).toEqual({});
    expect(loadConfig(file, { MCP_PLUGIN_TIMEOUT: '120' }).discovered).toEqual({ discoveredTimeoutMs: 120_000 });
    expect(loadConfig(file, { MCP_PLUGIN_TIMEOUT: '0.5' }).discovered).toEqual({ discoveredTimeoutMs: 500 });
  });

  test.each(['', ' ', '0', '-1', '601', '1e9', 'long'])('refuses MCP_PLUGIN_TIMEOUT=%j', (MCP_PLUGIN_TIMEOUT) => {
    const invalid = expect.objectContaining({ code: 'CONFIG_INVALID' });
    expect(() => loadConfig(file, { MCP_PLUGIN_TIMEOUT })).toThrow(invalid);
  });

  test('says what to use instead of a variable that would weaken the rules, and honours none of them', () => {
    const env = { MCP_AUTH_DISABLED: '1', MCP_API_KEY: 'k' };
    expect(refusedVariables(env)).toEqual([
      expect.stringMatching(/^MCP_AUTH_DISABLED is not honoured; .*agent token/),
      expect.stringMatching(/^MCP_API_KEY is not honoured; .*agent token/),
    ]);
    expect(loadConfig(file, env)).toEqual(loadConfig(file, {}));
  });
});
