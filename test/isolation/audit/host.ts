// A server in small that hostile code attacks, as whatever user it is started by: makes a world, has it attacked, and says as
// JSON what worked. Its one argument is a `HostRequest`.

import { openSync } from 'node:fs';
import { type Act, actConfined, actFree } from './acts.ts';
import { bombActs } from './bombs.ts';
import { isolateConfined, isolateFree } from './isolates.ts';
import { wardenActs } from './wardens.ts';
import { makeWorld, type World } from './world.ts';

export type Suite = 'acts' | 'bombs' | 'isolates' | 'wardens';

export type HostRequest = {
  /** With nothing around the code: the control. */
  readonly isFree: boolean;
  readonly suites: readonly Suite[];
  /** The newest ABI of Landlock to use; absent: the kernel's. */
  readonly abiMax?: number;
  /** A program of root's that runs as its owner. */
  readonly suid?: string;
};

export type HostReport = { readonly acts: readonly Act[] };

function run(suite: Suite, world: World, { isFree, abiMax }: HostRequest): Promise<readonly Act[]> {
  switch (suite) {
    case 'acts':
      return isFree ? actFree(world) : actConfined(world, abiMax);
    case 'bombs':
      return bombActs(isFree, abiMax);
    case 'isolates':
      return isFree ? isolateFree() : isolateConfined(abiMax);
    case 'wardens':
      return wardenActs(world, { isFree, ...(abiMax === undefined ? {} : { abiMax }) });
  }
}

async function main(request: HostRequest): Promise<void> {
  await using world = await makeWorld(request.suid ?? '');
  // As an oversight would leave it.
  openSync(world.secretPath, 'r');
  const acts: Act[] = [];
  for (const suite of request.suites) acts.push(...(await run(suite, world, request)));
  process.stdout.write(JSON.stringify({ acts } satisfies HostReport));
}

await main(JSON.parse(process.argv[2] ?? '') as HostRequest);
