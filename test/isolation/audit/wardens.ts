// The acts of arbitrary code in a warden, native code too, from within a server of this user: for the audit. Each run is the
// one that the suite of the wall makes.

import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AttackReport, WallRequest } from '#test/isolation/wall-host.ts';
import type { Act } from './acts.ts';
import type { World } from './world.ts';

const HOST = fileURLToPath(new URL('../wall-host.ts', import.meta.url));
const NATIVE = fileURLToPath(new URL('../native.c', import.meta.url));

/** Every path of it may be read and written by all. */
function makePlace(world: World): { readonly folder: string; readonly addon: string } {
  const folder = join(world.folder, 'wall');
  const addon = join(folder, 'native.node');
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  execFileSync('/usr/bin/cc', ['-shared', '-fPIC', '-O1', '-nostdlib', '-o', addon, NATIVE]);
  for (const [name, text] of Object.entries({ secret: 'the secret', open: '', program: 'no program' })) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o777);
  }
  return { folder, addon };
}

export async function wardenActs(
  world: World,
  options: Pick<WallRequest, 'isFree' | 'abiMax'>,
): Promise<readonly Act[]> {
  const { folder, addon } = makePlace(world);
  const listener = createServer((socket) => socket.on('error', () => {}).end());
  await new Promise<void>((resolve) => listener.listen(join(folder, 'socket'), resolve));
  chmodSync(join(folder, 'socket'), 0o777);
  const { calls, port } = world.given as { calls: WallRequest['numbers']; port: number };
  const request: WallRequest = { numbers: calls, addon, folder, port, ...options };
  const env = { SMCP_SECRET: 'x' };
  const { stdout } = await promisify(execFile)(process.execPath, [HOST, JSON.stringify(request)], { cwd: '/', env });
  listener.close();
  const { tried, worked } = JSON.parse(stdout) as AttackReport;
  return tried.map((name) => ({ group: 'wardens', name, worked: worked.includes(name) }));
}
