// The workspaces of agents: their folder checked, and the effect `files` opened on it.

import { systemClock } from '#base/clock.ts';
import { asSmcpError } from '#base/errors.ts';
import { productDirectory } from '#config/product.ts';
import type { OpenSettings } from '#config/settings.ts';
import { prepareWorkspaces } from '#config/workspaces.ts';
import type { FilesEffect } from '#effects/files/files-effect.ts';
import { openFiles } from '#effects/files/open-files.ts';
import type { AppOptions } from './app-options.ts';
import { roomOf } from './settings.ts';

/**
 * Undefined where this machine has no way to open paths without following links: then plugins that ask for files are refused.
 *
 * @throws `CONFIG_INVALID` · `HOME_UNSAFE`, as `prepareWorkspaces`
 */
export function openWorkspaces(
  options: AppOptions,
  settings: OpenSettings,
  stack: AsyncDisposableStack,
): FilesEffect | undefined {
  const { home, config, logger, productPlugins, externalPlugins } = options;
  const plugins = [productPlugins, ...externalPlugins];
  const directory = prepareWorkspaces(config, { home, plugins, product: productDirectory() });
  try {
    return stack.use(openFiles({ clock: systemClock }, { directory, most: roomOf(settings) }));
  } catch (thrown) {
    const { code, message } = asSmcpError(thrown);
    logger.error('plugins that ask for `files` are refused', { code, error: message });
    return undefined;
  }
}
