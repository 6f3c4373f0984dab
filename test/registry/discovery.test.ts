// Plugins whose programs are asked for their tools. What the programs answer is a model's here; test/e2e asks real ones.

import { readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import { loadWith } from './load.ts';
import { cliFiles, cliManifest, createModelProber, description, helpOf } from './programs.ts';
import { createWorkspace } from './workspace.ts';

describe('a plugin without a manifest', () => {
  test('asks for nothing, so its tools are pure; each has a plan, and the name of the directory', async () => {
    using workspace = createWorkspace();
    const about = { plugin: { name: 'other', version: '3.1', description: ' Does it ' } };
    workspace.write('plugins/old', cliFiles({ '--describe': description({ run: ['what'] }, about) }));
    const prober = createModelProber();
    const { registry, report, recorded } = await loadWith(workspace, { prober });
    const tool = registry.tool('old__run');
    expect(tool).toMatchObject({
      ...{ effect: 'pure', capabilities: {}, description: 'does run', localName: 'run' },
      plan: { command: ['run'], arguments: [{ property: 'what', spelling: '--what' }] },
      limits: { timeoutMs: LIMITS.timeoutMsDefault, memoryMiB: LIMITS.processMemoryMiBDefault },
      plugin: { name: 'old', version: '3.1', isDiscovered: true, manifest: { description: 'Does it' } },
    });
    expect(tool?.checkInput({ what: 'x' })).toEqual([]);
    expect(tool?.checkInput({ other: 'x' })).toHaveLength(1);
    expect(report('old')).toMatchObject({ state: 'ready', runtime: 'process', capabilities: [], problems: [] });
    expect(recorded).toEqual([`old ${tool?.plugin.digest}`]);
    expect(prober.asked).toEqual(['old --describe', 'old --help', 'old run --help']);
  });

  test('gets the time that is set for such plugins', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/old', cliFiles());
    const { registry } = await loadWith(workspace, { prober: createModelProber(), discoveredTimeoutMs: 1234 });
    expect(registry.tool('old__run')?.limits.timeoutMs).toBe(1234);
  });

  test.each([
    ['smcp', "server's own"],
    ['a__b', '"__"'],
    ['a_', 'ends with'],
    ['a b', 'letters, digits'],
    ['x'.repeat(62), 'letters, digits'],
  ])('whose directory is called %s is refused before its program runs', async (name, message) => {
    using workspace = createWorkspace();
    workspace.write(`plugins/${name}`, cliFiles());
    const prober = createModelProber();
    const { registry } = await loadWith(workspace, { prober });
    expect(registry.reports()).toMatchObject([
      { state: 'refused', problems: [{ code: 'PLUGIN_NAME_RESERVED', message: expect.stringContaining(message) }] },
    ]);
    expect(prober.asked).toEqual([]);
  });

  test('is called as its link is, and two links to one directory are one plugin', async () => {
    using workspace = createWorkspace();
    workspace.write('elsewhere/real', cliFiles());
    workspace.write('plugins', { 'README.md': '' });
    symlinkSync(workspace.path('elsewhere/real'), workspace.path('plugins/linked'));
    symlinkSync(workspace.path('elsewhere/real'), workspace.path('plugins/twice'));
    const { toolNames, logger } = await loadWith(workspace, { prober: createModelProber() });
    expect(toolNames()).toEqual(['linked__run']);
    expect(logger.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { plugin: 'linked', other: 'twice', remedy: expect.stringContaining('the tools of twice') } },
    ]);
  });

  test.each(['a-num', 'z-num'])('keeps its own name beside a link to it that is called %s', async (link) => {
    using workspace = createWorkspace();
    workspace.write('plugins/num', cliFiles());
    symlinkSync('num', workspace.path('plugins', link));
    const { toolNames, logger } = await loadWith(workspace, { prober: createModelProber() });
    expect(toolNames()).toEqual(['num__run']);
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ plugin: 'num', other: link }) }),
    );
  });

  test('keeps its own name also where a link to it lies in a directory that is given before', async () => {
    using workspace = createWorkspace();
    workspace.write('second/num', cliFiles());
    workspace.write('first', { 'README.md': '' });
    symlinkSync(workspace.path('second/num'), workspace.path('first/other'));
    const { toolNames } = await loadWith(workspace, { prober: createModelProber(), folders: ['first', 'second'] });
    expect(toolNames()).toEqual(['num__run']);
  });

  test('with the code of another has tools of its own name', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', cliFiles());
    workspace.write('plugins/b', cliFiles());
    const { registry, toolNames } = await loadWith(workspace, { prober: createModelProber() });
    expect(toolNames()).toEqual(['a__run', 'b__run']);
    await registry.reload();
    expect(toolNames()).toEqual(['a__run', 'b__run']);
  });

  test('that claims the name of a plugin with a manifest stops both', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', cliFiles());
    workspace.write('plugins/other', { ...cliFiles(), 'plugin.json': cliManifest('a') });
    const { registry } = await loadWith(workspace, { prober: createModelProber() });
    const [bare, other] = registry.reports();
    const problem = (file: string, pointer: string) => ({ code: 'PLUGIN_DUPLICATE', file, pointer });
    expect(bare).toMatchObject({ state: 'refused', problems: [problem('', '')] });
    expect(bare?.problems[0]?.remedy).toContain('rename its directory');
    expect(other).toMatchObject({ state: 'refused', problems: [problem('plugin.json', '/name')] });
  });

  test('with a command whose schema can not be taken loses that command only', async () => {
    using workspace = createWorkspace();
    const items = { type: 'string', pattern: '(?=a)b' };
    const commands = [
      { name: 'bad', parameters: [{ name: 'list', type: 'array', items }] },
      { name: 'good', parameters: [] },
    ];
    workspace.write('plugins/old', cliFiles({ '--describe': JSON.stringify({ commands }) }));
    const { report, toolNames } = await loadWith(workspace, { prober: createModelProber() });
    expect(toolNames()).toEqual(['old__good']);
    expect(report('old')?.problems).toEqual([expect.objectContaining({ code: 'PATTERN_UNSUPPORTED', file: 'cli.py' })]);
  });

  test('that names no command is refused with how its program ended, and its copy is removed', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/old', { 'cli.py': { '--help': 1 } });
    const { report } = await loadWith(workspace, { prober: createModelProber(), product: '1' });
    expect(report('old')).toMatchObject({
      state: 'refused',
      problems: [{ code: 'DESCRIPTION_INVALID', message: expect.stringMatching(/exit code 2.*exit code 1/) }],
    });
    expect(readdirSync(workspace.path('home/plugins'))).toEqual([]);
    expect(readdirSync(workspace.path('home/discovered'))).toEqual([]);
  });

  test('is refused with the reason where its program can not be run; the others serve', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/a', cliFiles());
    workspace.write('plugins/b', cliFiles({ more: '' }));
    const prober = createModelProber(async ({ plugin }) => {
      if (plugin.name === 'a') throw new SmcpError('SANDBOX_UNAVAILABLE', 'no python3', { details: { remedy: 'r' } });
    });
    const { report, toolNames } = await loadWith(workspace, { prober });
    expect(report('a')).toMatchObject({ state: 'refused', problems: [{ code: 'SANDBOX_UNAVAILABLE', remedy: 'r' }] });
    expect(toolNames()).toEqual(['b__run']);
  });
});

describe('a program that has to be ended', () => {
  test('while it describes itself is asked nothing more, and again at the next reload', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/old', cliFiles({ '--describe': { stop: 'TIMEOUT' }, '--help': helpOf('run') }));
    const prober = createModelProber();
    const { registry, report } = await loadWith(workspace, { prober, product: '1' });
    expect(report('old')).toMatchObject({ state: 'refused', problems: [{ code: 'TIMEOUT' }] });
    expect(prober.asked).toEqual(['old --describe', 'old --help']);
    await registry.reload();
    expect(prober.asked).toHaveLength(4);
    expect(readdirSync(workspace.path('home/discovered'))).toEqual([]);
  });

  test('while it helps with a command keeps the description; the guess is noted, and asked about again', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/old', cliFiles({ 'run --help': { stop: 'TIMEOUT' } }));
    const prober = createModelProber();
    const { registry, report } = await loadWith(workspace, { prober, product: '1' });
    expect(report('old')).toMatchObject({
      state: 'ready',
      notes: [{ tool: 'old__run', note: expect.stringContaining('ran past its deadline') }],
    });
    expect(readdirSync(workspace.path('home/discovered'))).toEqual([]);
    const before = registry.tool('old__run');
    await registry.reload();
    expect(prober.asked).toHaveLength(6);
    expect(registry.tool('old__run')).toBe(before);
  });
});

describe('what programs answered', () => {
  test('is kept: another start runs none of them, and serves the same', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/old', cliFiles());
    const first = await loadWith(workspace, { prober: createModelProber(), product: '1' });
    const prober = createModelProber();
    const second = await loadWith(workspace, { prober, product: '1' });
    expect(prober.asked).toEqual([]);
    expect(second.report('old')).toEqual(first.report('old'));
    expect(second.registry.tool('old__run')?.schemaDigest).toBe(first.registry.tool('old__run')?.schemaDigest);
  });

  test('is asked anew by another version, for other code, and where the file was damaged', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/old', cliFiles());
    const start = async (product: string) => {
      const prober = createModelProber();
      const { toolNames } = await loadWith(workspace, { prober, product });
      return [prober.asked.length, toolNames()];
    };
    expect(await start('1')).toEqual([3, ['old__run']]);
    expect(await start('2')).toEqual([3, ['old__run']]);
    expect(await start('2')).toEqual([0, ['old__run']]);
    const [name = ''] = readdirSync(workspace.path('home/discovered'));
    for (const text of ['', '{}', '[]', readFileSync(workspace.path('home/discovered', name), 'utf8').slice(0, -9)]) {
      writeFileSync(workspace.path('home/discovered', name), text);
      expect(await start('2')).toEqual([3, ['old__run']]);
    }
    workspace.write('plugins/old', cliFiles({ '--describe': description({ go: [] }), 'go --help': helpOf('go') }));
    expect(await start('2')).toEqual([3, ['old__go']]);
    expect(readdirSync(workspace.path('home/discovered'))).not.toContain(name);
  });

  test('is not taken under the name of other code', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/old', cliFiles());
    await loadWith(workspace, { prober: createModelProber(), product: '1' });
    const [name = ''] = readdirSync(workspace.path('home/discovered'));
    workspace.write('plugins/old', cliFiles({ '--describe': description({ go: [] }), 'go --help': helpOf('go') }));
    const probed = await loadWith(workspace, { prober: createModelProber() });
    const other = `${probed.report('old')?.digest.slice('sha256:'.length)}.json`;
    renameSync(workspace.path('home/discovered', name), workspace.path('home/discovered', other));
    const { toolNames } = await loadWith(workspace, { prober: createModelProber(), product: '1' });
    expect(toolNames()).toEqual(['old__go']);
  });

  test('is not asked again at a reload while the code stays the same, and its tools stay the same objects', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/old', cliFiles());
    const prober = createModelProber();
    const { registry, changes } = await loadWith(workspace, { prober });
    const before = registry.tool('old__run');
    await registry.reload();
    expect([prober.asked.length, changes.told, registry.tool('old__run') === before]).toEqual([3, 0, true]);
    workspace.write('plugins/old', cliFiles({ '--describe': description({ go: [] }), 'go --help': helpOf('go') }));
    await registry.reload();
    expect([registry.tool('old__run'), registry.tool('old__go')?.name, changes.told]).toEqual([
      undefined,
      'old__go',
      1,
    ]);
  });
});

test('the log says before it begins how many programs are asked, and nothing where all answers are kept', async () => {
  using workspace = createWorkspace();
  for (const name of ['a', 'b']) workspace.write(`plugins/${name}`, cliFiles({ more: name }));
  const start = async () => {
    const { logger } = await loadWith(workspace, { prober: createModelProber(), product: '1' });
    return logger.lines.filter(({ message }) => message.startsWith('asking'));
  };
  expect(await start()).toEqual([
    {
      level: 'info',
      message: 'asking 2 programs what they can do, up to 10 s for each answer',
      fields: { plugins: ['a', 'b'] },
    },
  ]);
  expect(await start()).toEqual([]);
});

test('many plugins are asked at once, up to the bound', async () => {
  using workspace = createWorkspace();
  for (let index = 0; index < 20; index += 1) workspace.write(`plugins/p${index}`, cliFiles({ more: String(index) }));
  const { promise: full, resolve } = Promise.withResolvers<void>();
  let running = 0;
  const prober = createModelProber(async () => {
    running += 1;
    if (running === LIMITS.discoveryAsksMax) resolve();
    // None goes on before as many run as may.
    await full;
  });
  const { toolNames } = await loadWith(workspace, { prober });
  expect(toolNames()).toHaveLength(20);
  expect(prober.atOnce()).toBe(LIMITS.discoveryAsksMax);
});

test('a server that stops while programs are asked gives up the reload, and serves what it served', async () => {
  using workspace = createWorkspace();
  workspace.write('plugins/old', cliFiles());
  const { promise: asking, resolve } = Promise.withResolvers<void>();
  let isSlow = false;
  const prober = createModelProber(async ({ signal }) => {
    if (!isSlow) return;
    resolve();
    await new Promise((ended) => signal.addEventListener('abort', ended));
  });
  const { registry, toolNames } = await loadWith(workspace, { prober });
  workspace.write('plugins/new', cliFiles({ more: 'x' }));
  isSlow = true;
  const reload = registry.reload();
  await asking;
  const closed = registry.close();
  await expect(reload).rejects.toThrow(expect.objectContaining({ code: 'SHUTTING_DOWN' }));
  await closed;
  expect(toolNames()).toEqual(['old__run']);
});
