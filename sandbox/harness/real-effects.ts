// The effects of this machine, for a trace that really does what the plugin asks. Called by start-plugin.ts.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import type { BrokerPorts } from '#broker/broker.ts';
import { openFiles } from '#effects/files/open-files.ts';
import { createNetEffect, type PrivateSpace } from '#effects/net/net-effect.ts';
import type { Place } from './place.ts';

/** What a server's operator would have set. */
export type Operator = {
  /** Hosts that may lead to addresses that are not public, as `net` of config.yaml. Absent: none. */
  readonly net?: PrivateSpace;
  /** Values of secrets by their names in the manifest. Absent: none is set. */
  readonly secrets?: { readonly [name: string]: string };
};

/**
 * The network, the machine's programs, and workspaces that are empty and temporary. Other tools there are none.
 *
 * @throws `CAPABILITY_UNAVAILABLE` where no path can be opened without following links
 */
export function openRealEffects(
  { folder, programs }: Pick<Place, 'folder' | 'programs'>,
  { net }: Operator,
  stack: AsyncDisposableStack,
): NonNullable<BrokerPorts['effects']> {
  const directory = join(folder, 'workspaces');
  mkdirSync(directory, { mode: 0o700 });
  const most = { bytes: LIMITS.workspaceBytesDefault, files: LIMITS.workspaceFilesDefault };
  return {
    net: createNetEffect({ logger: silentLogger }, net),
    run: programs,
    files: stack.use(openFiles({ clock: systemClock }, { directory, most })),
  };
}
