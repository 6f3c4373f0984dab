// A server in small that starts two wardens whose code is not ours, as any user: one that attacks, one that waits to be attacked.
// Run by tests as a process of its own. Its one argument is a `WallRequest`; it prints the attacker's report.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConfinement } from '#sandbox/host/confinement.ts';
import { startLaunch } from '#sandbox/host/launcher/launch.ts';
import type { LaunchProfile } from '#sandbox/host/launcher/launch-profile.ts';
import { openWall } from '#sandbox/host/wall.ts';
import { type AttackWorld, attackScript } from './wall-attacks.ts';

export type WallRequest = Omit<AttackWorld, 'host' | 'other' | 'hostAddress' | 'otherAddress'> & {
  /** The newest ABI of Landlock to use; absent: the kernel's. */
  readonly abiMax?: number;
  /** With nothing around it: as the host's own child. */
  readonly isFree: boolean;
};

export type AttackReport = {
  readonly tried: readonly string[];
  readonly worked: readonly string[];
  /** What the kernel said to the rest. */
  readonly failed: { readonly [attack: string]: unknown };
  /** Of the process that attacked, as the kernel tells it. */
  readonly uid: number;
};

const { abiMax, isFree, ...given } = JSON.parse(process.argv[2] ?? '') as WallRequest;
const { folder } = given;
const name = `${process.getuid?.()}-${abiMax ?? 'all'}-${isFree}`;
const STDIO = ['ignore', 'pipe', 'inherit', 'pipe'] as const;
/** It ends with the server, also without a wall. */
const WAITS = `process.on("SIGURG", () => {}); process.stdout.write("{}");
  new (require("node:net").Socket)({ fd: 3 }).on("close", () => process.exit()).resume();`;

const wall = openWall({
  kernel: (offered) => ({ ...offered, landlockAbi: Math.min(offered.landlockAbi, abiMax ?? offered.landlockAbi) }),
});
const confinement = createConfinement(wall);

/** The profile of a warden, but that it runs this script, past every hurdle for JavaScript. */
function profileOf(owner: string, script: string): LaunchProfile {
  const { profile } = confinement.wardenCommand({ memoryMiB: 64, isolates: 1, owner });
  const [node, ...args] = profile.command;
  const flags = args.slice(0, -1).filter((flag) => !/^--(permission$|allow-|no-experimental)/.test(flag));
  const paths = [script, given.addon].map((path) => ({ path, access: 'read' as const }));
  return { ...profile, paths: [...profile.paths, ...paths], command: [node, ...flags, script, name] };
}

async function start(owner: string, text: string): Promise<ChildProcess> {
  const script = join(folder, `${owner}-${name}.cjs`);
  writeFileSync(script, text, { mode: 0o644 });
  if (isFree) return spawn(process.execPath, [script, name], { stdio: [...STDIO] });
  const { child, begun } = startLaunch(wall.ports(), profileOf(owner, script), [...STDIO]);
  await begun;
  return child;
}

process.on('SIGURG', () => {});
const other = await start('waits', WAITS);
await new Promise((resolve) => other.stdout?.once('data', resolve));
for (const file of ['moved', 'removed']) writeFileSync(join(folder, `${file}-${name}`), '');

/** The first that is mapped: of the program's own file. 0 where we may not look, as a container's root may not at other users'. */
function addressOf(pid: number | undefined): number {
  try {
    return Number.parseInt(readFileSync(`/proc/${pid}/maps`, 'latin1').split('-')[0] ?? '', 16);
  } catch {
    return 0;
  }
}

const world = {
  ...{ ...given, host: process.pid, other: other.pid ?? 0 },
  ...{ hostAddress: addressOf(process.pid), otherAddress: addressOf(other.pid) },
};
const attacker = await start('attacks', attackScript(world));
const { uid } = statSync(`/proc/${attacker.pid}`);
let report = '';
attacker.stdout?.on('data', (chunk) => {
  report += chunk;
});
await new Promise((resolve) => attacker.on('close', resolve));
other.kill('SIGKILL');
if (report === '') throw new Error('the attacker said nothing');
process.stdout.write(JSON.stringify({ ...(JSON.parse(report) as AttackReport), uid }));
