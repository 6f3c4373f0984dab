import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FileWatch, watchFile } from '#base/watch-file.ts';

const SETTLE_MS = 30;
const TIMES = { settleMs: SETTLE_MS, settleMsMax: 10_000, pollMs: 50 };

let directory: string;
let file: string;
let looks: number;
let watch: FileWatch | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smcp-watch-'));
  file = join(directory, 'file');
  looks = 0;
});
afterEach(() => {
  watch?.close();
  rmSync(directory, { recursive: true, force: true });
});

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds: () => boolean) => {
  while (!holds()) await sleep(5);
};
/** Watches, and waits for the first look. */
const start = async (times = TIMES) => {
  const look = () => {
    looks += 1;
  };
  watch = watchFile(file, look, times);
  await until(() => looks === 1);
};
/** Waits for the look at a change. */
const told = async (before = looks) => {
  await until(() => looks > before);
  return looks > before;
};

describe('a watched file is told', () => {
  test('once at the start, and not again while nothing changes', async () => {
    writeFileSync(file, 'a');
    await start();
    await sleep(6 * TIMES.pollMs);
    expect(looks).toBe(1);
  });

  test.each<[string, () => void]>([
    ['is written in place', () => writeFileSync(file, 'b')],
    [
      'is written with a text of the same length and time',
      () => {
        writeFileSync(file, 'b');
        utimesSync(file, 1, 1);
      },
    ],
    [
      'is replaced by rename',
      () => {
        writeFileSync(`${file}.swp`, 'b');
        renameSync(`${file}.swp`, file);
      },
    ],
    [
      'is moved away and written anew',
      () => {
        renameSync(file, `${file}~`);
        writeFileSync(file, 'b');
      },
    ],
    ['gets another mode', () => chmodSync(file, 0o666)],
    ['vanishes', () => rmSync(file)],
    [
      'makes way for a directory',
      () => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
    [
      'makes way for a link',
      () => {
        rmSync(file);
        symlinkSync('/dev/null', file);
      },
    ],
    [
      'loses its directory and gets it back',
      () => {
        rmSync(directory, { recursive: true });
        mkdirSync(directory);
        writeFileSync(file, 'b');
      },
    ],
  ])('when it %s, and after that when it is written again', async (_what, change) => {
    writeFileSync(file, 'a');
    await start();
    change();
    expect(await told()).toBe(true);
    rmSync(file, { recursive: true, force: true });
    writeFileSync(file, 'back');
    const before = looks;
    expect(await told(before)).toBe(true);
    appendFileSync(file, 'more');
    expect(await told()).toBe(true);
  });

  test('when it appears after it was missing at the start', async () => {
    await start();
    writeFileSync(file, 'a');
    expect(await told()).toBe(true);
  });

  test('once or twice for a hundred changes without a pause', async () => {
    writeFileSync(file, 'a');
    await start();
    for (let n = 0; n < 100; n++) writeFileSync(file, `${n}`);
    await told();
    await sleep(6 * TIMES.pollMs);
    expect(looks).toBeLessThanOrEqual(3);
  });

  test('not while it is still being written, but in the end also when it always is', async () => {
    writeFileSync(file, 'a');
    await start({ settleMs: 500, settleMsMax: 1_500, pollMs: 50 });
    const beganMs = performance.now();
    let writtenMs = beganMs;
    let longestPauseMs = 0;
    const noteMs = () => {
      longestPauseMs = Math.max(longestPauseMs, performance.now() - writtenMs);
      writtenMs = performance.now();
    };
    const before = looks;
    while (looks === before) {
      appendFileSync(file, 'x');
      noteMs();
      await sleep(10);
    }
    noteMs();
    // Timers are late, never early: sooner than this it would have been told in the middle, if the writer did not pause either.
    expect(writtenMs - beganMs > 1_000 || longestPauseMs > 400).toBe(true);
  });

  test('again when somebody asks for it', async () => {
    writeFileSync(file, 'a');
    await start();
    watch?.lookAgain();
    expect(await told()).toBe(true);
  });

  test('never after it was closed', async () => {
    writeFileSync(file, 'a');
    await start();
    watch?.lookAgain();
    writeFileSync(file, 'b');
    watch?.close();
    watch?.close();
    await sleep(6 * TIMES.pollMs);
    expect(looks).toBe(1);
  });
});
