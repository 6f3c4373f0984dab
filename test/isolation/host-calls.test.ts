import { afterAll, describe, expect, test } from 'vitest';
import { createTestSandbox, recordingHandler } from '#test/sandbox/harness.ts';
import { attackGroup, attackPlugin, runAttack, runBare, UNDISTURBED } from './attack.ts';

const sandbox = createTestSandbox();
afterAll(() => sandbox.close());

describe('a flood of host calls', () => {
  const rows1 = [
    ['log lines', 'for (;;) host.log("x");'],
    ['log lines, every refusal swallowed', 'for (;;) { try { host.log("x"); } catch {} }'],
    ['progress', 'for (let i = 0; ; i += 1) host.progress({ progress: i });'],
    ['answered calls', 'for (;;) await host.now();'],
    ['answered calls that are not awaited', 'const all = []; for (;;) all.push(host.now().catch(() => {}));'],
  ] as const;
  const attack1 = attackGroup(
    sandbox,
    rows1.map((row) => row[1]),
  );
  test.each(rows1)('%s: ends at the limit', async (_what, body) => {
    const { calls, handler } = recordingHandler({ now: 1 });
    const result = await runAttack(sandbox, attack1(body), {
      capabilities: { clock: true },
      onHostCall: handler,
      limits: { hostCalls: 100 },
    });
    expect(result).toMatchObject(UNDISTURBED);
    expect(calls.length).toBeLessThanOrEqual(100);
    // Who hoards what its refused calls leave may fill its memory before it is interrupted: on a machine that stalls, that wall ends it.
    const endings = ['HOST_CALLS_EXCEEDED', ...(body.includes('.push(') ? ['MEMORY_EXCEEDED', 'PLUGIN_CRASHED'] : [])];
    expect(endings).toContain(result.code);
  });

  test('exactly the limit passes, one more does not', async () => {
    const plugin = attackPlugin(sandbox, 'for (let i = 0; i < args.n; i += 1) host.log("x"); return 1;');
    const limits = { hostCalls: 10 };
    expect((await runAttack(sandbox, plugin, { args: { n: 10 }, limits })).code).toBe('returned');
    expect((await runAttack(sandbox, plugin, { args: { n: 11 }, limits })).code).toBe('HOST_CALLS_EXCEEDED');
  });

  test('a long message is cut, and a flood of long ones is bounded', async () => {
    const { calls, handler } = recordingHandler();
    const plugin = attackPlugin(sandbox, 'for (let i = 0; i < 5000; i += 1) host.log("x".repeat(1e5)); return 1;');
    const result = await runAttack(sandbox, plugin, { onHostCall: handler });
    expect(result).toMatchObject({ ...UNDISTURBED, code: 'HOST_CALLS_EXCEEDED' });
    expect(calls[0]?.params).toMatchObject({ message: 'x'.repeat(4096) });
  });

  test('in a bare isolate a flood of ignored callbacks fills the memory of the process', async () => {
    const result = await runBare('const text = "x".repeat(1e5); for (;;) post(text + 1);', {
      callback: true,
      rssMiBEnough: 300,
    });
    expect(['died', 'grew']).toContain(result.ending);
  });
});

describe('forged host calls', () => {
  test('a name or a capability that is not there reaches no handler', async () => {
    const { calls, handler } = recordingHandler({ now: 1, random: 'AAAA' });
    const plugin = attackPlugin(
      sandbox,
      `const out = [];
       const asks = [() => host.now(), () => host.random(4), () => host.fetch('https://a.b/'), () => host.run('id')];
       for (const calls of [host.store, host.files, host.tools]) {
         for (const call of Object.values(calls)) asks.push(() => call('x', {}));
       }
       for (const ask of asks) {
         try { await ask(); out.push('got'); } catch (e) { out.push(e.code + e.details.remedy.includes('plugin.json')); }
       }
       return [[...new Set(out)], out.length, typeof host.post];`,
    );
    const { outcome } = await runAttack(sandbox, plugin, { onHostCall: handler });
    expect(outcome).toMatchObject({
      resultJson: '[["CAPABILITY_DENIEDtrue"],16,"undefined"]',
    });
    expect(calls).toEqual([]);
  });

  test('the host object can not be changed, nor taken from the prelude by its callers', async () => {
    const plugin = attackPlugin(
      sandbox,
      `const out = [Object.isFrozen(host), Object.isFrozen(host.now)];
       for (const f of [host.log, host.now]) { try { out.push(String(f.caller)); } catch { out.push('refused'); } }
       try { host.now = () => 1; } catch { out.push('refused'); }
       return out;`,
    );
    const { outcome } = await runAttack(sandbox, plugin);
    expect(outcome).toMatchObject({ resultJson: expect.not.stringContaining('prelude') });
    expect(outcome).toMatchObject({ resultJson: expect.stringContaining('[true,true') });
  });

  test('answers of one call never reach another', async () => {
    const plugin = sandbox.plugin(`export const tools = { ask: async (args, host) => (await host.now()) === args.n };`);
    const ask = (n: number, agent: string) =>
      sandbox.value(plugin, 'ask', {
        agent,
        args: { n },
        capabilities: { clock: true },
        onHostCall: async () => {
          await new Promise((resolve) => setTimeout(resolve, (n * 7) % 20));
          return n;
        },
      });
    const all = await Promise.all(Array.from({ length: 12 }, (_, n) => ask(n, `agent-${n % 3}`)));
    expect(all).toEqual(Array.from({ length: 12 }, () => true));
  });

  test('a call that is not awaited when the tool returns is answered into nothing', async () => {
    const plugin = attackPlugin(sandbox, 'host.now().then(() => { for (;;); }); return 1;');
    const result = await runAttack(sandbox, plugin, {
      capabilities: { clock: true },
      onHostCall: () => new Promise((resolve) => setTimeout(resolve, 50, 1)),
    });
    expect(result).toMatchObject({ ...UNDISTURBED, code: 'returned' });
  });

  test('parameters that the guest makes hostile stay data', async () => {
    const { calls, handler } = recordingHandler();
    const plugin = attackPlugin(
      sandbox,
      `host.log('warn', 'a\\nnow\\n{"x":1}\\u0000\\ud800');
       try { host.log({ toString() { return 'error'; } }, 'x'); } catch {}
       host.progress({ progress: 1, total: 'x', message: { toString: () => 'made' } });
       try { host.progress({ progress: NaN }); } catch {}
       try { await host.random(1e9); } catch {}
       try { await host.random('4'); } catch {}
       return 1;`,
    );
    await runAttack(sandbox, plugin, { onHostCall: handler, capabilities: { random: true } });
    expect(calls).toEqual([
      { name: 'log', params: { level: 'warn', message: 'a\nnow\n{"x":1}\u0000\ud800' } },
      { name: 'progress', params: { progress: 1, message: 'made' } },
    ]);
  });
});
