import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#base/limits.ts';
import { open, seal, secretKeyOf } from '#secrets/seal.ts';
import { makeFolder, openHome, VALUE } from './home.ts';

const refusal = (code: string, text?: RegExp) =>
  expect.objectContaining({ code, ...(text === undefined ? {} : { message: expect.stringMatching(text) }) });

describe('a secret that is set', () => {
  test('is read again by a call, and after a restart', async () => {
    const home = openHome();
    home.secrets.set('TOKEN', VALUE, 'admin');
    expect(await home.read('TOKEN')).toBe(VALUE);
    expect(await openHome(home).read('TOKEN')).toBe(VALUE);
  });

  test('stands in the place of the one before, under another version', async () => {
    const home = openHome();
    home.secrets.set('TOKEN', 'the value before', 'admin');
    const before = home.store.get('TOKEN');
    home.secrets.set('TOKEN', VALUE, 'admin');
    expect(await home.read('TOKEN')).toBe(VALUE);
    expect(home.store.get('TOKEN')?.version).toBeGreaterThan(before?.version ?? 0);
    expect(home.store.list()).toHaveLength(1);
  });

  test('is listed by its name, without value, length or digest', () => {
    const home = openHome();
    home.secrets.set('TOKEN', VALUE, 'admin');
    expect(home.secrets.list()).toEqual([{ name: 'TOKEN', source: 'stored', setMs: expect.any(Number) }]);
  });

  test('is gone once it was removed, and what is not there can not be', async () => {
    const home = openHome();
    home.secrets.set('TOKEN', VALUE, 'admin');
    home.secrets.remove('TOKEN');
    await expect(home.read('TOKEN')).rejects.toThrow(refusal('SECRET_MISSING', /TOKEN is not set/));
    expect(() => home.secrets.remove('TOKEN')).toThrow(refusal('SECRET_MISSING'));
  });

  test.each([
    ['too short to be masked', 'seven77'],
    ['too long', 'x'.repeat(LIMITS.secretBytesMax + 1)],
    ['with a NUL', 'long enough\0and more'],
    ['with half a character', 'long enough \ud800'],
  ])('is refused when it is %s, and nothing is kept', (_, value) => {
    const home = openHome();
    expect(() => home.secrets.set('TOKEN', value, 'admin')).toThrow(refusal('SECRET_INVALID'));
    expect(home.store.list()).toEqual([]);
    expect(() => statSync(home.keyFile)).toThrow('ENOENT');
  });

  test.each(['', '1ST', 'A-B', '../X', 'é', 'A'.repeat(65)])('is refused under the name %j', (name) => {
    expect(() => openHome().secrets.set(name, VALUE, 'admin')).toThrow(refusal('USAGE'));
  });

  test('with line breaks can be kept, and goes into no header', async () => {
    const home = openHome();
    home.secrets.set('TOKEN', `${VALUE}\r\nHost: evil.example`, 'admin');
    await expect(home.read('TOKEN')).rejects.toThrow(refusal('SECRET_INVALID', /no header can carry/));
  });
});

describe('the key', () => {
  test('is made with the first secret, 0600, and never before', () => {
    const home = openHome();
    home.secrets.list();
    expect(() => statSync(home.keyFile)).toThrow('ENOENT');
    home.secrets.set('TOKEN', VALUE, 'admin');
    expect(statSync(home.keyFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(home.keyFile, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
  });

  test('can live elsewhere than the home', async () => {
    const keyFile = join(makeFolder(), 'elsewhere.key');
    const home = openHome({ keyFile });
    home.secrets.set('TOKEN', VALUE, 'admin');
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(await home.read('TOKEN')).toBe(VALUE);
  });

  test.each([
    ['others can read', (path: string) => chmodSync(path, 0o640)],
    [
      'is a link',
      (path: string) => {
        renameSync(path, `${path}.real`);
        symlinkSync(`${path}.real`, path);
      },
    ],
    [
      'is no file',
      (path: string) => {
        rmSync(path);
        mkdirSync(path);
      },
    ],
  ])('that %s is refused, for setting and for reading', async (_, spoil) => {
    const home = openHome();
    home.secrets.set('TOKEN', VALUE, 'admin');
    spoil(home.keyFile);
    expect(() => home.secrets.set('OTHER', VALUE, 'admin')).toThrow(refusal('HOME_UNSAFE'));
    await expect(home.read('TOKEN')).rejects.toThrow(refusal('SECRET_UNAVAILABLE'));
    // Where it lies is told to the log, not to a call.
    await home.read('TOKEN').catch((error: Error) => expect(error.message).not.toContain(home.folder));
    expect(home.lines.join()).toContain(home.keyFile);
  });

  test('that is lost is not made anew while there are secrets: setting and reading say so', async () => {
    const home = openHome();
    home.secrets.set('TOKEN', VALUE, 'admin');
    rmSync(home.keyFile);
    expect(() => home.secrets.set('OTHER', VALUE, 'admin')).toThrow(refusal('SECRET_UNAVAILABLE', /is not there/));
    await expect(home.read('TOKEN')).rejects.toThrow(refusal('SECRET_UNAVAILABLE'));
    expect(() => statSync(home.keyFile)).toThrow('ENOENT');
    // Once nothing is left that it opened, another one may be made.
    home.secrets.remove('TOKEN');
    home.secrets.set('OTHER', VALUE, 'admin');
    expect(await home.read('OTHER')).toBe(VALUE);
  });

  test('that is another one opens nothing, and nothing is set under it', async () => {
    const home = openHome();
    home.secrets.set('TOKEN', VALUE, 'admin');
    writeFileSync(home.keyFile, `${'0'.repeat(64)}\n`);
    expect(() => home.secrets.set('OTHER', VALUE, 'admin')).toThrow(refusal('SECRET_UNAVAILABLE', /is not the one/));
    await expect(home.read('TOKEN')).rejects.toThrow(refusal('SECRET_UNAVAILABLE'));
  });

  test.each(['', 'no key', '0'.repeat(63), '0'.repeat(1_000)])('is refused where its file says %j', (text) => {
    const home = openHome();
    home.secrets.set('TOKEN', VALUE, 'admin');
    writeFileSync(home.keyFile, text);
    expect(() => home.secrets.set('OTHER', VALUE, 'admin')).toThrow(refusal('SECRET_UNAVAILABLE'));
  });
});

describe('whoever can write the database, and has no key', () => {
  test("finds no value in it, nor in the folder of the home's keys", () => {
    const home = openHome();
    home.secrets.set('TOKEN', VALUE, 'admin');
    const rows = JSON.stringify(home.store.list().map((row) => Buffer.from(row.sealed).toString('latin1')));
    expect(rows).not.toContain(VALUE);
    expect(readFileSync(home.keyFile, 'utf8')).not.toContain(VALUE);
  });

  test("can't put one secret in the place of another", async () => {
    const home = openHome();
    home.secrets.set('MINE', 'the value of mine', 'admin');
    home.secrets.set('THEIRS', VALUE, 'admin');
    const theirs = home.store.get('THEIRS');
    if (theirs === undefined) throw new Error('it was set');
    home.store.put({ ...theirs, name: 'MINE' });
    await expect(home.read('MINE')).rejects.toThrow(refusal('SECRET_TAMPERED'));
    // The control: in its own place the same row opens.
    expect(await home.read('THEIRS')).toBe(VALUE);
  });

  test.each([
    ['cut', (sealed: Uint8Array) => sealed.subarray(0, -1)],
    ['cut to nothing', () => new Uint8Array()],
    ['changed in a bit', (sealed: Uint8Array) => sealed.map((byte, at) => (at === 14 ? byte ^ 1 : byte))],
    ['longer', (sealed: Uint8Array) => Buffer.concat([sealed, Buffer.from([0])])],
  ])('is found out when a row was %s', async (_, spoil) => {
    const home = openHome();
    home.secrets.set('TOKEN', VALUE, 'admin');
    const row = home.store.get('TOKEN');
    if (row === undefined) throw new Error('it was set');
    home.store.put({ ...row, sealed: spoil(row.sealed) });
    await expect(home.read('TOKEN')).rejects.toThrow(refusal('SECRET_TAMPERED'));
    expect(home.lines.join()).not.toContain(VALUE);
  });

  test('is found out when the row says another version than it was sealed for', async () => {
    const home = openHome();
    home.secrets.set('TOKEN', VALUE, 'admin');
    const row = home.store.get('TOKEN');
    if (row === undefined) throw new Error('it was set');
    home.store.put({ ...row, version: row.version + 1 });
    await expect(home.read('TOKEN')).rejects.toThrow(refusal('SECRET_TAMPERED'));
  });

  test("can't open a copy of the database with the key of a home of their own", async () => {
    const home = openHome();
    home.secrets.set('TOKEN', VALUE, 'admin');
    const own = openHome();
    own.secrets.set('OWN', VALUE, 'admin');
    const copy = openHome({ database: home.database, folder: own.folder });
    await expect(copy.read('TOKEN')).rejects.toThrow(refusal('SECRET_UNAVAILABLE'));
    // The control: with the key that belongs to it, it opens.
    expect(await openHome({ database: home.database, keyFile: home.keyFile }).read('TOKEN')).toBe(VALUE);
  });
});

describe('a sealed value', () => {
  const key = secretKeyOf(Buffer.alloc(32, 7));
  const owner = { name: 'A', version: 1 };

  test('is another one each time, and opens with its own key, name and version only', () => {
    const sealed = seal(key, owner, VALUE);
    expect(seal(key, owner, VALUE)).not.toEqual(sealed);
    expect(open(key, owner, sealed)).toBe(VALUE);
    expect(open(secretKeyOf(Buffer.alloc(32, 8)), owner, sealed)).toBeUndefined();
    expect(open(key, { ...owner, name: 'B' }, sealed)).toBeUndefined();
    expect(open(key, { ...owner, version: 2 }, sealed)).toBeUndefined();
  });

  test('the name of a key tells nothing of it', () => {
    expect(key.id).not.toContain(Buffer.from(key.bytes).toString('hex').slice(0, 8));
    expect(key.id).toMatch(/^[0-9a-f]{32}$/);
  });
});
