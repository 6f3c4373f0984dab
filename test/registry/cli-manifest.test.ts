// Plugins of the command-line protocol that have a manifest: what it decides, and what is the program's.

import { describe, expect, test } from 'vitest';
import type { CommandPlan } from '#domain/cli-plugin/plan.ts';
import { renderArguments } from '#domain/cli-plugin/render-arguments.ts';
import { loadWith } from './load.ts';
import { cliFiles, cliManifest, createModelProber, description, helpOf } from './programs.ts';
import { createWorkspace } from './workspace.ts';

const NO_PLAN: CommandPlan = {
  ...{
    command: [],
    commandSlot: 'subparsers',
    parser: 'unknown',
    prefixes: '-',
    hasNumberOptions: false,
    arguments: [],
  },
};

describe('a manifest of a program that speaks by command line', () => {
  test('without tools leaves them to the program, and decides all else', async () => {
    using workspace = createWorkspace();
    const made = cliManifest('named', { version: '9', capabilities: { clock: true } });
    workspace.write('plugins/old', { ...cliFiles(), 'plugin.json': made });
    const { registry, report } = await loadWith(workspace, { prober: createModelProber() });
    expect(report('named')).toMatchObject({ state: 'ready', version: '9', capabilities: ['clock'] });
    const tool = registry.tool('named__run');
    expect(tool).toMatchObject({ capabilities: { clock: true }, plan: { command: ['run'] } });
    expect(tool?.plugin.isDiscovered).toBeUndefined();
  });

  test('with tools shows those, as it describes them', async () => {
    using workspace = createWorkspace();
    const input = { type: 'object', properties: { what: { enum: ['a'] } }, additionalProperties: false };
    const tools = [{ name: 'run', title: 'Run', description: 'Mine', input, timeoutMs: 50 }];
    const script = { '--describe': description({ run: ['what'], other: [] }), 'other --help': helpOf('other') };
    workspace.write('plugins/p', { ...cliFiles(script), 'plugin.json': cliManifest('p', { tools }) });
    const { registry, toolNames } = await loadWith(workspace, { prober: createModelProber() });
    expect(toolNames()).toEqual(['p__run']);
    expect(registry.tool('p__run')).toMatchObject({
      ...{ title: 'Run', description: 'Mine', inputSchema: input, limits: { timeoutMs: 50 } },
      plan: { arguments: [{ property: 'what', spelling: '--what' }] },
    });
  });

  test('with a tool or an argument that the program does not have is to be mended', async () => {
    using workspace = createWorkspace();
    const input = { type: 'object', properties: { waht: { type: 'string' } }, additionalProperties: false };
    const tools = ['run', 'rum'].map((name) => ({ name, description: 'd', input }));
    workspace.write('plugins/p', { ...cliFiles(), 'plugin.json': cliManifest('p', { tools }) });
    const { report } = await loadWith(workspace, { prober: createModelProber() });
    expect(report('p')).toMatchObject({
      state: 'refused',
      problems: [
        { code: 'MANIFEST_INVALID', pointer: '/tools/0/input/properties/waht', remedy: 'did you mean "what"?' },
        { code: 'MANIFEST_INVALID', pointer: '/tools/1/name', remedy: 'did you mean "run"?' },
      ],
    });
  });

  test('is served as its types say, and refused where the program would not get what agents send', async () => {
    using workspace = createWorkspace();
    const served = async (name: string, schema: object) => {
      const input = { type: 'object', properties: { what: schema }, additionalProperties: false };
      const tools = [{ name: 'run', description: 'd', input }];
      workspace.write(`plugins/${name}`, { ...cliFiles(), 'plugin.json': cliManifest(name, { tools }) });
      const { registry, report } = await loadWith(workspace, { prober: createModelProber() });
      return { tool: registry.tool(`${name}__run`), report: report(name) };
    };
    const lists = await served('a', { type: 'array', items: { type: 'string' } });
    expect(renderArguments(lists.tool?.plan ?? NO_PLAN, '{"what":["a","b"]}')).toEqual(['run', '--what=a', '--what=b']);
    expect(lists.report?.notes).toEqual([{ tool: 'a__run', note: expect.stringContaining('the flag is repeated') }]);
    const untyped = await served('b', { description: 'any' });
    expect([untyped.tool, untyped.report]).toMatchObject([
      undefined,
      { state: 'refused', problems: [{ code: 'MANIFEST_INVALID', pointer: '/tools/0/input/properties/what' }] },
    ]);
  });
});
