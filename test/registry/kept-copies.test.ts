// Copies of code that no plugin has any more: those that recorded calls ran stay, within bounds, and no others.

import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { digestHex } from '#base/digest.ts';
import { type KeptBounds, type LastRunMs, removableCopies } from '#registry/kept-copies.ts';
import { packageDigest } from '#registry/package-digest.ts';
import { openPluginCopies } from '#registry/plugin-copies.ts';
import { readPluginFiles } from '#registry/plugin-tree.ts';
import { createRememberingLogger, createWorkspace, manifest, type Workspace } from './workspace.ts';

const KIB = 1024;
const ROOMY: KeptBounds = { countMax: 10, bytesMax: 100 * KIB };

/** A home with copies of these names, each so many KiB large, that ran at these times. */
async function homeWith(
  workspace: Workspace,
  copies: { readonly [name: string]: { readonly kib: number; readonly ranMs?: number } },
  bounds: KeptBounds = ROOMY,
) {
  const ran = new Map<string, number>();
  const nameOf = new Map<string, string>();
  const lastRunMs: LastRunMs = (digest) => ran.get(digest);
  const logger = createRememberingLogger();
  const opened = await openPluginCopies({ logger }, workspace.path('home'), { lastRunMs, bounds });
  for (const [name, { kib, ranMs }] of Object.entries(copies)) {
    const code = `//${name}`.padEnd(kib * KIB, ' ');
    const files = await readPluginFiles(
      workspace.write(`code-${name}`, { 'plugin.json': manifest('old'), 'lib/index.js': code }),
      { isCopy: false },
    );
    const digest = packageDigest(files);
    await opened.install(files, digest);
    nameOf.set(digestHex(digest), name);
    if (ranMs !== undefined) ran.set(digest, ranMs);
  }
  const left = () => readdirSync(workspace.path('home/plugins')).map((name) => nameOf.get(name) ?? name);
  const digestOf = (name: string) => [...nameOf].find(([, one]) => one === name)?.[0] ?? '';
  return { opened, left: () => left().sort(), logger, digestOf, lastRunMs };
}

describe('a copy of code that no plugin has any more', () => {
  test('stays where a recorded call ran it, and goes where none did', async () => {
    using workspace = createWorkspace();
    const { opened, left, logger } = await homeWith(workspace, { ran: { kib: 1, ranMs: 5 }, never: { kib: 1 } });
    await opened.removeOthers([]);
    expect(left()).toEqual(['ran']);
    expect(logger.lines).toEqual([]);
  });

  test('goes where nobody says what ran: the control', async () => {
    using workspace = createWorkspace();
    const { left, logger } = await homeWith(workspace, { ran: { kib: 1, ranMs: 5 } });
    const opened = await openPluginCopies({ logger }, workspace.path('home'));
    await opened.removeOthers([]);
    expect(left()).toEqual([]);
  });

  test.each<[string, KeptBounds]>([
    ['count', { countMax: 2, bytesMax: 100 * KIB }],
    ['bytes', { countMax: 10, bytesMax: 12 * KIB }],
  ])(
    'makes room by the bound of %s for one that ran later, and that is told with its digest',
    async (_what, bounds) => {
      using workspace = createWorkspace();
      const copies = { oldest: { kib: 4, ranMs: 1 }, newest: { kib: 4, ranMs: 9 }, middle: { kib: 4, ranMs: 5 } };
      const { opened, left, logger, digestOf } = await homeWith(workspace, copies, bounds);
      await opened.removeOthers([]);
      expect(left()).toEqual(['middle', 'newest']);
      expect(logger.lines).toMatchObject([
        { level: 'warn', fields: { copies: 1, digests: [`sha256:${digestOf('oldest')}`], remedy: expect.any(String) } },
      ]);
    },
  );

  test('is never counted against what plugins have now', async () => {
    using workspace = createWorkspace();
    const copies = { served: { kib: 9, ranMs: 1 }, old: { kib: 4, ranMs: 1 } };
    const { opened, left, digestOf } = await homeWith(workspace, copies, { countMax: 1, bytesMax: 8 * KIB });
    await opened.removeOthers([`sha256:${digestOf('served')}`]);
    expect(left()).toEqual(['old', 'served']);
  });

  test('counts as the largest that there can be where it is not as it was written, and so crowds itself out', async () => {
    using workspace = createWorkspace();
    const { digestOf, lastRunMs } = await homeWith(workspace, { odd: { kib: 1, ranMs: 9 }, old: { kib: 1, ranMs: 1 } });
    const root = workspace.path('home/plugins');
    const folder = workspace.path('home/plugins', digestOf('odd'));
    chmodSync(folder, 0o700);
    mkdirSync(`${folder}/many`);
    for (let at = 0; at < 4100; at += 1) writeFileSync(`${folder}/many/${at}`, '');
    const names = [digestOf('odd'), digestOf('old')];
    expect(await removableCopies(root, names, { lastRunMs, bounds: ROOMY })).toEqual({
      unused: [],
      pushedOut: [digestOf('odd')],
    });
  });
});
