// .ci/run must do all that `npm run check` does, count as vitest counts, and fail when anything failed or was skipped.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const work = mkdtempSync(join(tmpdir(), 'smcp-ci-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** What .ci/summary.js says about a report, and its exit code. */
function summarize(report: unknown): readonly [string, number | null] {
  const path = join(work, 'report.json');
  writeFileSync(path, typeof report === 'string' ? report : JSON.stringify(report));
  const ended = spawnSync(process.execPath, [join(ROOT, '.ci/summary.js'), path], { encoding: 'utf8' });
  return [ended.stdout.trimEnd().split('\n').at(-1) ?? '', ended.status];
}

const sound = {
  success: true,
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: 'passed', assertionResults: [{ status: 'passed' }] }],
};

describe('the last line', () => {
  test('counts what passed, and the exit code is 0 when that is all there is', () => {
    expect(summarize(sound)).toEqual(['3 passed, 0 failed, 0 skipped', 0]);
  });

  test.each([
    ['a test failed', { success: false, numFailedTests: 2 }, '3 passed, 2 failed, 0 skipped'],
    ['a test was skipped', { numPendingTests: 1 }, '3 passed, 0 failed, 1 skipped'],
    ['a test is to be written', { numTodoTests: 1 }, '3 passed, 0 failed, 1 skipped'],
    ['nothing ran', { numPassedTests: 0 }, '0 passed, 0 failed, 0 skipped'],
    ['vitest says it failed', { success: false }, '3 passed, 0 failed, 0 skipped'],
  ])('goes with exit code 1 when %s', (_, change, line) => {
    expect(summarize({ ...sound, ...change })).toEqual([line, 1]);
  });

  test('counts a file that broke before its tests ran', () => {
    const broken = { ...sound, success: false, testResults: [{ status: 'failed', assertionResults: [] }] };
    expect(summarize(broken)).toEqual(['3 passed, 1 failed, 0 skipped', 1]);
  });

  test('adds up the reports of several runs, each of which must be there and sound', () => {
    const summary = (...reports: readonly unknown[]) => {
      const paths = reports.map((report, place) => {
        const path = join(work, `report-${place}.json`);
        writeFileSync(path, JSON.stringify(report));
        return path;
      });
      const ended = spawnSync(process.execPath, [join(ROOT, '.ci/summary.js'), ...paths], { encoding: 'utf8' });
      return [ended.stdout.trimEnd().split('\n').at(-1), ended.status];
    };
    expect(summary(sound, sound)).toEqual(['6 passed, 0 failed, 0 skipped', 0]);
    expect(summary(sound, { ...sound, numPendingTests: 1 })).toEqual(['6 passed, 0 failed, 1 skipped', 1]);
    expect(summary(sound, {})).toEqual(['3 passed, 1 failed, 0 skipped', 1]);
    expect(summary()).toEqual(['0 passed, 0 failed, 0 skipped', 1]);
  });

  test.each(['', '{', '{}'])('says that one failed when the report is %j', (text) => {
    expect(summarize(text)).toEqual(['0 passed, 1 failed, 0 skipped', 1]);
  });
});

describe('.ci/run', () => {
  const script = readFileSync(join(ROOT, '.ci/run'), 'utf8');
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };

  test('does each part of npm run check, and the audit of the sandbox, once, after npm ci', () => {
    const parts = [...(scripts['check'] ?? '').split(' && '), 'npm run sandbox:audit'];
    const steps = [...script.matchAll(/^\s*step (npm [a-z]+(?: [a-z:]+)?)/gm)].map((match) => match[1]);
    expect(steps[0]).toBe('npm ci');
    expect(steps.slice(1).sort()).toEqual(parts.sort());
    expect(Object.keys(scripts)).toContain('sandbox:audit');
  });

  test('runs the suite of isolation once more as an ordinary user when it is root, and counts it', () => {
    expect(script).toMatch(/\[ "\$\(id -u\)" = 0 \]; then step isolation_as_ordinary_user; fi/);
    expect(script).toMatch(/setpriv --reuid="\$ordinary_user"[^)]*vitest run test\/isolation /);
    expect(script).toContain('reports+=("$ordinary_report")');
  });

  test('says before anything else, in one sentence, that OpenSSL is missing', () => {
    const line = script.split('\n').find((each) => each.includes('command -v openssl')) ?? '';
    expect(script.indexOf(line)).toBeLessThan(script.indexOf('step npm ci'));
    const say = (path: string) =>
      spawnSync('/bin/bash', ['-c', line], { env: { PATH: path }, encoding: 'utf8' }).stdout;
    expect(say(work)).toMatch(/^CI needs the program openssl: [^.]*[.]\n$/);
    writeFileSync(join(work, 'openssl'), '', { mode: 0o755 });
    expect(say(work)).toBe('');
  });

  test('can be started', () => {
    expect(statSync(join(ROOT, '.ci/run')).mode & 0o111).toBe(0o111);
    expect(spawnSync('bash', ['-n', join(ROOT, '.ci/run')]).status).toBe(0);
  });

  test('hides the hosts of registries, and shows loopback addresses', () => {
    const filter = /^hide_hosts\(\) \{[\s\S]*?^\}/m.exec(script)?.[0] ?? '';
    const input =
      'npm error https://mirror.example:8080/x\nENOTFOUND registry.example.org\nmirror.example\nhttp://127.0.0.1:8000/a';
    const ended = spawnSync('bash', ['-c', `registry=mirror.example\n${filter}\nhide_hosts`], {
      input,
      encoding: 'utf8',
    });
    expect(ended.stdout).not.toMatch(/mirror|registry\.example/);
    expect(ended.stdout).toContain('http://127.0.0.1:8000/a');
  });
});
