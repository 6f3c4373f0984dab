// Hostile acts of one program, confined by the real runtime or with nothing around it. Called by the server that the audit
// starts for each configuration.

import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestProcesses } from '#test/sandbox/process/harness.ts';
import type { World } from './world.ts';

export type Act = {
  /** What it is after. */
  readonly group: string;
  readonly name: string;
  readonly worked: boolean;
};

const HOSTILE = new URL('./hostile.py', import.meta.url);
const PROBE = new URL('../../sandbox/launcher/probe.py', import.meta.url);

const filesOf = (world: World) => ({
  'cli.py': readFileSync(HOSTILE, 'utf8'),
  'probe.py': readFileSync(PROBE, 'utf8'),
  'given.json': JSON.stringify(world.given),
  'spare.py': '',
  'removed.py': '',
});

type Report = { readonly acts: readonly Act[] };

/** By the runtime, with Landlock no newer than `abiMax`. The server has in its environment what it could have. */
export async function actConfined(world: World, abiMax: number | undefined): Promise<readonly Act[]> {
  Object.assign(process.env, world.variables);
  const sandbox = await createTestProcesses(abiMax === undefined ? {} : { landlockAbi: abiMax });
  try {
    const plugin = sandbox.plugin(filesOf(world), { memoryMiB: 256 });
    return (JSON.parse(await sandbox.text(plugin)) as Report).acts;
  } finally {
    await sandbox.close();
    for (const name of Object.keys(world.variables)) delete process.env[name];
  }
}

/** As a child of the server that is nothing but that: it inherits all there is. */
export async function actFree(world: World): Promise<readonly Act[]> {
  const [code, work] = [join(world.folder, 'plugins', 'code'), join(world.folder, 'calls', 'work')];
  for (const folder of [code, work]) mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(filesOf(world))) writeFileSync(join(code, name), text);
  const child = spawn('/usr/bin/python3', [join(code, 'cli.py')], {
    cwd: work,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', ...world.variables },
    stdio: ['ignore', 'pipe', 'inherit', openSync(world.secretPath, 'r')],
  });
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => child.on('close', resolve));
  return (JSON.parse(text) as Report).acts;
}
