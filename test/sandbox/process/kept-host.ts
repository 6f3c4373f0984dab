// A host of its own with one program that has grandchildren: started by a test, which then kills it. Says a line when all run.
// With a folder as argument: its trees are in groups of the kernel, under a name that is that folder's.

import type { Readable } from 'node:stream';
import { silentLogger } from '#base/log.ts';
import { openLauncher } from '#sandbox/host/launcher/launcher.ts';
import { startKept } from '#sandbox/host/process/kept-program.ts';
import { openTreeGroups } from '#sandbox/host/process/tree-groups.ts';
import { IS_ROOT, kernelOf, OWN_UID, profileFor } from '#test/sandbox/launcher/harness.ts';

function main(place: string | undefined): void {
  const user = IS_ROOT ? { uid: OWN_UID + 1 } : {};
  const profile = {
    ...profileFor(['/bin/sh', '-c', '(sleep 600 & sleep 600 & echo up; wait) & sleep 600; wait']),
    ...user,
  };
  const kernel = kernelOf();
  const groups =
    place === undefined ? undefined : openTreeGroups({ logger: silentLogger }, { parent: kernel.cgroup, place });
  const group = groups?.create({ memoryBytes: 2 ** 28, processes: 64 });
  const ports = { launcher: openLauncher(), kernel, logger: silentLogger };
  const program = startKept(ports, profile, ['ignore', 'pipe', 'pipe'], group);
  (program.stdio[1] as Readable).on('data', () => process.stdout.write(`${group?.startFolder ?? ''}\n`));
}

main(process.argv[2]);
