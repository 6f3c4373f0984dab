// Writes that the disk doesn't take, and servers that end in the midst of one: a file is what it was, or what it was to be.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import { parseAgentName } from '#domain/agent.ts';
import { checkProc } from '#effects/files/held.ts';
import { EVERYTHING, type FilesPlace, openPlace, openSession } from './files-world.ts';

const SCRIPT = join(import.meta.dirname, 'limited-files.ts');

let place: FilesPlace;
beforeEach(() => {
  place = openPlace();
  writeFileSync(place.at('old'), 'old');
});
afterEach(() => place[Symbol.dispose]());

/** In a process whose files may have 8 KiB. */
function limited(way: 'full' | 'naive'): string {
  const command = ['-c', 'ulimit -f 8; exec "$@"', 'bash', process.execPath, SCRIPT, way, place.directory];
  return spawnSync('bash', command, { encoding: 'utf8' }).stdout;
}

describe('when the disk takes only a part of a file', () => {
  test('nothing is changed, nothing is left beside it, and the plugin is told that there is no room', () => {
    expect(JSON.parse(limited('full'))).toEqual(['QUOTA_EXCEEDED', 'QUOTA_EXCEEDED', 'QUOTA_EXCEEDED']);
    expect(readFileSync(place.at('old'), 'utf8')).toBe('old');
    expect(readdirSync(place.at())).toEqual(['old']);
  });

  test('a file that is written in its place is cut off', () => {
    expect(limited('naive')).toBe('failed');
    const left = readFileSync(place.at('old'), 'utf8');
    expect([left.length < 100_000, left === 'old']).toEqual([true, false]);
  });
});

describe('when the server is killed while it writes', () => {
  test('a file is whole, and what was left of the new one is removed by the next server', async () => {
    for (let round = 0; round < 4; round += 1) {
      const child = spawn(process.execPath, [SCRIPT, 'for ever', place.directory], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      child.kill('SIGKILL');
      await once(child, 'exit');
      const text = readFileSync(place.at('swapped'), 'utf8');
      expect(new Set(text).size).toBe(1);
      expect(text).toHaveLength(100_000);
    }
    await openSession(place.effect).call('files.write', { path: 'workspace/another', text: 'x' });
    expect(readdirSync(place.at()).sort()).toEqual(['another', 'old', 'swapped']);
  });
});

describe('where there is no /proc', () => {
  test('no effect is opened: a path could not be opened without following links', () => {
    for (const elsewhere of [tmpdir(), join(place.outside, 'nowhere')]) {
      expect(() => checkProc(elsewhere)).toThrow(expect.objectContaining({ code: 'CAPABILITY_UNAVAILABLE' }));
    }
    expect(() => checkProc()).not.toThrow();
  });

  test('a call is refused, and says so', async () => {
    const agent = parseAgentName('athena');
    if (agent === undefined) throw new Error('athena is a name');
    const session = createBroker({ clock: systemClock, logger: silentLogger }).open({
      ...{ plugin: 'p', tool: 'p__t', agent, invocation: 'i', hostCallsMax: 10 },
      capabilities: { files: EVERYTHING },
    });
    const call = async () =>
      session.handle({ name: 'files.stat', params: { path: 'workspace' } }, new AbortController().signal);
    await expect(call()).rejects.toMatchObject({ code: 'CAPABILITY_UNAVAILABLE' });
  });
});
