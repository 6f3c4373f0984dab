// A host of its own with one program that has grandchildren: started by a test, which then kills it. Says a line when all run.

import type { Readable } from 'node:stream';
import { silentLogger } from '#base/log.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import { startKept } from '#sandbox/host/process/kept-program.ts';
import { IS_ROOT, kernelOf, OWN_UID, profileFor } from '#test/sandbox/launcher/harness.ts';

function main(): void {
  const user = IS_ROOT ? { uid: OWN_UID + 1 } : {};
  const profile = {
    ...profileFor(['/bin/sh', '-c', '(sleep 600 & sleep 600 & echo up; wait) & sleep 600; wait']),
    ...user,
  };
  const program = startKept({ launcher: openLauncher(), kernel: kernelOf(), logger: silentLogger }, profile, [
    'ignore',
    'pipe',
    'pipe',
  ]);
  (program.stdio[1] as Readable).on('data', () => process.stdout.write('up\n'));
}

main();
