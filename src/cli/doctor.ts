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
  run: async ({ home, print }) => {
    const { createConfinement, OS_WALL } = await import('#sandbox/host/confinement.ts');
    const { probeSandbox } = await import('#sandbox/host/probe.ts');
    const ports = { clock: systemClock, logger: silentLogger, confinement: createConfinement() };
    const layers = [...(await probeSandbox(ports)), fsyncLayer(home)];
    // The product's own plugins run without the wall of the operating system, which this version does not build yet.
    const ok = layers.every(({ name, inForce }) => inForce || name === OS_WALL);
    const versions = {
      smcp: productVersion(),
      node: process.versions.node,
      v8: process.versions.v8,
      'isolated-vm': isolatedVmVersion(),
      platform: `${process.platform} ${process.arch}`,
    };
    const answer = { ok, layers, versions };
    print(answer as unknown as Json, () => doctorText(answer));
    return ok ? EXIT.done : EXIT.no;
  },
};

function doctorText({
  layers,
  versions,
}: {
  readonly layers: readonly Layer[];
  readonly versions: { readonly [name: string]: string };
}): string {
  const rows = layers.map(({ name, inForce, detail }) => [inForce ? 'in force' : 'MISSING', name, detail]);
  const remedies = layers
    .filter(({ inForce }) => !inForce)
    .map(({ name, remedy }) => `${name}: ${remedy ?? 'nothing can be done here'}\n`);
  return [
    table(rows, ''),
    '\n',
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
