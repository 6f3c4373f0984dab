// Our server as `smcp serve` joins it, but with the plugins of the bench as its own: only those of the product run today.
// Argument: the home. Prints its address; SIGTERM ends it.

import { fileURLToPath } from 'node:url';
import { createApp } from '#app.ts';
import { silentLogger } from '#base/log.ts';
import { loadConfig } from '#config/config.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { productVersion } from '#config/product.ts';

const home = homeAt(process.argv[2] ?? '');
prepareHome(home);
const app = await createApp({
  home,
  config: loadConfig(home.config, {}),
  host: '127.0.0.1',
  port: 0,
  logger: silentLogger,
  version: productVersion(),
  productPlugins: fileURLToPath(new URL('../plugins', import.meta.url)),
  externalPlugins: [],
});
process.on('SIGTERM', () => void app.close());
process.stdout.write(`${JSON.stringify({ url: app.url })}\n`);
