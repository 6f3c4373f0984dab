// The recipes of docs/clients.md as data: each block with the name it is tried under, and its placeholders filled in.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const PAGE = readFileSync(new URL('../../docs/clients.md', import.meta.url), 'utf8');

/** A block of the page. `name`: what `tried as` says before it; undefined where it says nothing. */
export type Recipe = { readonly name: string | undefined; readonly language: string; readonly text: string };

export const RECIPES: readonly Recipe[] = [
  ...PAGE.matchAll(/(?:<!-- tried as: ([^>]+) -->\n)?```([a-z]+)\n([\s\S]*?)```/g),
].map(([, name, language = '', text = '']) => ({ name, language, text }));

/** What stands for the placeholders of the page. */
export type Filling = { readonly home: string; readonly url: string; readonly token: string };

/** The block as a person has it after putting in what is theirs. */
export function filled(name: string, { home, url, token }: Filling): string {
  const recipe = RECIPES.find((candidate) => candidate.name === name);
  if (recipe === undefined) throw new Error(`docs/clients.md has no block that is tried as ${name}`);
  return recipe.text
    .replaceAll('/opt/smcp/.smcp', home)
    .replaceAll('/opt/smcp', ROOT)
    .replaceAll('http://127.0.0.1:8000', url)
    .replaceAll(/(?<![A-Z_])TOKEN(?=")/g, token);
}

/** A program that a client starts. */
export type Program = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: { readonly [name: string]: string };
};

/** An address that a client asks. */
export type Address = { readonly url: string; readonly headers: { readonly [name: string]: string } };

/** The one server of an `mcpServers` file. */
export function serverOf(text: string): Partial<Program> & Partial<Address> {
  const { mcpServers } = JSON.parse(text) as { mcpServers: { [name: string]: Partial<Program> & Partial<Address> } };
  const [server, ...others] = Object.values(mcpServers);
  if (server === undefined || others.length > 0) throw new Error('one server is expected');
  return server;
}

/** The words of one shell line, as a shell cuts it: double quotes hold together, nothing else is special. */
export function words(line: string): readonly string[] {
  return [...line.trim().matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
