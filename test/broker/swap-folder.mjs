// A thread that swaps a folder for a link and back, as fast as it can, until it is told to stop. Started by files-race.test.ts.

import { renameSync, rmSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

const { folder, aside, link, stop } = workerData;
const flag = new Int32Array(stop);

/** A write that came in between may have made a folder there. */
function put(from, to) {
  for (let tries = 0; ; tries += 1) {
    try {
      if (tries > 0) rmSync(to, { recursive: true, force: true });
      return renameSync(from, to);
    } catch (thrown) {
      if (tries === 1_000) throw thrown;
    }
  }
}

while (Atomics.load(flag, 0) === 0) {
  renameSync(folder, aside);
  put(link, folder);
  renameSync(folder, link);
  put(aside, folder);
  Atomics.add(flag, 1, 1);
}
