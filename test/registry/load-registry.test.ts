import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { digestHex, sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { Plugin } from '#domain/manifest.ts';
import { load, loadWith } from './load.ts';
import { createWorkspace, manifest, pluginFiles, tool, type Workspace } from './workspace.ts';

describe('a plugin that is sound', () => {
  test('has the default limits where its manifest says nothing', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/plain', pluginFiles('plain'));
    const { registry } = await load(workspace);
    expect(registry.tool('plain__hello')?.limits).toEqual({
      timeoutMs: LIMITS.timeoutMsDefault,
      cpuMs: LIMITS.cpuMsDefault,
      memoryMiB: LIMITS.memoryMiBDefault,
      outputBytes: LIMITS.outputBytesDefault,
      hostCalls: LIMITS.hostCallsDefault,
    });
  });

  test('is served from its copy, with digests, limits and effect', async () => {
    using workspace = createWorkspace();
    const files = pluginFiles('weather', {
      runtime: { kind: 'isolate', entry: 'index.js', memoryMiB: 128, cpuMs: 70, outputBytes: 2000, hostCalls: 3 },
      capabilities: { clock: true, random: true },
      tools: [
        tool('now', {
          title: 'Now',
          capabilities: ['clock'],
          timeoutMs: 500,
          idempotent: true,
          cost: 0.25,
          costMax: 2,
          labels: ['private'],
        }),
        tool('all', { output: { type: 'object', required: ['x'] } }),
        tool('none', { capabilities: [] }),
      ],
    });
    workspace.write('plugins/weather', files);
    const { registry, report } = await load(workspace);
    const [plugin] = registry.plugins();
    expect(registry.tools().map(({ name }) => name)).toEqual(['weather__all', 'weather__none', 'weather__now']);
    expect(plugin).toMatchObject({ name: 'weather', version: '1.2.3', origin: 'external' });
    expect(plugin?.manifestDigest).toBe(sha256(JSON.stringify(files['plugin.json'])));
    expect(plugin?.directory).toBe(workspace.path('home/plugins', digestHex(plugin?.digest ?? 'sha256:')));
    expect(registry.tool('weather__now')).toMatchObject({
      localName: 'now',
      title: 'Now',
      effect: 'pure',
      idempotent: true,
      costMicros: 250_000,
      costMicrosMax: 2_000_000,
      labels: ['private'],
      sinks: [],
      capabilities: { clock: true },
      limits: { timeoutMs: 500, cpuMs: 70, memoryMiB: 128, outputBytes: 2000, hostCalls: 3 },
    });
    expect(registry.tool('weather__all')?.capabilities).toEqual({ clock: true, random: true });
    expect(registry.tool('weather__none')?.capabilities).toEqual({});
    expect(registry.tool('weather__none')).toMatchObject({
      idempotent: false,
      limits: {
        timeoutMs: LIMITS.timeoutMsDefault,
        outputBytes: 2000,
        hostCalls: 3,
      },
    });
    expect(report('weather')).toEqual({
      name: 'weather',
      version: '1.2.3',
      digest: plugin?.digest,
      state: 'ready',
      runtime: 'isolate',
      tools: ['weather__all', 'weather__none', 'weather__now'],
      capabilities: ['clock', 'random'],
      problems: [],
      secrets: [],
      notes: [],
      source: workspace.path('plugins/weather'),
    });
  });

  test('checks arguments and results by its schemas', async () => {
    using workspace = createWorkspace();
    const output = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    workspace.write('plugins/w', pluginFiles('w', { tools: [tool('with', { output }), tool('without')] }));
    const { registry } = await load(workspace);
    const found = registry.tool('w__with');
    expect(found?.checkInput({ who: 'x' })).toEqual([]);
    expect(found?.checkInput({})).toHaveLength(1);
    expect(found?.checkOutput({ n: 1 })).toEqual([]);
    expect(found?.checkOutput({ n: 'one' })).toEqual([{ pointer: '/n', message: 'must be integer' }]);
    expect(registry.tool('w__without')?.checkOutput('anything')).toEqual([]);
  });

  test('has a schema digest that changes with what an agent is shown, and with nothing else', async () => {
    const digestWith = async (changes: object) => {
      using workspace = createWorkspace();
      workspace.write('plugins/w', pluginFiles('w', { tools: [tool('hello', changes)] }));
      return (await load(workspace)).registry.tool('w__hello')?.schemaDigest;
    };
    const plain = await digestWith({});
    expect(await digestWith({ timeoutMs: 5, idempotent: true })).toBe(plain);
    for (const shown of [
      { title: 'T' },
      { description: 'D' },
      { output: { type: 'object' } },
      { input: { type: 'object' } },
    ]) {
      expect(await digestWith(shown)).not.toBe(plain);
    }
  });

  test('may be a link to its directory, and is served once when it is found twice', async () => {
    using workspace = createWorkspace();
    workspace.write('elsewhere/w', pluginFiles('w'));
    mkdirSync(workspace.path('plugins'));
    symlinkSync(workspace.path('elsewhere/w'), workspace.path('plugins/w'));
    symlinkSync(workspace.path('elsewhere/w'), workspace.path('plugins/other-name'));
    symlinkSync(workspace.path('plugins'), workspace.path('again'));
    const { registry } = await load(workspace, 'plugins', 'again');
    expect(registry.plugins().map(({ name }) => name)).toEqual(['w']);
    expect(registry.reports()).toHaveLength(1);
  });

  test('is served under the name of its manifest, with a warning when its directory has another', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/checkout-1', pluginFiles('w'));
    const { registry, logger } = await load(workspace);
    expect(registry.tool('w__hello')).toBeDefined();
    const warning = logger.lines.find(({ message }) => message === 'a plugin to look at');
    expect(warning?.fields['message']).toContain('checkout-1');
  });
});

describe('two plugins of the same name', () => {
  test('are both stopped, and each names the place of the other', async () => {
    using workspace = createWorkspace();
    workspace.write('product/w', pluginFiles('w'));
    workspace.write('plugins/w', pluginFiles('w', { version: '2.0.0' }));
    workspace.write('plugins/good', pluginFiles('good'));
    const { registry } = await load(workspace, 'product', 'plugins');
    expect(registry.plugins().map(({ name }) => name)).toEqual(['good']);
    expect(registry.tool('w__hello')).toBeUndefined();
    const places = [workspace.path('plugins/w'), workspace.path('product/w')];
    const reports = registry.reports().filter(({ name }) => name === 'w');
    expect(reports.map(({ source }) => source)).toEqual(places);
    for (const [index, { state, problems }] of reports.entries()) {
      expect(state).toBe('refused');
      expect(problems[0]).toMatchObject({
        code: 'PLUGIN_DUPLICATE',
        message: expect.stringContaining(places[1 - index] ?? ''),
      });
    }
  });

  test('are both stopped also when one of them is broken in another way', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', pluginFiles('w'));
    workspace.write('plugins/b', pluginFiles('w', { version: '' }));
    const { registry } = await load(workspace);
    expect(registry.plugins()).toEqual([]);
  });
});

describe('a plugin that this machine has no sandbox for', () => {
  const loadAdmitted = async (workspace: Workspace, admit: (plugin: Plugin) => void) => {
    workspace.write('plugins/a', pluginFiles('a'));
    workspace.write('plugins/b', pluginFiles('b'));
    return loadWith(workspace, { admit });
  };

  test('is refused with the reason and the remedy, and the others are served', async () => {
    using workspace = createWorkspace();
    const { registry } = await loadAdmitted(workspace, ({ name }) => {
      if (name === 'a') throw new SmcpError('SANDBOX_UNAVAILABLE', 'no wall', { details: { remedy: 'build one' } });
    });
    expect(registry.tools().map(({ name }) => name)).toEqual(['b__hello']);
    expect(registry.reports().map(({ state, tools }) => [state, tools.length])).toEqual([
      ['refused', 0],
      ['ready', 1],
    ]);
    expect(registry.reports()[0]?.problems).toEqual([
      { code: 'SANDBOX_UNAVAILABLE', file: '', pointer: '', message: 'no wall', remedy: 'build one' },
    ]);
  });

  test('stops the start when the question itself fails', async () => {
    using workspace = createWorkspace();
    const failing = loadAdmitted(workspace, () => {
      throw new TypeError('a bug');
    });
    await expect(failing).rejects.toThrow('a bug');
  });
});

describe('a directory in a plugins directory', () => {
  test('with only cli.py is refused where no program can be asked for its tools', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/old', { 'cli.py': '' });
    const { report } = await load(workspace);
    expect(report('old')).toMatchObject({
      state: 'refused',
      runtime: 'process',
      problems: [{ code: 'SANDBOX_UNAVAILABLE', file: '' }],
    });
  });

  test('that is no plugin is left alone, and so are files and hidden directories', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins', { 'README.md': '', 'notes/a.txt': '', '.cache/plugin.json': '{}' });
    const { registry, logger } = await load(workspace);
    expect(registry.reports()).toEqual([]);
    expect(logger.lines.map(({ level }) => level)).toEqual(['debug', 'debug']);
  });

  test('with a plugin.json that leads nowhere is reported', async () => {
    using workspace = createWorkspace();
    mkdirSync(workspace.path('plugins/w'), { recursive: true });
    symlinkSync('nowhere', workspace.path('plugins/w/plugin.json'));
    expect((await load(workspace)).report('w')?.problems[0]?.code).toBe('PLUGIN_UNSAFE_FILE');
  });
});

describe('a plugins directory', () => {
  const invalid = expect.objectContaining({ code: 'CONFIG_INVALID' });

  test('that is missing, or a file, is an error', async () => {
    using workspace = createWorkspace();
    workspace.write('.', { file: '' });
    await expect(load(workspace, 'missing')).rejects.toThrow(invalid);
    await expect(load(workspace, 'file')).rejects.toThrow(invalid);
  });

  test("that is the product's own and missing leaves nothing to serve", async () => {
    using workspace = createWorkspace();
    const { registry, logger } = await load(workspace, 'product');
    expect(registry.tools()).toEqual([]);
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
  });

  test('that is a plugin itself is an error, which says to name the directory around it', async () => {
    using workspace = createWorkspace();
    workspace.write('w', pluginFiles('w'));
    await expect(load(workspace, 'w')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('is a plugin itself'),
    });
  });

  test('that has a cli.py is a plugin itself where no other is in it', async () => {
    using workspace = createWorkspace();
    workspace.write('w', { 'cli.py': '' });
    await expect(load(workspace, 'w')).rejects.toThrow('is a plugin itself');
    workspace.write('w/inside', pluginFiles('inside'));
    expect((await load(workspace, 'w')).toolNames()).toEqual(['inside__hello']);
  });

  test('with too many plugins, or too many entries, is an error', async () => {
    using workspace = createWorkspace();
    workspace.fill('entries', LIMITS.pluginDirectoryEntriesMax + 1);
    await expect(load(workspace, 'entries')).rejects.toThrow(invalid);
    for (let index = 0; index <= LIMITS.pluginsMax; index++) {
      mkdirSync(workspace.path(`plugins/${index}/plugin.json`), { recursive: true });
    }
    await expect(load(workspace)).rejects.toThrow(invalid);
  });
});

test('what was refused is served once it is mended, and what was changed is another plugin', async () => {
  using workspace = createWorkspace();
  workspace.write('plugins/w', pluginFiles('w', { tools: [] }));
  expect((await load(workspace)).registry.plugins()).toEqual([]);
  writeFileSync(workspace.path('plugins/w/plugin.json'), JSON.stringify(manifest('w')));
  const first = (await load(workspace)).registry.plugins()[0];
  expect(readFileSync(join(first?.directory ?? '', 'index.js'), 'utf8')).toContain('hello');
  chmodSync(workspace.path('plugins/w/index.js'), 0o755);
  const second = (await load(workspace)).registry.plugins()[0];
  expect(second?.digest).not.toBe(first?.digest);
  expect(readFileSync(join(second?.directory ?? '', 'index.js'), 'utf8')).toContain('hello');
});
