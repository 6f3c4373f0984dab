// The sandbox in which commands without a server ask programs of plugins.

import type { LazyWorkshop } from '#app/workshop.ts';
import { silentLogger } from '#base/log.ts';
import type { CommandContext } from './command.ts';

/** With the users that the home's configuration gives to plugins. Nothing is opened before a program has to be asked. */
export async function workshopFor({ home, terminal }: CommandContext): Promise<LazyWorkshop> {
  const { lazyWorkshop } = await import('#app/workshop.ts');
  const { loadConfig } = await import('#config/config.ts');
  return lazyWorkshop({ logger: silentLogger, users: loadConfig(home.config, terminal.env).sandbox.users });
}
