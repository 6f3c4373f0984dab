// The manifest that `smcp plugin adopt` writes: where it goes while the plugin's owner moves directories, and what is in it.

import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/log.ts';
import type { ProgramQuestion } from '#domain/discovery-ports.ts';
import { adoptPlugin } from '#registry/adopt.ts';
import { createInterviewer } from '#registry/interviewer.ts';
import { openPluginCopies } from '#registry/plugin-copies.ts';
import { cliFiles, createModelProber, description } from './programs.ts';
import { createWorkspace, type Workspace } from './workspace.ts';

const OPTIONS = { availableCapabilities: [] } as const;

/** `act`: called while the program of the plugin runs. */
function adopt(workspace: Workspace, path: string, act: (question: ProgramQuestion) => void = () => {}) {
  const prober = createModelProber(async (question) => act(question));
  const openWorkshop = async () => ({
    copies: await openPluginCopies({ logger: silentLogger }, workspace.path('home')),
    interviewer: createInterviewer({ prober, clock: systemClock }),
  });
  return adoptPlugin({ openWorkshop }, path, OPTIONS);
}

const createPlugin = (script = {}) => {
  const workspace = createWorkspace();
  workspace.write('home', { keep: '' });
  return { workspace, path: workspace.write('plugins/p', cliFiles(script)) };
};

describe('an adopted plugin', () => {
  test('gets its manifest in its directory, which the report names', async () => {
    const { workspace, path } = createPlugin();
    using _ = workspace;
    const { written, report } = await adopt(workspace, path);
    expect(written).toMatchObject({ file: `${path}/plugin.json`, manifest: { name: 'p' } });
    expect([report.state, report.source]).toEqual(['ready', path]);
    expect(JSON.parse(readFileSync(`${path}/plugin.json`, 'utf8'))).toEqual(written?.manifest);
    expect(readdirSync(path).sort()).toEqual(['cli.py', 'plugin.json']);
  });

  test('is called as the link to it, and written where the link leads', async () => {
    const { workspace, path } = createPlugin();
    using _ = workspace;
    symlinkSync(path, workspace.path('linked'));
    const { written } = await adopt(workspace, workspace.path('linked'));
    expect(written).toMatchObject({ file: `${path}/plugin.json`, manifest: { name: 'linked' } });
  });

  test('that has a manifest, or is no directory, runs nothing', async () => {
    const { workspace, path } = createPlugin();
    using _ = workspace;
    const ran = () => {
      throw new Error('ran');
    };
    await expect(adopt(workspace, `${path}/cli.py`, ran)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(adopt(workspace, `${path}/nothing`, ran)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    workspace.write('plugins/p', { 'plugin.json': '' });
    await expect(adopt(workspace, path, ran)).rejects.toMatchObject({ code: 'PLUGIN_ADOPTED' });
  });

  test('shows what would turn the reading direction, and means the same', async () => {
    const turned = 'safe \u202egnihtemos\u2066 \u{e0041}';
    const said = description({ run: ['what'] }, { plugin: { description: turned } });
    const { workspace, path } = createPlugin({ '--describe': said });
    using _ = workspace;
    await adopt(workspace, path);
    const text = readFileSync(`${path}/plugin.json`, 'utf8');
    expect(text).not.toMatch(/[^\P{C}\n]/u);
    expect(text).toContain('safe \\u202egnihtemos');
    expect(JSON.parse(text)).toMatchObject({ description: turned });
  });
});

describe('who owns the plugin leads the manifest nowhere else:', () => {
  test('a link to a foreign directory in its place while the program runs', async () => {
    const { workspace, path } = createPlugin();
    using _ = workspace;
    const victim = workspace.write('victim', { 'cli.py': '' });
    const moved = workspace.path('plugins/moved');
    const adoption = adopt(workspace, path, () => {
      if (existsSync(moved)) return;
      renameSync(path, moved);
      symlinkSync(victim, path);
    });
    await expect(adoption).rejects.toMatchObject({ code: 'PLUGIN_UNSAFE_FILE' });
    expect([readdirSync(victim), readdirSync(moved)]).toEqual([['cli.py'], ['cli.py']]);
  });

  test('the link that was given leads elsewhere meanwhile', async () => {
    const { workspace, path } = createPlugin();
    using _ = workspace;
    const victim = workspace.write('victim', { 'cli.py': '' });
    const link = workspace.path('linked');
    symlinkSync(path, link);
    const adoption = adopt(workspace, link, () => {
      rmSync(link);
      symlinkSync(victim, link);
    });
    await expect(adoption).rejects.toMatchObject({ code: 'PLUGIN_UNSAFE_FILE' });
    expect([readdirSync(victim), readdirSync(path)]).toEqual([['cli.py'], ['cli.py']]);
  });

  test('a directory that is removed gets no manifest', async () => {
    const { workspace, path } = createPlugin();
    using _ = workspace;
    const adoption = adopt(workspace, path, () => rmSync(path, { recursive: true, force: true }));
    await expect(adoption).rejects.toMatchObject({ code: 'PLUGIN_UNSAFE_FILE' });
    expect(existsSync(path)).toBe(false);
  });
});
