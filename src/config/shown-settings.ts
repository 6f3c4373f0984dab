// Which keys of the configuration can be shown to whoever may administer: none whose value can be a secret, such as the address of
// a webhook or the arguments of a command that prints one. Those are named, and can be read in config.yaml.

import type { Json } from '#base/json.ts';
import type { Setting } from '#domain/settings-ports.ts';
import type { Config } from './config.ts';
import { RUN_TIME_SETTINGS } from './run-time-settings.ts';

type ShownKey = { readonly key: string; readonly isPath?: true; readonly of: (config: Config) => unknown };

/** Sorted by key. */
const SHOWN: readonly ShownKey[] = [
  { key: 'log.name', of: ({ log }) => log.name },
  { key: 'log.public', of: ({ log }) => log.public },
  { key: 'logging.level', of: ({ logging }) => logging.level },
  { key: 'net.loopbackHosts', of: ({ net }) => net.loopbackHosts },
  { key: 'net.privateHosts', of: ({ net }) => net.privateHosts },
  { key: 'plugins.approve', of: ({ approve }) => approve },
  { key: 'plugins.directories', isPath: true, of: ({ plugins }) => plugins },
  { key: 'policy.apply', of: ({ policy }) => policy.apply },
  { key: 'sandbox.users', of: ({ sandbox }) => sandbox.users },
  { key: 'server.host', of: ({ server }) => server.host },
  { key: 'server.names', of: ({ server }) => server.names },
  { key: 'server.port', of: ({ server }) => server.port },
  { key: 'server.trustProxy', of: ({ server }) => server.trustProxy },
  { key: 'workspaces.bytesMax', of: ({ workspaces }) => workspaces.bytesMax },
  { key: 'workspaces.directory', isPath: true, of: ({ workspaces }) => workspaces.directory },
  { key: 'workspaces.filesMax', of: ({ workspaces }) => workspaces.filesMax },
];

/** What `config` says under each key that is shown. */
export function settingsOf(config: Config): readonly Setting[] {
  return SHOWN.map(({ key, isPath = false, of }) => ({
    key,
    value: of(config) as Json,
    changes: RUN_TIME_SETTINGS.some((one) => `${one.section}.${one.key}` === key) ? 'at run time' : 'at start',
    isPath,
  }));
}
