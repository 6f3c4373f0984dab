// One attack on the isolate tier and what must hold around it: the code it ends with, other plugins' calls meanwhile,
// the same plugin and agent served again afterwards, no process left. And its negative control: the same code in a bare
// isolate in a throwaway child, where it must succeed, or the attack tests nothing.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { RunOutcome } from '#domain/invocation.ts';
import type { Plugin } from '#domain/manifest.ts';
import { residentBytes } from '#sandbox/host/process-figures.ts';
import { type CallOptions, codeOf, FAR, type TestSandbox, wardenPids } from '#test/sandbox/harness.ts';

const BYTES_PER_MIB = 1024 * 1024;

/** For what never comes back: it is ended soon, and by nothing else, however slow the machine is. */
export const SPIN_LIMITS = { cpuMs: 300 };

export type AttackResult = {
  readonly outcome: RunOutcome;
  readonly code: string;
  readonly message: string;
  /** Codes of the other plugin's calls that ended while the attack ran, without repeats. */
  readonly meanwhile: readonly string[];
  /** The most memory that any warden was seen with while the attack ran, looked at every 10 ms or so. */
  readonly wardenMiBPeak: number;
  /** Code of the next call of the same plugin and agent. */
  readonly afterwards: string;
};

/** A plugin with the attack as the tool `attack`; `before` is the module's code in front of it. */
export function attackPlugin(sandbox: TestSandbox, body: string, before = ''): Plugin {
  return sandbox.plugin(`${before}
export const tools = {
  attack: async (args, host) => {
${body}
  },
  fine: () => 'fine',
};`);
}

/** One plugin for many attacks, so that they share a warden as long as it lives; each is a tool named by its body. */
export function attackGroup(sandbox: TestSandbox, bodies: readonly string[]): (body: string) => Attack {
  const tools = bodies.map((body, index) => `attack_${index}: async (args, host) => {\n${body}\n},`);
  const plugin = sandbox.plugin(`export const tools = { fine: () => 'fine',\n${tools.join('\n')} };`);
  return (body) => ({ plugin, tool: `attack_${bodies.indexOf(body)}` });
}

export type Attack = { readonly plugin: Plugin; readonly tool: string };

const innocents = new WeakMap<TestSandbox, Plugin>();

/** Runs the attack next to calls of an innocent plugin, then the plugin's harmless tool. */
export async function runAttack(
  sandbox: TestSandbox,
  attack: Attack | Plugin,
  options: CallOptions = {},
): Promise<AttackResult> {
  const { plugin, tool } = 'plugin' in attack ? attack : { plugin: attack, tool: 'attack' };
  const innocent = innocents.get(sandbox) ?? sandbox.plugin(`export const tools = { fine: () => 'fine' };`);
  innocents.set(sandbox, innocent);
  // A start on a busy machine is not the attack's: both wardens are there before its clock runs.
  await Promise.all([sandbox.call(innocent, 'fine'), sandbox.call(plugin, 'fine', options)]);
  let isOver = false;
  let wardenMiBPeak = 0;
  const poll = setInterval(() => {
    for (const pid of wardenPids()) wardenMiBPeak = Math.max(wardenMiBPeak, (residentBytes(pid) ?? 0) / BYTES_PER_MIB);
  }, 10);
  const running = sandbox.call(plugin, tool, options).finally(() => {
    isOver = true;
  });
  const meanwhile = new Set<string>();
  do {
    meanwhile.add(codeOf(await sandbox.call(innocent, 'fine', { agent: 'ben' })));
    await new Promise((resolve) => setTimeout(resolve, 20));
  } while (!isOver);
  const outcome = await running;
  clearInterval(poll);
  const afterwards = codeOf(await sandbox.call(plugin, 'fine', { ...options, limits: {} }));
  const message = outcome.kind === 'failed' ? outcome.error.message : '';
  return { outcome, code: codeOf(outcome), message, meanwhile: [...meanwhile], wardenMiBPeak, afterwards };
}

/** What must hold around every attack. */
export const UNDISTURBED = { meanwhile: ['returned'], afterwards: 'returned' };

export type BareResult = {
  /** `ran` it came to an end · `died` the process ended by itself · `hung` it had to be killed · `grew` past `rssMiBEnough`. */
  readonly ending: 'ran' | 'died' | 'hung' | 'grew';
  /** What the code evaluated to, or the error's message. */
  readonly value: unknown;
  readonly rssMiBPeak: number;
  readonly ms: number;
};

const BARE_CHILD = `
const ivm = require(process.argv[1]);
const work = JSON.parse(process.argv[2]);
const isolate = new ivm.Isolate({ memoryLimit: 64 });
const say = (value) => { process.stdout.write(JSON.stringify({ value, ms: performance.now() - from, rssKib: process.resourceUsage().maxRSS })); setTimeout(() => process.kill(process.pid, 'SIGTERM'), 100); };
let from = performance.now();
(async () => {
  const context = await isolate.createContext();
  if (work.callback) await context.global.set('post', new ivm.Callback(() => {}, { ignored: true }));
  if (work.reference) await context.global.set('leak', new ivm.Reference({}));
  from = performance.now();
  const run = (code) => context.eval(code, { timeout: work.timeoutMs, promise: true, copy: true });
  if (work.after !== undefined) await run(work.code).catch(() => {});
  const value = await run(work.after ?? work.code);
  say(value === undefined ? null : value);
})().catch((error) => say(String(error && error.message)));
`;

/** For a control that must hang: by then it has begun to, or its process has not even started. */
export const HANGS = { timeoutMs: 500, waitMs: 3_000 };

/** The attack without our walls: isolated-vm alone, 64 MiB, V8 as Node starts it. What is to hang says how long to wait. */
export async function runBare(
  code: string,
  options: {
    readonly waitMs?: number;
    readonly timeoutMs?: number;
    /** Seen once this much is resident, the point is made. */
    readonly rssMiBEnough?: number;
    readonly callback?: boolean;
    readonly reference?: boolean;
    /** Evaluated once the code has ended, however it ended: its value is then the result. */
    readonly after?: string;
  } = {},
): Promise<BareResult> {
  const addon = createRequire(import.meta.url).resolve('isolated-vm');
  const work = JSON.stringify({
    code,
    callback: options.callback,
    reference: options.reference,
    after: options.after,
    timeoutMs: options.timeoutMs ?? FAR.timeoutMs,
  });
  const child = spawn(process.execPath, ['--no-node-snapshot', '-e', BARE_CHILD, addon, work], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  let isHung = false;
  let rssMiBPeak = 0;
  const poll = setInterval(() => {
    const kib = /^VmHWM:\s+(\d+)/m.exec(readStatus(child.pid))?.[1];
    if (kib !== undefined) rssMiBPeak = Math.max(rssMiBPeak, Number(kib) / 1024);
    if (rssMiBPeak > (options.rssMiBEnough ?? Number.POSITIVE_INFINITY)) child.kill('SIGKILL');
  }, 20);
  const timer = setTimeout(() => {
    isHung = true;
    child.kill('SIGKILL');
  }, options.waitMs ?? FAR.timeoutMs);
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  clearInterval(poll);
  const { value, ms, rssKib } = output === '' ? { value: undefined, ms: 0, rssKib: 0 } : JSON.parse(output);
  // It may have come to its end between two looks.
  rssMiBPeak = Math.max(rssMiBPeak, rssKib / 1024);
  const isGrown = rssMiBPeak > (options.rssMiBEnough ?? Number.POSITIVE_INFINITY);
  const ending = output !== '' ? 'ran' : isHung ? 'hung' : isGrown ? 'grew' : 'died';
  return { ending, value, rssMiBPeak, ms };
}

function readStatus(pid: number | undefined): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}
