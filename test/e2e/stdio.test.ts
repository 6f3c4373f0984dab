// `smcp stdio` on a home that nothing serves: the process serves it by itself.

import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { initialize, rpc, stateless } from '#test/stdio/door.ts';
import { smcp } from './server.ts';
import { createHomes, echo, echoed, stall, wake } from './stdio-homes.ts';
import { untilGone, wardensOf } from './stdio-process.ts';

const homes = createHomes();
const { newHome, start } = homes;

afterEach(homes.killAll);
afterAll(homes.remove);

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

  test('answers a whole conversation that was written before it was read', async () => {
    const home = newHome();
    const stdio = start(home);
    stdio.send(initialize('2025-11-25'));
    stdio.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    stdio.send(rpc(2, 'tools/list'));
    expect(await stdio.end()).toBe(0);
    expect(stdio.lines.map(({ id }) => id)).toEqual(['init', 2]);
  });

  test('takes a home whose path is longer than that of a socket may be', async () => {
    const home = join(homes.path, 'long'.repeat(40));
    const both = [start(home), start(home)];
    for (const stdio of both) expect(await stdio.ask(echo(1))).toMatchObject(echoed());
    // Whichever serves stays until the other is gone.
    expect(await Promise.all(both.map((stdio) => stdio.end()))).toEqual([0, 0]);
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
    for (let id = 10; id < 140; id += 1) stdio.send(echo(id, message));
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
