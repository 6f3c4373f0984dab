import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { makeFolder, openHome, VALUE } from './home.ts';

const unavailable = expect.objectContaining({ code: 'SECRET_UNAVAILABLE' });

describe('a secret in a file', () => {
  const homeWith = (text: string, mode = 0o600) => {
    const folder = makeFolder();
    writeFileSync(join(folder, 'token'), text, { mode });
    return openHome({ folder, sources: { TOKEN: { file: 'token' } } });
  };

  test('is read relative to the home, each time, without the line break at its end', async () => {
    const home = homeWith(`${VALUE}\n`);
    expect(await home.read('TOKEN')).toBe(VALUE);
    writeFileSync(join(home.folder, 'token'), 'another value\r\n');
    expect(await home.read('TOKEN')).toBe('another value');
    expect(home.secrets.list()).toEqual([{ name: 'TOKEN', source: 'file' }]);
  });

  test('that others can read, that is a link, too long, too short or not there is not taken', async () => {
    for (const mode of [0o644, 0o640, 0o620]) {
      const home = homeWith(VALUE);
      chmodSync(join(home.folder, 'token'), mode);
      await expect(home.read('TOKEN')).rejects.toThrow(unavailable);
    }
    const home = homeWith(VALUE);
    renameSync(join(home.folder, 'token'), join(home.folder, 'real'));
    await expect(home.read('TOKEN')).rejects.toThrow(unavailable);
    symlinkSync('real', join(home.folder, 'token'));
    await expect(home.read('TOKEN')).rejects.toThrow(unavailable);
    await expect(homeWith('x'.repeat(LIMITS.secretBytesMax + 3)).read('TOKEN')).rejects.toThrow(unavailable);
    await expect(homeWith('short').read('TOKEN')).rejects.toThrow(expect.objectContaining({ code: 'SECRET_INVALID' }));
  });

  test('is told to a call without its path, and to the log with it', async () => {
    const home = openHome({ sources: { TOKEN: { file: 'nowhere/token' } } });
    const error = await home.read('TOKEN').catch((thrown: Error) => thrown);
    expect(JSON.stringify(error)).not.toContain('nowhere');
    expect(home.lines.join()).toContain('nowhere/token is not there');
  });
});

describe('a secret of the environment, or a credential of systemd', () => {
  test("is the server's variable", async () => {
    const home = openHome({ sources: { TOKEN: { env: 'MY_TOKEN' } }, env: { MY_TOKEN: VALUE } });
    expect(await home.read('TOKEN')).toBe(VALUE);
    await expect(openHome({ sources: { TOKEN: { env: 'MY_TOKEN' } } }).read('TOKEN')).rejects.toThrow(unavailable);
  });

  test('is a file of the folder that systemd names, also where a mode shows its list of who may read', async () => {
    const credentials = makeFolder();
    writeFileSync(join(credentials, 'token'), `${VALUE}\n`, { mode: 0o440 });
    const sources = { TOKEN: { credential: 'token' } };
    expect(await openHome({ sources, env: { CREDENTIALS_DIRECTORY: credentials } }).read('TOKEN')).toBe(VALUE);
    await expect(openHome({ sources }).read('TOKEN')).rejects.toThrow(unavailable);
    await expect(openHome({ sources, env: { CREDENTIALS_DIRECTORY: 'relative' } }).read('TOKEN')).rejects.toThrow(
      unavailable,
    );
    // Others could have written it.
    chmodSync(join(credentials, 'token'), 0o460);
    await expect(openHome({ sources, env: { CREDENTIALS_DIRECTORY: credentials } }).read('TOKEN')).rejects.toThrow(
      unavailable,
    );
  });

  test("can't be set or removed by a command: the configuration says where it comes from", () => {
    const { secrets } = openHome({ sources: { TOKEN: { env: 'MY_TOKEN' } } });
    const usage = expect.objectContaining({ code: 'USAGE', message: 'config.yaml gives TOKEN the source env' });
    expect(() => secrets.set('TOKEN', VALUE, 'admin')).toThrow(usage);
    expect(() => secrets.remove('TOKEN')).toThrow(usage);
  });
});

describe('a secret that a command prints', () => {
  const homeWith = (
    command: readonly string[],
    more: { readonly environment?: readonly string[]; readonly env?: { readonly [name: string]: string } } = {},
    nowMs = () => systemClock.monotonicMs(),
  ) => {
    const { environment, env = {} } = more;
    return openHome({
      sources: { TOKEN: { command, ...(environment === undefined ? {} : { environment }) } },
      env,
      clock: { ...systemClock, monotonicMs: nowMs },
    });
  };

  test('is what stands on its stdout, and no shell reads its words', async () => {
    expect(await homeWith(['printf', '%s\n', VALUE]).read('TOKEN')).toBe(VALUE);
    expect(await homeWith(['echo', '$(id) `id` && id']).read('TOKEN')).toBe('$(id) `id` && id');
  });

  test('is run again when five minutes are over, and not before; once for all who wait', async () => {
    let nowMs = 0;
    const folder = makeFolder();
    const count = join(folder, 'count');
    writeFileSync(count, '');
    const script = `echo x >> ${count}; wc -l < ${count} | xargs printf 'value-number-%s'`;
    const home = homeWith(['sh', '-c', script], {}, () => nowMs);
    expect(await Promise.all([home.read('TOKEN'), home.read('TOKEN')])).toEqual(['value-number-1', 'value-number-1']);
    nowMs += LIMITS.secretCachedMs - 1;
    expect(await home.read('TOKEN')).toBe('value-number-1');
    nowMs += 2;
    expect(await home.read('TOKEN')).toBe('value-number-2');
  });

  test('gets a clean environment: the usual variables, and those that are named', async () => {
    const env = { HOME: '/home/ana', OP_TOKEN: 'for-the-command', SMCP_OTHER: 'not-for-it', LD_PRELOAD: 'evil.so' };
    const printed = await homeWith(['sh', '-c', 'env | sort | tr "\\n" ";"'], { environment: ['OP_TOKEN'], env }).read(
      'TOKEN',
    );
    expect(printed).toContain('HOME=/home/ana;');
    expect(printed).toContain('OP_TOKEN=for-the-command;');
    expect(printed).toContain('PATH=/usr/local/bin:/usr/bin:/bin;');
    expect(printed).not.toContain('SMCP_OTHER');
    expect(printed).not.toContain('LD_PRELOAD');
  });

  test.each([
    ['fails', ['sh', '-c', `echo ${VALUE}; exit 3`], 'ended with exit code 3'],
    ['is not there', ['no-such-program-here'], 'did not start: ENOENT'],
    ['prints too much', ['yes', VALUE], 'printed more than a value may have'],
    ['prints no text', ['printf', '\\377\\376long enough'], 'printed something that is no UTF-8'],
  ])('is not there when the command %s: the log says why, without what it printed', async (_, command, why) => {
    const home = homeWith(command);
    await expect(home.read('TOKEN')).rejects.toThrow(unavailable);
    expect(home.lines.join()).toContain(why);
    expect(home.lines.join()).not.toContain(VALUE);
  });

  test('that failed is run again at the next need of it', async () => {
    const folder = makeFolder();
    const home = homeWith(['sh', '-c', `test -d ${folder}/ready && echo ${VALUE}`]);
    await expect(home.read('TOKEN')).rejects.toThrow(unavailable);
    mkdirSync(join(folder, 'ready'));
    expect(await home.read('TOKEN')).toBe(VALUE);
  });
});
