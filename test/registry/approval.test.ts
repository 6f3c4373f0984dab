// What was approved is the exact code, manifest and tools: any one thing that differs makes a plugin wait.

import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256 } from '#base/digest.ts';
import type { JsonObject } from '#base/json.ts';
import type { Manifest, ManifestTool, Plugin, PluginTool } from '#domain/manifest.ts';
import { approvalDigest, differencesOf, factsOf, isApproved, narrowPlugin } from '#registry/approval.ts';
import { packageDigest, packageListing } from '#registry/package-digest.ts';
import type { PluginFiles } from '#registry/plugin-files.ts';
import { loadWith } from './load.ts';
import { createModelProber, description } from './programs.ts';
import { createWorkspace, manifest, pluginFiles, tool, type Workspace } from './workspace.ts';

type Drawn = {
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array; readonly isExecutable: boolean }[];
  readonly tools: readonly (Pick<ManifestTool, 'name' | 'description' | 'input' | 'sink' | 'costMax'> & {
    readonly labels: readonly string[];
  })[];
  readonly capabilities: JsonObject;
};

const path = fc.stringMatching(/^[a-z]{1,8}$/);
const drawn: fc.Arbitrary<Drawn> = fc.record({
  files: fc.uniqueArray(
    fc.record({ path, bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }), isExecutable: fc.boolean() }),
    { minLength: 1, maxLength: 4, selector: ({ path: name }) => name },
  ),
  tools: fc.uniqueArray(
    fc.record({
      name: path,
      description: fc.string({ unit: 'grapheme' }),
      input: fc.constant<JsonObject>({ type: 'object' }),
      labels: fc.constant<readonly string[]>(['private', 'untrusted']),
    }),
    { minLength: 1, maxLength: 3, selector: ({ name }) => name },
  ),
  capabilities: fc.constantFrom<JsonObject>({}, { clock: true }, { clock: true, random: true }),
});

/** The facts of a plugin whose program described these tools: nothing of them is in its files. */
function facts({ files, tools, capabilities }: Drawn) {
  const map: PluginFiles = new Map(
    files.toSorted((a, b) => (a.path < b.path ? -1 : 1)).map(({ path: name, ...file }) => [name, file]),
  );
  const whole: Manifest = {
    ...{ manifest: 1, name: 'a', version: '1', description: 'd', tools, capabilities },
    runtime: { kind: 'process', command: ['python3', 'cli.py'], protocol: 'smcp-cli' },
  };
  const served = tools.map((one) => ({ ...one, localName: one.name, inputSchema: one.input }) as unknown as PluginTool);
  const plugin: Plugin = {
    ...{ name: 'a', version: '1', digest: packageDigest(map), manifestDigest: sha256('m'), manifest: whole },
    ...{ directory: '', origin: 'external', isDiscovered: true, tools: served },
  };
  return factsOf(plugin, packageListing(map));
}

type Change = (one: Drawn) => Drawn;
const atFirst = <T>(list: readonly T[], change: (one: T) => T): readonly T[] =>
  list.map((one, index) => (index === 0 ? change(one) : one));
const inFile =
  (change: (file: Drawn['files'][number]) => Drawn['files'][number]): Change =>
  (one) => ({
    ...one,
    files: atFirst(one.files, change),
  });
const inTool =
  (change: (tool: Drawn['tools'][number]) => Drawn['tools'][number]): Change =>
  (one) => ({
    ...one,
    tools: atFirst(one.tools, change),
  });

const CHANGES: readonly (readonly [string, Change])[] = [
  ['a byte', inFile((file) => ({ ...file, bytes: file.bytes.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) }))],
  ['a mode', inFile((file) => ({ ...file, isExecutable: !file.isExecutable }))],
  ["a file's name", inFile((file) => ({ ...file, path: `${file.path}0` }))],
  [
    'a file more',
    (one) => ({ ...one, files: [...one.files, { path: '0', bytes: new Uint8Array(), isExecutable: false }] }),
  ],
  ['a file less', (one) => ({ ...one, files: one.files.slice(1) })],
  ["a tool's name", inTool((one) => ({ ...one, name: `${one.name}0` }))],
  ['a description', inTool((one) => ({ ...one, description: `${one.description}.` }))],
  ['a description by what is invisible', inTool((one) => ({ ...one, description: `${one.description}\u202e` }))],
  ['a schema', inTool((one) => ({ ...one, input: { ...one.input, properties: { x: {} } } }))],
  ['a tool more', (one) => ({ ...one, tools: [...one.tools, { name: '0', description: '', input: {}, labels: [] }] })],
  ['a label less', inTool((one) => ({ ...one, labels: one.labels.slice(1) }))],
  ['a sink', inTool((one) => ({ ...one, sink: 'paper' }))],
  ['what a call may cost', inTool((one) => ({ ...one, costMax: 1 }))],
  ['a capability', (one) => ({ ...one, capabilities: { ...one.capabilities, net: [{ host: 'a.example' }] } })],
];

describe('what is approved', () => {
  test('is approved as long as nothing differs, and then there is nothing to show', () => {
    fc.assert(
      fc.property(drawn, (one) => {
        const [approved, present] = [facts(one), facts(structuredClone(one))];
        expect([isApproved(present, approved), differencesOf(approved, present)]).toEqual([true, []]);
      }),
    );
  });

  test.each(CHANGES)('is not approved any more after a change of %s, which is shown', (_, change) => {
    fc.assert(
      fc.property(drawn, (one) => {
        const [approved, present] = [facts(one), facts(change(one))];
        expect(isApproved(present, approved)).toBe(false);
        expect(differencesOf(approved, present)).not.toEqual([]);
        expect(approvalDigest(present)).not.toBe(approvalDigest(approved));
      }),
    );
  });
});

/** A home that was started with one plugin, whose approval is pinned. */
async function pinned(workspace: Workspace) {
  workspace.write('plugins/a', pluginFiles('a', { capabilities: { clock: true, random: true } }));
  const seen = new Set<string>();
  const start = (folders = ['plugins']) => loadWith(workspace, { approve: 'pinned', seen, folders });
  return { start, seen, world: await start() };
}

const lockOf = (workspace: Workspace) => workspace.path('home', 'plugins.lock.json');
const states = ({ registry }: Awaited<ReturnType<typeof loadWith>>) =>
  registry.reports().map(({ name, state }) => `${name} ${state}`);

describe('a plugins directory', () => {
  test('is approved at the first start with it; what comes later waits, and what changes', async () => {
    using workspace = createWorkspace();
    const { start, world } = await pinned(workspace);
    expect(states(world)).toEqual(['a ready']);
    workspace.write('plugins/b', pluginFiles('b'));
    writeFileSync(workspace.path('plugins/a/index.js'), '// other\n');
    await world.registry.reload();
    expect([states(world), world.toolNames()]).toEqual([['a quarantined', 'b quarantined'], []]);
    expect(world.report('a')?.problems[0]).toMatchObject({
      code: 'PLUGIN_UNAPPROVED',
      message: expect.stringMatching(/^is not what first start approved at .*: file index.js changed$/),
      remedy: 'smcp plugin approve a',
    });
    expect(states(await start())).toEqual(['a quarantined', 'b quarantined']);
    // The negative control: where everything is approved the same plugins are served.
    expect(states(await loadWith(workspace))).toEqual(['a ready', 'b ready']);
  });

  test('serves a plugin again that goes back to what was approved, without asking', async () => {
    using workspace = createWorkspace();
    const { world } = await pinned(workspace);
    writeFileSync(workspace.path('plugins/a/index.js'), '// other\n');
    await world.registry.reload();
    workspace.write('plugins/a', pluginFiles('a', { capabilities: { clock: true, random: true } }));
    await world.registry.reload();
    expect([states(world), world.changes.told]).toEqual([['a ready'], 2]);
  });

  test('is no new one when the link that names it shows another one', async () => {
    using workspace = createWorkspace();
    workspace.write('one/a', pluginFiles('a'));
    workspace.write('two/b', pluginFiles('b'));
    symlinkSync(workspace.path('one'), workspace.path('plugins'));
    const seen = new Set<string>();
    const start = (folders: readonly string[]) => loadWith(workspace, { approve: 'pinned', seen, folders });
    expect(states(await start(['plugins']))).toEqual(['a ready']);
    rmSync(workspace.path('plugins'));
    symlinkSync(workspace.path('two'), workspace.path('plugins'));
    expect(states(await start(['plugins']))).toEqual(['b quarantined']);
    // The negative control: the same directory under a name that the home never started with, once neither was seen.
    seen.clear();
    expect(states(await start(['plugins']))).toEqual(['b ready']);
  });

  test('is no new one when its lock file is gone: nothing is approved again', async () => {
    using workspace = createWorkspace();
    const { start, seen } = await pinned(workspace);
    rmSync(lockOf(workspace));
    expect(states(await start())).toEqual(['a quarantined']);
    // The negative control: without what the database remembers it is a first start.
    seen.clear();
    expect(states(await start())).toEqual(['a ready']);
  });

  test('that is new brings no other code under a name that was approved', async () => {
    using workspace = createWorkspace();
    const { start } = await pinned(workspace);
    workspace.write('second/a', { ...pluginFiles('a'), 'index.js': '// evil\n' });
    workspace.write('second/new', pluginFiles('new'));
    const both = await start(['plugins', 'second']);
    expect(both.registry.reports().map(({ name, state }) => `${name} ${state}`)).toEqual([
      ...['a refused', 'a refused', 'new ready'],
    ]);
    expect(both.toolNames()).toEqual(['new__hello']);
    rmSync(workspace.path('plugins/a'), { recursive: true });
    expect(states(await start(['plugins', 'second']))).toEqual(['a quarantined', 'new ready']);
  });

  test('gives no plugin the approval of another one by taking its name', async () => {
    using workspace = createWorkspace();
    const { world } = await pinned(workspace);
    rmSync(workspace.path('plugins/a'), { recursive: true });
    workspace.write('plugins/b', pluginFiles('b'));
    await world.registry.reload();
    expect(states(world)).toEqual(['b quarantined']);
    workspace.write('plugins/b', { 'plugin.json': manifest('a') });
    await world.registry.reload();
    expect(states(world)).toEqual(['a quarantined']);
  });
});

describe('approving', () => {
  test('takes exactly the digest that was shown, and lasts', async () => {
    using workspace = createWorkspace();
    const { start, world } = await pinned(workspace);
    writeFileSync(workspace.path('plugins/a/index.js'), '// second\n');
    await world.registry.reload();
    const shown = world.registry.review('a');
    expect(shown).toMatchObject({ state: 'waiting', before: { by: 'first start' } });
    writeFileSync(workspace.path('plugins/a/index.js'), '// third\n');
    await world.registry.reload();
    const act = { digest: shown.digest, without: [], by: 'admin' } as const;
    expect(() => world.registry.approve('a', act)).toThrow(expect.objectContaining({ code: 'PLUGIN_CHANGED' }));
    expect(states(world)).toEqual(['a quarantined']);
    const { digest } = world.registry.review('a');
    expect(world.registry.approve('a', { ...act, digest })).toMatchObject({ state: 'ready' });
    expect(states(await start())).toEqual(['a ready']);
  });

  test('gives less than is asked where the person says so, also after a restart and under `always`', async () => {
    using workspace = createWorkspace();
    const { start, world } = await pinned(workspace);
    const given = (one: typeof world) => one.registry.tool('a__hello')?.capabilities;
    expect(given(world)).toEqual({ clock: true, random: true });
    const { digest } = world.registry.review('a');
    world.registry.approve('a', { digest, without: ['random'], by: 'admin' });
    expect([given(world), world.changes.told]).toEqual([{ clock: true }, 1]);
    const again = await start();
    expect(given(again)).toEqual({ clock: true });
    expect(given(await loadWith(workspace))).toEqual({ clock: true });
    await again.registry.reload();
    expect(again.changes.told).toBe(0);
    // An update that is approved gets no more than the version before, unless the person says so.
    writeFileSync(workspace.path('plugins/a/index.js'), '// update\n');
    await again.registry.reload();
    const update = { digest: again.registry.review('a').digest, by: 'admin' };
    again.registry.approve('a', update);
    expect(given(again)).toEqual({ clock: true });
    again.registry.approve('a', { ...update, without: [] });
    expect(given(again)).toEqual({ clock: true, random: true });
  });

  test('leaves the plugin as it is where nothing is left out', () => {
    const plugin = { name: 'a', tools: [] } as unknown as Plugin;
    expect(narrowPlugin(plugin, [])).toBe(plugin);
  });

  test('is not for what came with the product', async () => {
    using workspace = createWorkspace();
    workspace.write('product/a', pluginFiles('a'));
    const { registry, report } = await loadWith(workspace, { approve: 'pinned', folders: ['product'] });
    const { digest, state } = registry.review('a');
    expect([report('a')?.state, state]).toEqual(['ready', 'approved']);
    const act = { digest, without: [], by: 'admin' } as const;
    expect(() => registry.approve('a', act)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test('a program without a manifest waits when it describes itself differently, though no byte of it changed', async () => {
    using workspace = createWorkspace();
    let said = description({ greet: ['who'] });
    const prober = createModelProber(undefined, () => ({ '--describe': said }));
    workspace.write('plugins/prog', { 'cli.py': 'x' });
    const options = { approve: 'pinned', prober, seen: new Set<string>() } as const;
    const first = await loadWith(workspace, options);
    expect(states(first)).toEqual(['prog ready']);
    said = description({ greet: ['who', 'secret'] });
    const second = await loadWith(workspace, options);
    expect(states(second)).toEqual(['prog quarantined']);
    expect(second.report('prog')?.digest).toBe(first.report('prog')?.digest);
    expect(second.registry.review('prog').differences).toContainEqual(
      expect.objectContaining({ kind: 'tool', subject: 'greet' }),
    );
  });

  test('a tool whose description changed is shown as it was and as it is', async () => {
    using workspace = createWorkspace();
    const { world } = await pinned(workspace);
    workspace.write('plugins/a', pluginFiles('a', { tools: [tool('hello', { description: 'says \u202eolleh' })] }));
    await world.registry.reload();
    expect(world.registry.review('a').differences).toContainEqual(
      expect.objectContaining({
        ...{ kind: 'tool', subject: 'hello' },
        approved: expect.objectContaining({ description: 'says hello' }),
        present: expect.objectContaining({ description: 'says \u202eolleh' }),
      }),
    );
  });
});
