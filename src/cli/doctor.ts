// smcp doctor: what this machine offers to the sandbox and the log, what is missing, and how to get it. Starts a real
// process of the sandbox and reads back what is in force around it.

import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#base/clock.ts';
import type { Json } from '#base/json.ts';
import { silentLogger } from '#base/log.ts';
import { type Home, homeExists } from '#config/home.ts';
import { isolatedVmVersion, productVersion } from '#config/product.ts';
import type { Layer } from '#domain/record.ts';
import { type Command, EXIT } from './command.ts';
import { table } from './render.ts';

export const doctorCommand: Command = {
  words: ['doctor'],
  arguments: [],
  options: {},
  summary: 'Says what this machine offers, what is missing, and how to get it.',
  isLocal: true,
  run: async ({ home, print, terminal }) => {
    const { loadConfig } = await import('#config/config.ts');
    const { createConfinement } = await import('#sandbox/host/confinement.ts');
    const { OWN_USER, TREE_GROUP } = await import('#sandbox/host/layers.ts');
    const { probeSandbox } = await import('#sandbox/host/probe.ts');
    const { openWall } = await import('#sandbox/host/wall.ts');
    using wall = openWall({ users: loadConfig(home.config, terminal.env).sandbox.users });
    using confinement = createConfinement(wall);
    const probed = await probeSandbox({ clock: systemClock, logger: silentLogger, confinement });
    const isNeeded = (name: string) => name !== OWN_USER && name !== TREE_GROUP;
    const answer = {
      ok: false,
      layers: [...probed, wall.treeLayer(), wall.limitDumps(), fsyncLayer(home)],
      floor: confinement.floor().map(({ property, standing, by, remedy }) => ({
        ...{ name: property, inForce: standing !== 'missing', standing, detail: by },
        ...(remedy === undefined ? {} : { remedy }),
      })),
      versions: {
        smcp: productVersion(),
        node: process.versions.node,
        v8: process.versions.v8,
        'isolated-vm': isolatedVmVersion(),
        platform: `${process.platform} ${process.arch}`,
      },
    };
    answer.ok = [...answer.layers, ...answer.floor].every(({ name, inForce }) => inForce || !isNeeded(name));
    print(answer as unknown as Json, () => doctorText(answer, isNeeded));
    return answer.ok ? EXIT.done : EXIT.invalid;
  },
};

type Row = Layer & { readonly standing?: string };

type Answer = {
  readonly layers: readonly Layer[];
  /** What every plugin's confinement must have, each with the layer that gives it or stands in. */
  readonly floor: readonly Row[];
  readonly versions: { readonly [name: string]: string };
};

function doctorText({ layers, floor, versions }: Answer, isNeeded: (name: string) => boolean): string {
  const word = ({ name, inForce, standing }: Row): string => {
    if (inForce) return standing === 'substitute' ? 'stood in' : 'in force';
    return isNeeded(name) ? 'MISSING' : 'not here';
  };
  const tableOf = (rows: readonly Row[]) =>
    table(
      rows.map((row) => [word(row), row.name, row.detail]),
      '',
    );
  const byRemedy = Map.groupBy(
    [...layers, ...floor].filter(({ inForce }) => !inForce),
    ({ remedy }) => remedy ?? 'nothing can be done here',
  );
  const remedies = [...byRemedy].map(([remedy, rows]) => `${rows.map(({ name }) => name).join(', ')}: ${remedy}\n`);
  return [
    ...['layers of the sandbox\n', tableOf(layers), '\n', 'what must be kept, and by what\n', tableOf(floor), '\n'],
    table(
      Object.entries(versions).map(([name, version]) => [name, version]),
      '',
    ),
    ...(remedies.length > 0 ? ['\n', ...remedies] : []),
  ].join('');
}

/** Whether a write can be made durable where the home is, or would be; and how long that takes. */
function fsyncLayer(home: Home): Layer {
  const parent = homeExists(home) ? home.directory : tmpdir();
  const folder = mkdtempSync(join(parent, '.doctor-'));
  try {
    const file = openSync(join(folder, 'probe'), 'w');
    const startMs = performance.now();
    writeSync(file, 'x'.repeat(4096));
    fsyncSync(file);
    closeSync(file);
    const tookMs = (performance.now() - startMs).toFixed(2);
    return { name: 'fsync', inForce: true, detail: `a durable write in ${parent} took ${tookMs} ms` };
  } catch (cause) {
    return { name: 'fsync', inForce: false, detail: String(cause), remedy: 'put the home on a disk that can sync' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
