// Programs that fail while their code is sound: what they say then serves until they are asked again, and is never kept.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadWith } from './load.ts';
import { cliFiles, createModelProber, type Script } from './programs.ts';
import { createWorkspace } from './workspace.ts';

const ROOT_HELP =
  'usage: cli.py [-h] {run} ...\n\npositional arguments:\n  {run}\n    run       runs\n\noptions:\n  -h, --help  show this help message and exit\n';

describe('a program that fails for a while, though its code is sound,', () => {
  const sound = cliFiles()['cli.py'] as Script;

  test.each<[string, Script]>([
    ['at the help of a command', { ...sound, 'run --help': 1 }],
    ['at the help of a command, as if it did not know it', { ...sound, 'run --help': 2 }],
    ['at its description, so that its help is all that is known', { ...sound, '--describe': 1, '--help': ROOT_HELP }],
    ['at its help', { ...sound, '--help': 1 }],
  ])('%s, is asked again at a reload and a start, and then kept', async (_where, failing) => {
    using workspace = createWorkspace();
    workspace.write('plugins/late', cliFiles());
    let now: Script = failing;
    const prober = createModelProber(
      async () => {},
      () => now,
    );
    const { registry } = await loadWith(workspace, { prober, product: '1' });
    expect(registry.tool('late__run')).toBeDefined();
    expect(readdirSync(workspace.path('home/discovered'))).toEqual([]);
    const again = await loadWith(workspace, { prober, product: '1' });
    const asked = prober.asked.length;
    now = sound;
    await again.registry.reload();
    expect(prober.asked.length).toBeGreaterThan(asked);
    expect(again.report('late')).toMatchObject({ state: 'ready', notes: [] });
    expect(again.registry.tool('late__run')?.plan?.arguments).toMatchObject([{ spelling: '--what', style: 'value' }]);
    const next = createModelProber();
    const { report } = await loadWith(workspace, { prober: next, product: '1' });
    expect([report('late')?.state, next.asked]).toEqual(['ready', []]);
  });

  test('is not taken from what an older version of the file kept', async () => {
    using workspace = createWorkspace();
    workspace.write('plugins/late', cliFiles());
    await loadWith(workspace, { prober: createModelProber(), product: '1' });
    const [name = ''] = readdirSync(workspace.path('home/discovered'));
    const file = workspace.path('home/discovered', name);
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { answers: [string, object][] };
    const broken = { ...kept, answers: kept.answers.map(([asked]) => [asked, { kind: 'broken', reason: 'x' }]) };
    writeFileSync(file, JSON.stringify(broken));
    const prober = createModelProber();
    await loadWith(workspace, { prober, product: '1' });
    expect(prober.asked).toHaveLength(3);
  });
});
