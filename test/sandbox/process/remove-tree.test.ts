import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { measureTree } from '#sandbox/host/process/measure-tree.ts';
import { removeBelow, removeTree } from '#sandbox/host/process/remove-tree.ts';
import { openWorkPlace } from '#sandbox/host/process/work-place.ts';
import { makeFolder } from '#test/sandbox/launcher/harness.ts';

const folder = makeFolder();
afterAll(() => folder[Symbol.dispose]());
let count = 0;
const make = (): string => {
  count += 1;
  const path = join(folder.path, String(count));
  mkdirSync(path);
  return path;
};

const BOUNDS = { bytesMax: LIMITS.workBytesMax, entriesMax: LIMITS.workEntriesMax };
/** Python can make what no path can name. */
const python = (cwd: string, source: string) => execFileSync('python3', ['-c', source], { cwd });

test('a folder that is not there is no failure', async () => {
  await expect(removeTree(join(folder.path, 'nothing'))).resolves.toBeUndefined();
});

test('folders that their owner shut, and names that are no text, are removed', async () => {
  const path = make();
  python(
    path,
    'import os\nos.mkdir("a"); open("a/b", "w"); os.mkdir("a/c"); open(b"\\xff\\xfe", "w"); os.mkdir(b"\\xfd"); open(b"\\xfd/\\xfc", "w"); os.chmod("a/c", 0); os.chmod("a", 0)',
  );
  await removeTree(path);
  expect(existsSync(path)).toBe(false);
});

test('what links lead to stays', async () => {
  const path = make();
  const other = make();
  writeFileSync(join(other, 'kept'), 'kept');
  symlinkSync(other, join(path, 'link'));
  symlinkSync(join(other, 'kept'), join(path, 'file'));
  await removeTree(path);
  expect(readFileSync(join(other, 'kept'), 'utf8')).toBe('kept');
  expect(existsSync(path)).toBe(false);
});

test('folders deeper than a path can name, and their siblings, are removed', async () => {
  const path = make();
  python(
    path,
    'import os\nfor n in range(1200):\n  os.mkdir("d" * 30); open("f", "w"); os.mkdir(".raised-1") if n < 3 else None; os.chdir("d" * 30)',
  );
  await removeBelow(path);
  expect(readdirSync(path)).toEqual([]);
});

test('ten thousand files in many folders are removed while the event loop turns', async () => {
  const path = make();
  python(path, 'import os\nfor n in range(100):\n  os.mkdir(str(n))\n  for m in range(100): open(f"{n}/{m}", "w")');
  let turns = 0;
  const turning = setInterval(() => (turns += 1), 0);
  await removeTree(path);
  clearInterval(turning);
  expect(existsSync(path)).toBe(false);
  expect(turns).toBeGreaterThan(5);
});

test('a folder is measured as far as its bounds', async () => {
  const path = make();
  mkdirSync(join(path, 'a'));
  for (let at = 0; at < 20; at += 1) writeFileSync(join(path, 'a', String(at)), Buffer.alloc(10_000));
  const size = await measureTree(path, BOUNDS);
  expect(size).toMatchObject({ entries: 21, isHidden: false });
  expect(size.bytes).toBeGreaterThanOrEqual(200_000);
  expect((await measureTree(path, { ...BOUNDS, entriesMax: 5 })).entries).toBe(6);
  expect((await measureTree(path, { ...BOUNDS, bytesMax: 50_000 })).bytes).toBeLessThan(120_000);
});

test('what can not be measured is told', async () => {
  const path = make();
  python(path, 'import os\nfor n in range(200):\n  os.mkdir("d" * 40); os.chdir("d" * 40)');
  expect(await measureTree(path, BOUNDS)).toMatchObject({ isHidden: true });
});

test('a place removes at its opening what a host that crashed left in it', async () => {
  const path = make();
  mkdirSync(join(path, 'work-old'));
  writeFileSync(join(path, 'work-old', 'x'), '');
  const place = await openWorkPlace(path);
  expect(readdirSync(path)).toEqual([]);
  const work = place.create(undefined);
  writeFileSync(join(work.path, 'x'), '');
  chmodSync(work.path, 0o777);
  await work.empty();
  expect(readdirSync(work.path)).toEqual([]);
  await place.close();
  expect(existsSync(path)).toBe(false);
});

test('a place that is a link, or that others may write to, is refused', async () => {
  const path = make();
  symlinkSync(path, `${path}-link`);
  await expect(openWorkPlace(`${path}-link`)).rejects.toMatchObject({ code: 'HOME_UNSAFE' });
  chmodSync(path, 0o777);
  await expect(openWorkPlace(path)).rejects.toMatchObject({ code: 'HOME_UNSAFE' });
});
