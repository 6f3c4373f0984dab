// A server in small that hostile programs attack, as whatever user it is started by: makes a world, has it attacked, and
// says as JSON what worked. Its one argument is a `HostRequest`.

import { openSync } from 'node:fs';
import { type Act, actConfined, actFree } from './acts.ts';
import { bombConfined, bombFree } from './bombs.ts';
import { makeWorld } from './world.ts';

export type HostRequest = {
  /** With nothing around the program: the control. */
  readonly isFree: boolean;
  /** The newest ABI of Landlock to use; absent: the kernel's. */
  readonly abiMax?: number;
  readonly suid?: string;
};

export type HostReport = { readonly acts: readonly Act[] };

async function main(request: HostRequest): Promise<void> {
  await using world = await makeWorld(request.suid ?? '');
  // As an oversight would leave it.
  openSync(world.secretPath, 'r');
  const { isFree, abiMax } = request;
  const { acts } = isFree ? await actFree(world) : await actConfined(world, abiMax);
  const bombs = isFree ? await bombFree() : await bombConfined(abiMax);
  process.stdout.write(JSON.stringify({ acts: [...acts, ...bombs] } satisfies HostReport));
}

await main(JSON.parse(process.argv[2] ?? '{}') as HostRequest);
