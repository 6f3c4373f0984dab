// The configuration of the running server, joined with what follows it: messages, workspaces, and how the policy's file counts.

import { createSettings, type OpenSettings } from '#config/settings.ts';
import type { AppOptions } from './app-options.ts';

export function openSettings({ home, config, setLogLevel }: AppOptions): OpenSettings {
  const settings = createSettings({ file: home.config, config, env: process.env });
  settings.onChange(() => setLogLevel?.(settings.current().logging.level));
  return settings;
}

/** What each workspace may hold, as it is in force whenever it is asked. */
export function roomOf({ current }: Pick<OpenSettings, 'current'>): { readonly bytes: number; readonly files: number } {
  return {
    get bytes() {
      return current().workspaces.bytesMax;
    },
    get files() {
      return current().workspaces.filesMax;
    },
  };
}
