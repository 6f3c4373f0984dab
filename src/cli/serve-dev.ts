// smcp serve --dev: for authors. What changes in the directories of --plugins is served at once, and nobody is asked. The sandbox, the
// policy and the log are those of any server.

import type { App } from '#app.ts';
import { asSmcpError } from '#base/errors.ts';
import type { Logger } from '#base/log.ts';
import { type FolderWatch, watchFolder } from '#base/watch-folder.ts';
import type { PluginReport } from '#domain/manifest.ts';
import type { Terminal } from './command.ts';
import { str } from './render.ts';

/** What the configuration says is not asked for: code that appears or changes needs no person. */
export const DEV_CONFIG = { approve: 'always' } as const;

/** Editors write several files in a row. */
const SETTLE_MS = 300;

type DevPorts = {
  readonly app: Pick<App, 'reloadPlugins'>;
  readonly logger: Logger;
  readonly terminal: Pick<Terminal, 'err'>;
};

/** Watches until it is disposed of. One look at a time; what changes meanwhile makes one more. */
export function serveChanges({ app, logger, terminal }: DevPorts, directories: readonly string[]): Disposable {
  const watched = directories.length === 0 ? 'no directory: name one by --plugins' : directories.map(str).join(', ');
  terminal.err(
    `warning: --dev: whatever code appears or changes in ${watched} is served at once, without approval. Not for a server that others use.\n`,
  );
  let before: readonly PluginReport[] = [];
  let isLooking = false;
  let hasChanged = false;
  const look = async () => {
    hasChanged = true;
    if (isLooking) return;
    isLooking = true;
    while (hasChanged) {
      hasChanged = false;
      try {
        const now = await app.reloadPlugins();
        for (const line of changesOf(before, now)) terminal.err(line);
        before = now;
      } catch (thrown) {
        const { code, message } = asSmcpError(thrown);
        terminal.err(`dev: the plugins were not loaded again: ${code}: ${str(message)}\n`);
      }
    }
    isLooking = false;
  };
  const watches = directories.flatMap((directory): FolderWatch[] => {
    try {
      return [watchFolder(directory, () => void look(), { settleMs: SETTLE_MS })];
    } catch (thrown) {
      logger.error('a plugins directory is not watched', { directory, error: String(thrown) });
      return [];
    }
  });
  // The state that later ones are told against.
  void look();
  return {
    [Symbol.dispose]: () => {
      for (const { close } of watches) close();
    },
  };
}

/** A line for each plugin of an author that is new, or is not what it was. */
function changesOf(before: readonly PluginReport[], now: readonly PluginReport[]): readonly string[] {
  const known = new Map(before.map((report) => [report.source, report]));
  return now.flatMap((report) => {
    const { name, version, digest, state, tools, problems, source } = report;
    const last = known.get(source);
    if (last === undefined ? before.length === 0 : last.digest === digest && last.state === state) return [];
    const [first] = problems;
    const why = first === undefined ? '' : `: ${first.file}${first.pointer}: ${first.message}`;
    return [
      `dev: ${str(name)} ${str(version)} is ${state}${str(why)}${tools.length > 0 ? `: ${tools.map(str).join(', ')}` : ''}\n`,
    ];
  });
}
