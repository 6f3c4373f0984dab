// The workspaces of agents: their folder checked, and the effect `files` opened on it.

import { systemClock } from '#base/clock.ts';
import { asSmcpError } from '#base/errors.ts';
import { productDirectory } from '#config/product.ts';
import { prepareWorkspaces } from '#config/workspaces.ts';
import type { FilesEffect } from '#effects/files/files-effect.ts';
import { openFiles } from '#effects/files/open-files.ts';
import type { AppOptions } from './app-options.ts';

/**
 * Undefined where this machine has no way to open paths without following links: then plugins that ask for files are refused.
 *
 * @throws `CONFIG_INVALID` · `HOME_UNSAFE`, as `prepareWorkspaces`
 */
export function openWorkspaces(options: AppOptions, stack: AsyncDisposableStack): FilesEffect | undefined {
  const { home, config, logger, productPlugins, externalPlugins } = options;
  const plugins = [productPlugins, ...externalPlugins];
  const directory = prepareWorkspaces(config, { home, plugins, product: productDirectory() });
  const { bytesMax, filesMax } = config.workspaces;
  try {
    return stack.use(openFiles({ clock: systemClock }, { directory, most: { bytes: bytesMax, files: filesMax } }));
  } catch (thrown) {
    const { code, message } = asSmcpError(thrown);
    logger.error('plugins that ask for `files` are refused', { code, error: message });
    return undefined;
  }
}
