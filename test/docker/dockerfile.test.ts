// What can be known of the image without an engine: that its sources are there, its command is one, its user is nobody special.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { serveCommand } from '#cli/serve.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

type Instruction = { readonly name: string; readonly rest: string; readonly stage: number };

/** The instructions of a Dockerfile in order; `stage` counts the FROMs before each, itself included. */
function parseDockerfile(text: string): readonly Instruction[] {
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
  let stage = 0;
  return lines.flatMap((line) => {
    const [, name, rest] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) return [];
    if (name === 'FROM') stage += 1;
    return [{ name, rest, stage }];
  });
}

const instructions = parseDockerfile(read('Dockerfile'));
const last = instructions.at(-1)?.stage;
const all = (name: string) => instructions.filter((instruction) => instruction.name === name);
const final = (name: string) => all(name).filter(({ stage }) => stage === last);
const copied = all('COPY').filter(({ rest }) => !rest.startsWith('--from='));
const sources = copied.flatMap(({ rest }) => rest.split(' ').slice(0, -1));

describe('the image', () => {
  test('is built on the Node that package.json pins, in every stage', () => {
    const { optionalDependencies } = JSON.parse(read('package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    const versions = new Set(Object.values(optionalDependencies));
    expect([...versions]).toEqual(
      all('FROM')
        .slice(0, 1)
        .map(({ rest }) => /^node:([\d.]+)-trixie-slim\b/.exec(rest)?.[1]),
    );
    expect(new Set(all('FROM').map(({ rest }) => rest.split(' ')[0])).size).toBe(1);
  });

  test('copies what exists, and what .dockerignore lets through', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(allowed.map((line) => line.slice(1)).sort()).toEqual([...new Set(sources)].sort());
    expect(read('.dockerignore').split('\n')).toContain('*');
  });

  test('holds every folder of the package that code runs from', () => {
    const { files } = JSON.parse(read('package.json')) as { files: readonly string[] };
    const runs = files.filter((path) => path !== 'docs' && !path.endsWith('.md'));
    expect(sources).toEqual(expect.arrayContaining(runs));
  });

  test('runs as a user without power, who owns the home', () => {
    expect(final('USER').map(({ rest }) => rest)).toEqual(['node']);
    const order = instructions.map(({ name }) => name);
    expect(order.lastIndexOf('RUN')).toBeLessThan(order.lastIndexOf('USER'));
    expect(final('RUN')[0]?.rest).toContain('install -d -o node -g node -m 0700 /data');
  });

  test('starts smcp with words that smcp knows, on the port that it exposes and asks after', () => {
    const [, ...words] = JSON.parse(final('CMD')[0]?.rest ?? '[]') as readonly string[];
    const known = [...Object.keys(serveCommand.options), 'home', 'json', 'help'];
    expect(final('ENTRYPOINT')[0]?.rest).toBe('["smcp"]');
    expect(JSON.parse(final('CMD')[0]?.rest ?? '[]')).toContain(serveCommand.words[0]);
    expect(words.filter((word) => word.startsWith('--')).filter((word) => !known.includes(word.slice(2)))).toEqual([]);
    expect(words.join(' ')).toContain('--home /data');
    expect(final('EXPOSE').map(({ rest }) => rest)).toEqual(['8000']);
    expect(final('HEALTHCHECK')[0]?.rest).toContain('http://127.0.0.1:8000/healthz');
  });

  test('takes dependencies as the lock file has them', () => {
    expect(all('RUN').filter(({ rest }) => /npm (i|install|add)\b/.test(rest))).toEqual([]);
    expect(all('RUN')[0]?.rest).toMatch(/^npm ci --omit=dev/);
  });
});

test('the parser of this test joins continued lines and counts stages', () => {
  expect(parseDockerfile('# x\nFROM a AS b\nRUN c \\\n  d\nFROM e\nUSER f\n')).toEqual([
    { name: 'FROM', rest: 'a AS b', stage: 1 },
    { name: 'RUN', rest: 'c d', stage: 1 },
    { name: 'FROM', rest: 'e', stage: 2 },
    { name: 'USER', rest: 'f', stage: 2 },
  ]);
});
