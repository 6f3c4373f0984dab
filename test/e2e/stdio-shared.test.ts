// Several `smcp stdio` on one home: one serves it, the others come by it, and one takes over when it ends.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { initialize, rpc, stateless } from '#test/stdio/door.ts';
import { smcp, startServer } from './server.ts';
import { createHomes, echo, echoed, stall, wake } from './stdio-homes.ts';
import { wardensOf } from './stdio-process.ts';

const homes = createHomes();
const { newHome, start } = homes;

afterEach(homes.killAll);
afterAll(homes.remove);

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
