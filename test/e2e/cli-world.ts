// A server with command-line plugins: links to the fixtures, and programs that a test writes; and what its sandbox leaves behind.

import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chooseWorkPlace } from '#sandbox/host/process/choose-work-place.ts';
import { startServer, type TestServer } from './server.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/cli-plugins/', import.meta.url));

export type CliWorld = {
  readonly home: string;
  /** The directory of plugins. */
  readonly plugins: string;
  /** A plugin that is a link to a fixture. */
  readonly link: (fixture: string, name?: string) => string;
  /** A plugin of one `cli.py`. @returns its directory */
  readonly write: (name: string, program: string) => string;
  /** `deny`: patterns of tools that the agent `demo` may not call. */
  readonly start: (env?: Record<string, string>, deny?: readonly string[]) => Promise<TestServer>;
  /** Folders of calls that the server's sandbox has now. */
  readonly workFolders: () => readonly string[];
};

/** `folder`: an empty one of the test. The agent `demo` may call everything but what `deny` names. */
export function createCliWorld(folder: string): CliWorld {
  const home = join(folder, 'home');
  const plugins = join(folder, 'plugins');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  mkdirSync(plugins, { recursive: true });
  return {
    home,
    plugins,
    link: (fixture, name = fixture) => {
      const path = join(plugins, name);
      symlinkSync(join(FIXTURES, fixture), path);
      return path;
    },
    write: (name, program) => {
      const path = join(plugins, name);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'cli.py'), program);
      return path;
    },
    start: (env = {}, deny = []) => {
      const denied = deny.length === 0 ? '' : `    deny:\n      - tools: ${JSON.stringify(deny)}\n`;
      const policy = `version: 1\nagents:\n  demo:\n    grants:\n      - tools: ["*"]\n${denied}  nobody: {}\n`;
      writeFileSync(join(home, 'policy.yaml'), policy, { mode: 0o600 });
      return startServer(home, ['--plugins', plugins], env);
    },
    workFolders: () =>
      [true, false].flatMap((hasUsers) => {
        try {
          return readdirSync(chooseWorkPlace(home, { hasUsers })).filter((name) => name.startsWith('work-'));
        } catch {
          return [];
        }
      }),
  };
}

/** Every process below this one, also those whose parent has ended: they are its children then, or its keepers'. */
export function processesBelow(pid: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'latin1'))?.[1];
      parents.set(Number(name), Number(parent));
    } catch {
      // Gone meanwhile.
    }
  }
  const found = [pid];
  for (const each of found) for (const [child, parent] of parents) if (parent === each) found.push(child);
  return found.slice(1);
}

/** A `cli.py` that describes one command `run` without parameters; `body` is what it then does. */
export const programOf = (body: string, atDescribe = ''): string => `
import json, os, sys, time
def describe():
${indented(atDescribe)}
    print(json.dumps({"commands": [{"name": "run", "description": "Runs", "parameters": []}]}))
def run():
${indented(body)}
if __name__ == "__main__":
    if "--describe" in sys.argv:
        describe()
    elif "--help" in sys.argv:
        print("usage: cli.py run [-h]\\n\\noptions:\\n  -h, --help  show this help message and exit")
    else:
        sys.exit(run())
`;

const indented = (text: string): string => ['pass', ...text.split('\n')].map((line) => `    ${line}`).join('\n');
