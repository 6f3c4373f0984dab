// A whole server in the process of the test, which sees the server's children as its own.

import { readFileSync } from 'node:fs';
import { type App, createApp } from '#app.ts';
import { silentLogger } from '#base/log.ts';
import { loadConfig } from '#config/config.ts';
import type { Home } from '#config/home.ts';

/** @param plugins a directory whose plugins count as the product's own: until the system's wall is there, no others run. */
export function startInProcess(home: Home, plugins: string, port = 0): Promise<App> {
  return createApp({
    home,
    config: loadConfig(home.config, {}),
    host: '127.0.0.1',
    port,
    logger: silentLogger,
    version: '0.0.0',
    productPlugins: plugins,
    externalPlugins: [],
  });
}

export const adminTokenOf = (home: Home): string => readFileSync(home.adminToken, 'utf8').trim();
