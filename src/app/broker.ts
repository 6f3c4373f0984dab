// The broker of a server, with the effects that its configuration and this machine allow.

import { systemClock } from '#base/clock.ts';
import { createBroker } from '#broker/broker.ts';
import type { ToolCaller } from '#domain/ports.ts';
import type { Broker, ProgramRunner } from '#domain/sandbox-ports.ts';
import type { Store } from '#domain/store-ports.ts';
import { createNetEffect } from '#effects/net/net-effect.ts';
import { createStoreEffect } from '#effects/store.ts';
import type { AppOptions } from './app-options.ts';
import type { openWorkspaces } from './workspaces.ts';

type Parts = ToolCaller & {
  readonly store: Pick<Store, 'pluginValues'>;
  readonly programs: ProgramRunner | undefined;
  readonly files: ReturnType<typeof openWorkspaces>;
};

/** `callTool`: the dispatcher that opens the broker's sessions carries out their calls too. */
export function openBroker({ config, logger }: AppOptions, { store, programs, files, callTool }: Parts): Broker {
  return createBroker({
    ...{ clock: systemClock, logger },
    effects: {
      net: createNetEffect({ logger }, config.net),
      store: createStoreEffect(store.pluginValues),
      tools: { callTool },
      ...(programs === undefined ? {} : { run: programs }),
      ...(files === undefined ? {} : { files }),
    },
  });
}
