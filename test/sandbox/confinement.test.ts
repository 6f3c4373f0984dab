import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { LIMITS } from '#base/limits.ts';
import { silentLogger } from '#base/log.ts';
import type { Layer } from '#domain/record.ts';
import { type Confinement, inForceOf } from '#sandbox/host/confinement.ts';
import { startLaunch } from '#sandbox/host/launcher/launch.ts';
import type { LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { NEEDED_LAYERS, OWN_USER } from '#sandbox/host/layers.ts';
import { probeSandbox } from '#sandbox/host/probe.ts';
import { processorMs } from '#sandbox/host/process-figures.ts';
import { openWall } from '#sandbox/host/wall.ts';
import { createTestSandbox, isAlive, openConfinement, wardenPids } from './harness.ts';

const sandbox = createTestSandbox();
const wall = openWall();
const real = openConfinement();
afterAll(async () => {
  await sandbox.close();
  real[Symbol.dispose]();
  wall[Symbol.dispose]();
});

const NOW = { capabilities: { clock: true }, onHostCall: () => 1 } as const;
const MIB = 1024 * 1024;
/** More than a warden uses to start. */
const WEDGED_CPU_MS = 1_500;

/** Code that an escaped guest would like to run in the warden's own JavaScript; says what worked. */
const PROBE = `
const worked = [];
process.on('uncaughtException', () => {});
const attempt = async (name, act) => {
  const late = new Promise((_, no) => setTimeout(no, Number(process.argv[3])));
  try { await Promise.race([act(), late]); worked.push(name); } catch {}
};
const fs = require('node:fs'); const net = require('node:net'); const cp = require('node:child_process');
(async () => {
  await attempt('read /etc/passwd', () => fs.readFileSync('/etc/passwd'));
  await attempt('list /', () => fs.readdirSync('/'));
  await attempt('read own environment', () => fs.readFileSync('/proc/self/environ'));
  await attempt('write /tmp', () => fs.writeFileSync('/tmp/smcp-probe-' + process.pid, 'x'));
  await attempt('write the plugin', () => fs.writeFileSync(__dirname + '/new.js', 'x'));
  await attempt('exec', () => cp.execFileSync('/bin/true'));
  await attempt('connect', () => new Promise((yes, no) => net.connect(Number(process.argv[2]), '127.0.0.1', yes).on('error', no)));
  await attempt('listen', () => new Promise((yes, no) => net.createServer().on('error', no).listen(0, '127.0.0.1', yes)));
  await attempt('inherit a secret', () => { if (!process.env.SMCP_PROBE_SECRET) throw 1; });
  process.stdout.write(JSON.stringify(worked), () => process.exit());
})();
`;

async function probe(command: { file: string; args: readonly string[]; env: Record<string, string | undefined> }) {
  const child = spawn(command.file, [...command.args], {
    env: command.env,
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: '/',
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await new Promise((resolve) => child.on('close', resolve));
  return JSON.parse(output) as string[];
}

describe("the warden's process", () => {
  const directory = sandbox.plugin('export const tools = {};').directory;
  const script = join(directory, 'probe.cjs');
  writeFileSync(script, PROBE);

  test('gives its own JavaScript no file, network, program or variable of the host', async () => {
    const server = (await import('node:net')).createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = String(typeof address === 'object' ? address?.port : 0);
    // The hurdles by themselves, with no wall before them.
    const { command, env } = real.wardenCommand({ memoryMiB: 64, isolates: 1, owner: 'a plugin' }).profile;
    const [file, ...args] = command;
    const confined = await probe({ file, args: [...args.slice(0, -1), script, port, '1500'], env: { ...env } });
    const free = await probe({
      file: process.execPath,
      // What nothing confines has the time that it needs.
      args: [script, port, '60000'],
      env: { ...process.env, SMCP_PROBE_SECRET: 'x' },
    });
    server.close();
    expect(confined).toEqual([]);
    expect(free).toHaveLength(9);
  });

  test('has the limits, the environment and the descriptors of its command', async () => {
    const before = wardenPids();
    const plugin = sandbox.plugin('export const tools = { wait: (args, host) => host.now() };', { memoryMiB: 64 });
    await sandbox.call(plugin, 'wait', NOW);
    const [pid] = wardenPids().filter((found) => !before.includes(found));
    const limits = readFileSync(`/proc/${pid}/limits`, 'latin1');
    const dataMiB = LIMITS.wardenDataBaselineMiB + LIMITS.wardenMemoryMiBMax + LIMITS.wardenHeadroomMiB;
    expect(limits).toMatch(new RegExp(`Max data size +${dataMiB * MIB} +${dataMiB * MIB}`));
    expect(limits).toMatch(/Max file size +0 +0/);
    expect(limits).toMatch(/Max core file size +1 +1 /);
    expect(readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').filter(Boolean).sort()).toEqual([
      'LANG=C.UTF-8',
      'TZ=UTC',
    ]);
    expect(readdirSync(`/proc/${pid}/fd`).length).toBeLessThan(64);
  });

  test('is what a real process is found to be, and a probe leaves none behind', async () => {
    const before = wardenPids();
    const layers = await probeSandbox({ clock: systemClock, logger: silentLogger, confinement: real });
    const isRoot = process.getuid?.() === 0;
    expect(layers.filter(({ inForce }) => !inForce).map(({ name }) => name)).toEqual(isRoot ? [] : [OWN_USER]);
    expect(layers.map(({ name }) => name)).toEqual(expect.arrayContaining([...NEEDED_LAYERS]));
    expect(wardenPids()).toEqual(before);
  });

  /** Every warden gets another profile than what is claimed for it. */
  const weakened = (weaken: (profile: LaunchProfile) => LaunchProfile): Confinement => ({
    ...real,
    wardenCommand: (spec) => {
      const command = real.wardenCommand(spec);
      const start = () => startLaunch(wall.ports(), weaken(command.profile), ['ignore', 'pipe', 'pipe', 'pipe']);
      return { ...command, start };
    },
  });
  const withLimits = (limits: Partial<LaunchProfile['limits']>) => (profile: LaunchProfile) => ({
    ...profile,
    limits: { ...profile.limits, ...limits },
  });
  const withFlags = (change: (flags: readonly string[]) => readonly string[]) => (profile: LaunchProfile) => {
    const [node, ...args] = profile.command;
    return { ...profile, command: [node, ...change(args.slice(0, -1)), ...args.slice(-1)] as const };
  };
  type Weakening = readonly [string, (profile: LaunchProfile) => LaunchProfile];
  const anotherUser: Weakening = [OWN_USER, (profile) => ({ ...profile, uid: 65_534 })];
  test.each<Weakening>([
    ['rlimits', withLimits({ dataBytes: 2 ** 33 })],
    ['rlimits', withLimits({ descriptors: 1024 })],
    ['rlimits', withLimits({ fileBytes: 1 })],
    ['clean-environment', (profile) => ({ ...profile, env: { ...profile.env, SECRET: 'x' } })],
    ['clean-environment', (profile) => ({ ...profile, cwd: '/tmp' })],
    // With the filter and the limits of a warden it would not even start.
    [
      'jitless',
      (profile) => ({
        ...withFlags((flags) => flags.filter((flag) => flag !== '--jitless'))(profile),
        program: 'general',
        limits: { ...profile.limits, dataBytes: 2 ** 34 },
      }),
    ],
    ['node-permission', withFlags((flags) => flags.filter((flag) => !/^--(permission$|allow-)/.test(flag)))],
    ['node-permission', withFlags((flags) => [...flags, '--allow-fs-write=/tmp'])],
    ...(process.getuid?.() === 0 ? [anotherUser] : []),
  ])('without what %s claims takes no call, and the probe says so', async (layer, weaken) => {
    const weak = weakened(weaken);
    const own = createTestSandbox({ confinement: weak });
    const outcome = await own.call(own.plugin('export const tools = { go: () => 1 };'), 'go');
    await own.close();
    expect(outcome).toMatchObject({
      kind: 'failed',
      effect: 'known',
      error: { code: 'SANDBOX_UNAVAILABLE', details: { layer, remedy: expect.any(String) } },
    });
    const found = await probeSandbox({ clock: systemClock, logger: silentLogger, confinement: weak });
    expect(found.find(({ name }) => name === layer)).toMatchObject({ inForce: false });
  });

  test.each(['no-capabilities', 'no-new-privs', 'process', 'rlimits', 'seccomp'])(
    'without the wall is found out by what the kernel says: %s',
    (layer) => {
      // This very process, which nothing confines.
      const { profile } = real.wardenCommand({ memoryMiB: 64, isolates: 1, owner: 'a plugin' });
      const found = inForceOf(real.layers(), process.pid, { profile, hostUid: process.getuid?.() ?? 0 });
      const isHeld = layer === 'no-capabilities' && process.getuid?.() !== 0;
      expect(found.find(({ name }) => name === layer)?.inForce).toBe(isHeld);
    },
  );

  test.each<string>(NEEDED_LAYERS)('is not even started where %s is missing, or not spoken of', async (name) => {
    const missing = (layers: readonly Layer[]): Confinement => ({ ...real, layers: () => layers });
    const without = real.layers().filter((layer) => layer.name !== name);
    const off: Layer = { name, inForce: false, detail: 'not here', remedy: 'get it' };
    for (const layers of [without, [...without, off]]) {
      const own = createTestSandbox({ confinement: missing(layers) });
      const plugin = own.plugin('export const tools = { go: () => 1 };', { origin: 'product' });
      expect(await own.call(plugin, 'go')).toMatchObject({
        error: { code: 'SANDBOX_UNAVAILABLE', details: { layer: name } },
      });
      await own.close();
    }
  });

  test('names its layers sorted, each missing one with a remedy', () => {
    const layers = real.layers();
    expect(layers.map(({ name }) => name)).toEqual(layers.map(({ name }) => name).sort());
    for (const layer of layers) expect(layer.inForce || layer.remedy !== undefined).toBe(true);
  });
});

describe('the end of a warden', () => {
  test('comes with close, also while a call loops or waits', async () => {
    const own = createTestSandbox();
    const plugin = own.plugin('export const tools = { spin: () => { for (;;); }, wait: (args, host) => host.now() };');
    const before = wardenPids();
    const waiting = Promise.withResolvers<void>();
    const onHostCall = () => {
      waiting.resolve();
      return new Promise<number>(() => {});
    };
    const running = [
      own.call(plugin, 'spin', { agent: 'ana' }),
      own.call(plugin, 'wait', { ...NOW, agent: 'ben', onHostCall }),
    ];
    await waiting.promise;
    const started = wardenPids().filter((pid) => !before.includes(pid));
    await own.close();
    expect(started.length).toBeGreaterThan(0);
    expect(started.filter(isAlive)).toEqual([]);
    expect((await Promise.all(running)).map((outcome) => outcome.kind)).toEqual(['failed', 'failed']);
  });

  test('comes with the death of its host, also while a guest can not be stopped', async () => {
    const source = `export const tools = { wedge: () => { Promise.reject(new Proxy(new Error(), { get() { for (;;); } })); for (let i = 0; i < 1e4; i += 1); } };`;
    const plugin = sandbox.plugin(source);
    const host = `
      import { systemClock } from '#base/clock.ts';
      import { silentLogger } from '#base/log.ts';
      import { createConfinement } from '#sandbox/host/confinement.ts';
      import { createIsolateRuntime } from '#sandbox/host/isolate-runtime.ts';
      import { openWall } from '#sandbox/host/wall.ts';
      const code = { modules: async () => new Map([['index.js', Buffer.from(${JSON.stringify(source)})]]) };
      const runtime = createIsolateRuntime({ clock: systemClock, logger: silentLogger, confinement: createConfinement(openWall()), code });
      const plugin = ${JSON.stringify(plugin)};
      const limits = { timeoutMs: 600000, cpuMs: 60000, memoryMiB: 32, outputBytes: 1000, hostCalls: 10 };
      runtime.run({ plugin, tool: { localName: 'wedge' }, agent: 'ana', invocation: 'x', argsJson: '{}', limits, capabilities: {}, signal: new AbortController().signal, onHostCall: () => null });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', host], {
      cwd: join(import.meta.dirname, '..', '..'),
    });
    const cpuMs = () => wardenPids(child.pid).map((pid) => processorMs(pid) ?? 0)[0] ?? 0;
    await expect.poll(cpuMs, { interval: 20 }).toBeGreaterThan(WEDGED_CPU_MS);
    const [warden] = wardenPids(child.pid);
    const exit = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGKILL');
    await exit;
    expect(warden).toBeDefined();
    await expect.poll(() => warden !== undefined && isAlive(warden)).toBe(false);
  });
});

describe('a crash while calls of several agents run', () => {
  test('blames nobody at once, and the guilty one alone when they run again', async () => {
    const plugin = sandbox.plugin(`export const tools = {
      fill: () => { Array(1e9).fill(0); },
      wait: async (args, host) => { await host.now(); return 'fine'; },
    };`);
    await sandbox.call(plugin, 'wait', { ...NOW, agent: 'ben' });
    // Ben's host call is answered when Ana's call has ended: the crash always lands while it waits.
    const both = async () => {
      const begun = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<number>();
      const onHostCall = () => {
        begun.resolve();
        return gate.promise;
      };
      const wait = sandbox.call(plugin, 'wait', { ...NOW, agent: 'ben', onHostCall });
      await begun.promise;
      const fill = await sandbox.call(plugin, 'fill', { agent: 'ana' });
      gate.resolve(1);
      return [fill, await wait] as const;
    };
    const [fill, wait] = await both();
    expect(wait.kind).toBe('lost');
    expect(['lost', 'failed']).toContain(fill.kind);
    const [again, waited] = await both();
    expect(again).toMatchObject({
      kind: 'failed',
      error: { code: expect.stringMatching(/MEMORY_EXCEEDED|PLUGIN_CRASHED/) },
    });
    expect(waited).toMatchObject({ kind: 'returned' });
  });
});
