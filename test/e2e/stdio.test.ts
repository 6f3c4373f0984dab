// `smcp stdio` on a home that nothing serves: the process serves it by itself, and shares it with the next ones.

import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { initialize, rpc, stateless } from '#test/stdio/door.ts';
import { smcp, startServer, temporaryFolder } from './server.ts';
import { type StdioProcess, startStdio, untilGone, wardensOf } from './stdio-process.ts';

const folder = temporaryFolder();
let count = 0;
const started: StdioProcess[] = [];

/** A home that is not there yet. */
const newHome = () => {
  count += 1;
  return join(folder.path, `home-${count}`);
};
const start = (home: string, ...args: readonly string[]) => {
  const stdio = startStdio(['--agent', 'demo', '--home', home, ...args]);
  started.push(stdio);
  return stdio;
};
const echo = (id: unknown, message = 'hello') =>
  stateless(id, 'tools/call', { name: 'demo_text__echo', arguments: { message } });
const echoed = (message = 'hello') => ({ result: { structuredContent: { output: message } } });

/** Its wardens stand still, so that a call of theirs does not end by itself. */
async function stall(stdio: StdioProcess): Promise<readonly number[]> {
  await stdio.ask(echo('warm'));
  const wardens = wardensOf(stdio.pid);
  for (const pid of wardens) process.kill(pid, 'SIGSTOP');
  return wardens;
}

/** What stands still can't see that its host is gone. */
async function wake(wardens: readonly number[]): Promise<void> {
  for (const pid of wardens) {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // Gone already.
    }
  }
  await untilGone(wardens);
}

afterEach(async () => {
  for (const stdio of started.splice(0)) if (stdio.child.exitCode === null) await stdio.kill('SIGKILL');
});
afterAll(() => folder.remove());

describe('alone on a new home', () => {
  test('makes the home, serves, records, and leaves nothing when its input ends', async () => {
    const home = newHome();
    const stdio = start(home);
    const answer = await stdio.ask(echo(1));
    expect(answer).toMatchObject({ result: { _meta: { 'smcp/receipt': { index: expect.any(Number) } } } });
    expect(lstatSync(join(home, 'agents.sock')).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(join(home, 'server.json'), 'utf8'))).toEqual({
      pid: stdio.pid,
      url: expect.stringMatching(/^http:\/\/127.0.0.1:/),
    });
    const wardens = wardensOf(stdio.pid);
    expect(wardens.length).toBeGreaterThan(0);
    expect(await stdio.end()).toBe(0);
    await untilGone(wardens);
    expect(existsSync(join(home, 'agents.sock'))).toBe(false);
    const shown = await smcp(['log', 'verify', home, '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ ok: true });
  });

  test('writes nothing but messages to stdout, and no token anywhere', async () => {
    const home = newHome();
    const stdio = start(home);
    await stdio.ask(initialize('2025-06-18'));
    await stdio.ask(rpc(2, 'tools/list'));
    expect(await stdio.end()).toBe(0);
    expect(stdio.strays).toEqual([]);
    expect(stdio.lines).toHaveLength(2);
    const adminToken = readFileSync(join(home, 'admin.token'), 'utf8').trim();
    expect(stdio.stderr()).not.toContain(adminToken);
    expect(stdio.stderr()).not.toContain('smcp_');
  });

  test('answers a whole conversation that was written before it was read, but cancels calls', async () => {
    const home = newHome();
    const stdio = start(home);
    stdio.send(initialize('2025-11-25'));
    stdio.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    stdio.send(rpc(2, 'tools/list'));
    expect(await stdio.end()).toBe(0);
    expect(stdio.lines.map(({ id }) => id)).toEqual(['init', 2]);
  });

  test('takes a home whose path is longer than that of a socket may be', async () => {
    const home = join(folder.path, 'long'.repeat(40));
    const first = start(home);
    const second = start(home);
    expect(await first.ask(echo(1))).toMatchObject(echoed());
    expect(await second.ask(echo(1))).toMatchObject(echoed());
    expect(await second.end()).toBe(0);
    expect(await first.end()).toBe(0);
  });

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends cleanly at %s, with a call under way', async (signal) => {
    const home = newHome();
    const stdio = start(home);
    const wardens = await stall(stdio);
    stdio.send(echo('stalled'));
    stdio.send(stateless('after', 'tools/list'));
    await stdio.find(({ id }) => id === 'after');
    expect(await stdio.kill(signal)).toBe(0);
    await untilGone(wardens);
    expect(existsSync(join(home, 'server.json'))).toBe(false);
  });

  test('cancels its calls and leaves no process when its input ends', async () => {
    const stdio = start(newHome());
    const wardens = await stall(stdio);
    stdio.send(echo('stalled'));
    expect(await stdio.end()).toBe(0);
    expect(stdio.lines.some(({ id }) => id === 'stalled')).toBe(false);
    await untilGone(wardens);
  });

  test('cancels a call that its client takes back, and the next one runs', async () => {
    const stdio = start(newHome());
    await stall(stdio);
    stdio.send(echo('stalled'));
    stdio.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'stalled' } });
    expect(await stdio.ask(echo('next', 'again'))).toMatchObject(echoed('again'));
    expect(stdio.lines.some(({ id }) => id === 'stalled')).toBe(false);
    expect(await stdio.end()).toBe(0);
  });

  test('ends quietly when nobody reads its output any more', async () => {
    const stdio = start(newHome());
    await stdio.ask(echo(1));
    const wardens = wardensOf(stdio.pid);
    stdio.child.stdout.destroy();
    stdio.send(echo(2));
    expect(await stdio.ended).toBe(0);
    expect(stdio.stderr()).not.toMatch(/EPIPE|Error/);
    await untilGone(wardens);
  });

  test('ends although its client has stopped reading, once the input ends', async () => {
    const stdio = start(newHome());
    await stdio.ask(echo(1));
    stdio.child.stdout.pause();
    const message = 'x'.repeat(90_000);
    // More than a pipe holds, less than a server lets wait.
    for (let id = 10; id < 40; id += 1) stdio.send(echo(id, message));
    stdio.child.stdin.end();
    const exit = new Promise((resolve) => stdio.child.once('exit', resolve));
    expect(await exit).toBe(0);
  });

  test('says so and ends when its client leaves more unread than a server lets wait', async () => {
    const stdio = start(newHome());
    await stdio.ask(echo(1));
    stdio.child.stdout.pause();
    const message = 'x'.repeat(90_000);
    for (let id = 10; id < 80; id += 1) stdio.send(echo(id, message));
    const exit = new Promise((resolve) => stdio.child.once('exit', resolve));
    expect(await exit).toBe(3);
    expect(stdio.stderr()).toContain('does not read');
  });

  test('leaves nothing behind that serves when it is killed', async () => {
    const home = newHome();
    const stdio = start(home);
    const wardens = await stall(stdio);
    stdio.send(echo('stalled'));
    await stdio.kill('SIGKILL');
    await wake(wardens);
    const next = start(home);
    expect(await next.ask(echo(1))).toMatchObject(echoed());
    expect(await next.end()).toBe(0);
  });
});

describe('which agent', () => {
  test('is asked for before a home is made', async () => {
    const home = newHome();
    const { code, stdout, stderr } = await smcp(['stdio', '--home', home]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('USAGE: which agent?\nadd --agent demo');
    expect(existsSync(home)).toBe(false);
  });

  test('is told on a home that is there', async () => {
    const home = newHome();
    await smcp(['init', '--home', home]);
    const { code, stdout, stderr } = await smcp(['stdio', '--home', home]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('USAGE: which agent?\nadd --agent demo\n');
  });

  test('must be one of the policy', async () => {
    const home = newHome();
    await smcp(['init', '--home', home]);
    const { code, stdout, stderr } = await smcp(['stdio', '--agent', 'dmo', '--home', home, '--json']);
    expect([code, stdout]).toEqual([2, '']);
    const last = stderr.trim().split('\n').at(-1) ?? '';
    expect(JSON.parse(last)).toMatchObject({
      error: { code: 'AGENT_UNKNOWN', details: { agents: ['demo'], remedy: 'did you mean --agent demo' } },
    });
    expect(existsSync(join(home, 'server.json'))).toBe(false);
  });
});

describe('several on one home', () => {
  test('share one server; the first one stays until the others are gone', async () => {
    const home = newHome();
    const first = start(home);
    expect(await first.ask(echo(1))).toMatchObject(echoed());
    const second = start(home);
    expect(await second.ask(echo(1))).toMatchObject(echoed());
    expect(wardensOf(second.pid)).toEqual([]);
    first.child.stdin.end();
    expect(await second.ask(echo(2, 'still served'))).toMatchObject(echoed('still served'));
    expect(first.child.exitCode).toBe(null);
    expect(await second.end()).toBe(0);
    expect(await first.ended).toBe(0);
  });

  test('are served on when nobody reads what the first one says any more', async () => {
    const home = newHome();
    const first = start(home);
    await first.ask(echo(1));
    const second = start(home);
    await second.ask(echo(1));
    first.child.stderr.destroy();
    first.child.stdout.destroy();
    first.child.stdin.end();
    // Each change makes the first one write to its stderr before it is in force.
    for (const [index, agent] of ['demo: {}', 'demo: { grants: [{ tools: ["demo_text__*"] }] }'].entries()) {
      writeFileSync(join(home, 'policy.yaml'), `version: 1\nagents:\n  ${agent}\n`);
      const isAllowed = async (id: string) => !JSON.stringify(await second.ask(echo(id))).includes('DENIED');
      for (let asked = 0; (await isAllowed(`${index} ${asked}`)) !== (index === 1); asked += 1);
    }
    expect(first.child.exitCode).toBe(null);
    expect(await second.end()).toBe(0);
    expect(await first.ended).toBe(0);
  });

  test('started at the same moment are all served', async () => {
    const home = newHome();
    const all = Array.from({ length: 4 }, () => start(home));
    const answers = await Promise.all(all.map((stdio) => stdio.ask(echo(1))));
    expect(answers).toHaveLength(4);
    for (const answer of answers) expect(answer).toMatchObject(echoed());
    const indexes = answers.map(({ result }) => JSON.stringify(result).match(/"index":(\d+)/)?.[1]);
    expect(new Set(indexes).size).toBe(4);
    expect(await Promise.all(all.map((stdio) => stdio.end()))).toEqual([0, 0, 0, 0]);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'go on when the one that served them ends by %s: one takes its place, sessions and all',
    async (signal) => {
      const home = newHome();
      const first = start(home);
      await first.ask(echo(1));
      const inSession = start(home);
      await inSession.ask(initialize('2025-06-18'));
      inSession.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
      await inSession.ask(rpc(2, 'tools/list'));
      const without = start(home);
      await without.ask(echo(1));
      await first.kill(signal);
      await Promise.all([inSession, without].map((stdio) => stdio.says('going on without it')));
      const call = { name: 'demo_text__echo', arguments: { message: 'after' } };
      expect(await inSession.ask(rpc(3, 'tools/call', call))).toMatchObject(echoed('after'));
      expect(await without.ask(echo(2, 'after'))).toMatchObject(echoed('after'));
      expect(inSession.lines.map(({ id }) => id)).toEqual(['init', 2, 3]);
      expect(await Promise.all([inSession.end(), without.end()])).toEqual([0, 0]);
    },
  );

  test('are told that a call is lost when the one that served it is killed', async () => {
    const home = newHome();
    const first = start(home);
    const wardens = await stall(first);
    const second = start(home);
    await second.ask(stateless(1, 'tools/list'));
    second.send(echo('lost'));
    second.send(stateless(2, 'tools/list'));
    await second.find(({ id }) => id === 2);
    await first.kill('SIGKILL');
    const answer = await second.find(({ id }) => id === 'lost');
    expect(answer).toMatchObject({ error: { code: -32003, data: { code: 'INTERRUPTED' } } });
    expect(await second.ask(echo(3))).toMatchObject(echoed());
    expect(await second.end()).toBe(0);
    await wake(wardens);
  });
});

describe('beside other commands', () => {
  test('no server starts on a home that a stdio serves; its commands work, a freeze above all', async () => {
    const home = newHome();
    const stdio = start(home);
    await stdio.ask(echo(1));
    await expect(startServer(home)).rejects.toThrow('HOME_LOCKED');
    expect((await smcp(['freeze', '--home', home])).code).toBe(0);
    expect(JSON.stringify(await stdio.ask(echo(2)))).toContain('FROZEN');
    expect((await smcp(['unfreeze', '--home', home])).code).toBe(0);
    expect(await stdio.ask(echo(3))).toMatchObject(echoed());
    expect(await stdio.end()).toBe(0);
    expect(await smcp(['status', '--home', home])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('no server'),
    });
  });

  test('a home that is another kind of directory is refused', async () => {
    const home = newHome();
    mkdirSync(home);
    writeFileSync(join(home, 'diary.txt'), 'dear diary');
    const { code, stdout, stderr } = await smcp(['stdio', '--agent', 'demo', '--home', home]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('HOME_INVALID');
  });
});
