// Where the time of a call goes. First the parts by themselves against a measured call, one after the other; then the host
// under load, sampled by V8. The product is not changed for it: parts are run over their modules, samples are Node's.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '#base/json.ts';
import type { LoadProcess } from '#bench/load/load-process.ts';
import type { LoadJob } from '#bench/load/messages.ts';
import type { Options } from '#bench/options.ts';
import type { PartCost, Profile } from '#bench/report.ts';
import { type ServerProcess, startServer } from '#bench/servers/server-process.ts';
import { makeHome, type OurServer, startOurs } from '#bench/servers/start-servers.ts';
import { TOOL_NAME } from '#bench/tool-call.ts';
import { type CpuProfile, type Sum, sumProfile } from './cpu-profile.ts';
import { decisionParts } from './decision-parts.ts';
import { doorParts } from './door-parts.ts';
import { recordParts } from './record-parts.ts';
import { wardenPart } from './warden-part.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ECHO = fileURLToPath(new URL('../servers/echo.ts', import.meta.url));
const US_PER_MS = 1000;
const MS_PER_SECOND = 1000;
const FILES_SHOWN = 30;
const NODE_FILES_SHOWN = 12;

/** @throws when an answer was wrong. */
export async function measureProfile(options: Options, load: LoadProcess): Promise<Profile> {
  const directory = mkdtempSync(join(tmpdir(), 'smcp-bench-profile-'));
  try {
    return { serial: await serialProfile(options, load, directory), host: await hostProfile(options, load, directory) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function serialProfile(options: Options, load: LoadProcess, directory: string): Promise<Profile['serial']> {
  const parts = [
    await httpPart(options, load),
    ...(await doorParts(join(directory, 'tokens.db'))),
    ...(await decisionParts(readTool())),
    await wardenPart(),
    ...(await recordParts(directory)),
  ];
  const p50Us = await withOurs([], async (server) => {
    await load.load(jobOf(server, 1, options));
    return (await load.load(jobOf(server, 1, options))).p50Ms * US_PER_MS;
  });
  return { p50Us, parts, restUs: p50Us - parts.reduce((sum, { us }) => sum + us, 0) };
}

/** What any server under Fastify pays, both ends and the kernel between them included; nothing of ours. */
async function httpPart(options: Options, load: LoadProcess): Promise<PartCost> {
  await using echo = await startServer(ECHO, []);
  const job: LoadJob = { ...jobOf({ ...echo, tokens: ['none'] }, 1, options), isEcho: true };
  await load.load(job);
  const { p50Ms } = await load.load(job);
  await echo.stop();
  return { name: 'HTTP and Fastify, both ends and the kernel', us: p50Ms * US_PER_MS, isWaiting: false };
}

async function hostProfile(options: Options, load: LoadProcess, directory: string): Promise<Profile['host']> {
  const flags = ['--cpu-prof', '--cpu-prof-dir', directory, '--cpu-prof-name', 'host.cpuprofile'];
  const run = await withOurs(flags, async (server) => {
    const job = jobOf(server, options.profileConnections, options);
    await load.load(job);
    const cpuUs = server.cpu().ownUs;
    const fromUs = clockUs();
    const result = await load.load(job);
    return { result, window: { fromUs, toUs: clockUs() }, cpuUs: server.cpu().ownUs - cpuUs };
  });
  const file = readdirSync(directory).find((name) => name.endsWith('.cpuprofile'));
  const profile = JSON.parse(readFileSync(join(directory, file ?? ''), 'utf8')) as CpuProfile;
  const sums = sumProfile(profile, run.window, ROOT);
  const { calls, answered, ms } = run.result;
  const perCall = (sum: Sum) =>
    [...sum].map(([name, us]) => ({ name, us: us / answered })).toSorted((a, b) => b.us - a.us);
  return {
    connections: options.profileConnections,
    callsPerSecond: (calls / ms) * MS_PER_SECOND,
    busyUsPerCall: sums.busyUs / answered,
    cpuUsPerCall: run.cpuUs / answered,
    byOwner: perCall(sums.byOwner),
    byFile: perCall(sums.byFile).slice(0, FILES_SHOWN),
    inNode: perCall(sums.inNode).slice(0, NODE_FILES_SHOWN),
  };
}

async function withOurs<T>(nodeFlags: readonly string[], use: (server: OurServer) => Promise<T>): Promise<T> {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(makeHome(1, TOOL_NAME));
  const server = stack.use(await startOurs(home, { nodeFlags }));
  const used = await use(server);
  await server.stop();
  return used;
}

type Target = Pick<ServerProcess, 'url'> & { readonly tokens: readonly string[] };

function jobOf({ url, tokens }: Target, connections: number, { seconds }: Options): LoadJob {
  return { url, tokens, connections, until: { ms: seconds * MS_PER_SECOND }, client: 'lean', hasReceipt: true };
}

function clockUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

function readTool(): { readonly input: JsonObject; readonly output: JsonObject } {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'plugins/demo_math/plugin.json'), 'utf8')) as {
    readonly tools: readonly { readonly name: string; readonly input: JsonObject; readonly output: JsonObject }[];
  };
  const tool = manifest.tools.find(({ name }) => name === 'calculate');
  if (tool === undefined) throw new Error('demo_math has no tool calculate');
  return tool;
}
