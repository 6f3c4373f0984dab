import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { IS_ROOT, makeFolder, makeOwnFolder, ORDINARY_HOST } from '#test/sandbox/launcher/harness.ts';

const HERE = fileURLToPath(new URL('./ordinary-host.ts', import.meta.url));
const folder = makeFolder();
afterAll(() => folder[Symbol.dispose]());
let count = 0;

function run(steps: readonly object[]) {
  count += 1;
  const place = makeOwnFolder(join(folder.path, String(count)), ORDINARY_HOST.uid);
  const user = IS_ROOT ? { uid: ORDINARY_HOST.uid, gid: ORDINARY_HOST.uid } : {};
  const { stdout, stderr } = spawnSync(process.execPath, [HERE, place, JSON.stringify(steps)], {
    ...user,
    cwd: '/',
    encoding: 'utf8',
    env: {},
  });
  if (stdout === '') throw new Error(stderr);
  const { results, left } = JSON.parse(stdout) as { results: { code: string; text: unknown }[]; left: number };
  return { results, left, files: readdirSync(place) };
}

const CLEAN = { left: 0, files: [] };

describe('on a host of an ordinary user', () => {
  test('programs run, fresh and warm, as that user', () => {
    const source = 'import os, sys\nprint(os.getuid(), sys.argv[1:])';
    const result = run([
      { source, words: ['a'] },
      { source, words: ['b'], warm: true },
    ]);
    expect(result).toMatchObject(CLEAN);
    expect(result.results.map(({ text }) => text)).toEqual([
      `${ORDINARY_HOST.uid} ['a']`,
      `${ORDINARY_HOST.uid} ['b']`,
    ]);
  });

  test.each([false, true])('a tree ends with its call, and nothing is left (warm: %s)', (warm) => {
    const source =
      'import os, sys, time\nif not sys.argv[1:]: sys.exit()\nfor n in range(3): os.fork()\nd = os.open(".", os.O_RDONLY)\nos.makedirs("shut", 0, exist_ok=True)\nopen("x", "w").close()\ntime.sleep(60)';
    const result = run([{ source, words: ['x'], warm, timeoutMs: 1_000 }]);
    expect(result).toMatchObject({ ...CLEAN, results: [{ code: 'TIMEOUT' }] });
  });

  test.each([false, true])('forks without end are held (warm: %s)', (warm) => {
    const source =
      'import os, sys, time\nif not sys.argv[1:]: sys.exit()\nwhile True:\n    try: os.fork()\n    except OSError: time.sleep(0.01)';
    const result = run([{ source, words: ['x'], warm, timeoutMs: 1_500 }]);
    expect(result).toMatchObject(CLEAN);
    expect(result.results[0]?.code).toMatch(/^(TIMEOUT|CPU_EXCEEDED|MEMORY_EXCEEDED)$/);
  });

  test('a program reaches no file of the host, and signals nobody outside', () => {
    const source =
      'import os, sys\nfound = []\nfor act in (lambda: open(sys.argv[1]), lambda: os.kill(int(sys.argv[2]), 0), lambda: os.chmod(sys.argv[1], 0o777)):\n    try: act(); found.append(1)\n    except OSError: found.append(0)\nprint(found)';
    const result = run([{ source, words: [HERE, String(process.pid)] }]);
    expect(result).toMatchObject({ ...CLEAN, results: [{ text: '[0, 0, 0]' }] });
  });
});
