// What a server is started with.

import type { Logger } from '#base/log.ts';
import type { Config } from '#config/config.ts';
import type { Home } from '#config/home.ts';

export type AppOptions = {
  readonly home: Home;
  readonly config: Config;
  readonly host: string;
  readonly port: number;
  readonly logger: Logger;
  /** Follows `logging.level` when it changes; absent: the logger stays as it is. */
  readonly setLogLevel?: (level: Config['logging']['level']) => void;
  readonly version: string;
  /** Directory of the plugins that come with the product. */
  readonly productPlugins: string;
  readonly externalPlugins: readonly string[];
  /** In place of the home's policy.yaml. */
  readonly policyFile?: string;
  /** It serves the client that started it over stdio, and who else comes by the socket: no token is issued at its first start. */
  readonly isForStdio?: boolean;
};
