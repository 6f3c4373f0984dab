// A folder of its own for a test, plugins written into it, and a logger that remembers.

import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LogFields, Logger } from '#base/log.ts';

export type Workspace = Disposable & {
  readonly path: (...parts: readonly string[]) => string;
  /** Writes files below `folder` and gives its path. Content that is no text is written as JSON. */
  readonly write: (folder: string, files: { readonly [path: string]: unknown }) => string;
  /** Fills `folder` with this many entries at little cost: names of one empty file. */
  readonly fill: (folder: string, count: number) => string;
};

export function createWorkspace(): Workspace {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'smcp-registry-')));
  const path = (...parts: readonly string[]) => join(root, ...parts);
  return {
    path,
    write: (folder, files) => {
      for (const [name, content] of Object.entries(files)) {
        const file = path(folder, name);
        mkdirSync(dirname(file), { recursive: true });
        const isRaw = typeof content === 'string' || content instanceof Uint8Array;
        writeFileSync(file, isRaw ? content : JSON.stringify(content));
      }
      return path(folder);
    },
    fill: (folder, count) => {
      mkdirSync(path(folder), { recursive: true });
      const [first = '', ...others] = Array.from({ length: count }, (_, index) => path(folder, `${index}.txt`));
      writeFileSync(first, '');
      for (const name of others) linkSync(first, name);
      return path(folder);
    },
    [Symbol.dispose]: () => {
      // The copies are read-only.
      execFileSync('chmod', ['-R', 'u+w', root]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** A manifest that is served, changed by `changes`. */
export const manifest = (name: string, changes: object = {}): object => ({
  manifest: 1,
  name,
  version: '1.2.3',
  description: 'for a test',
  runtime: { kind: 'isolate', entry: 'index.js' },
  tools: [tool('hello')],
  ...changes,
});

export const tool = (name: string, changes: object = {}): object => ({
  name,
  description: 'says hello',
  input: { type: 'object', properties: { who: { type: 'string' } }, required: ['who'], additionalProperties: false },
  ...changes,
});

/** The files of a plugin that is served. */
export const pluginFiles = (name: string, changes: object = {}): { readonly [path: string]: unknown } => ({
  'plugin.json': manifest(name, changes),
  'index.js': `export const tools = { hello: async ({ who }) => ({ text: who }) };\n`,
});

export type RememberingLogger = Logger & {
  readonly lines: readonly { readonly level: string; readonly message: string; readonly fields: LogFields }[];
};

export function createRememberingLogger(): RememberingLogger {
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      lines.push({ level, message, fields });
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), lines };
}
