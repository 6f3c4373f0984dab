// Attacks of a guest on its isolate, by the real runtime, and each of them in a bare isolate, where it must succeed. A few of
// each kind: the suites beside this folder try many more.

import { attackPlugin, type BareResult, HANGS, runBare } from '#test/isolation/attack.ts';
import { codeOf, createTestSandbox, openConfinement, type TestSandbox } from '#test/sandbox/harness.ts';
import type { Act } from './acts.ts';

export type IsolateAttack = {
  readonly name: string;
  /** Of the tool. Where it returns, `true` says that it worked. */
  readonly body: string;
  /** The codes that say that it was held. */
  readonly held: readonly string[];
  readonly bare: {
    readonly code: string;
    readonly worked: (result: BareResult) => boolean;
    readonly callback?: boolean;
    /** Absent: it comes to an end, or grows. */
    readonly hangs?: boolean;
  };
  /** Where that is what holds it. */
  readonly cpuMs?: number;
};

const SPIN = '{ get() { for (;;); }, getPrototypeOf() { for (;;); }, has() { for (;;); }, ownKeys() { for (;;); } }';
const PROXY = `throw new Proxy(new Error('x'), ${SPIN});`;
const INTL = 'const all = []; for (;;) all.push(new Intl.DateTimeFormat("en", { month: "long" }));';
const FILL = 'const all = []; for (;;) all.push(Array(1e7).fill(0));';
const FLOOD = 'const text = "x".repeat(1e5); for (;;) post(text + 1);';

/** By the watchdog, or by V8 or the kernel where that gets no turn in time. */
const ENDED_FOR_MEMORY = ['MEMORY_EXCEEDED', 'PLUGIN_CRASHED'];

const isTrue = ({ value }: BareResult) => value === true;
const isHung = ({ ending }: BareResult) => ending === 'hung';
const hasGrown = ({ ending }: BareResult) => ending === 'grew' || ending === 'died';

const expression = (code: string): Pick<IsolateAttack, 'body' | 'held' | 'bare'> => ({
  body: `try { return (${code}) === true; } catch { return false; }`,
  held: [],
  bare: { code: `(${code}) === true`, worked: isTrue },
});

export const ISOLATE_ATTACKS: readonly IsolateAttack[] = [
  { name: 'code from text', ...expression('(async () => {}).constructor("return true")() instanceof Promise') },
  { name: 'the clock', ...expression('Date.now() > 1.6e12') },
  { name: 'chance', ...expression('Math.random() < 1') },
  {
    name: 'a hook into how errors are read',
    ...expression('(Error.prepareStackTrace = () => true, new Error().stack)'),
  },
  {
    name: 'built-ins changed for the host',
    ...expression('(JSON.stringify = () => "true", JSON.stringify({}) === "true")'),
  },
  {
    name: 'WebAssembly outside of the heap',
    ...expression('new WebAssembly.Memory({ initial: 4096 }).buffer.byteLength > 2 ** 27'),
  },
  {
    ...{ name: 'a loop while an error is read', body: PROXY, held: ['CPU_EXCEEDED'], cpuMs: 300 },
    bare: { code: PROXY, worked: isHung, hangs: true },
  },
  {
    ...{ name: 'a promise that never settles', body: 'return new Promise(() => {});', held: ['TOOL_FAILED'] },
    bare: { code: 'new Promise(() => {})', worked: ({ ending }) => ending !== 'ran', hangs: true },
  },
  {
    ...{ name: 'memory of the heap', body: FILL, held: ENDED_FOR_MEMORY },
    bare: { code: FILL, worked: hasGrown },
  },
  {
    ...{ name: 'memory outside of the heap', body: INTL, held: ENDED_FOR_MEMORY },
    bare: { code: INTL, worked: hasGrown },
  },
  {
    ...{
      name: 'a giant result',
      body: 'return "x".repeat(2 ** 26);',
      held: ['OUTPUT_TOO_LARGE', ...ENDED_FOR_MEMORY],
    },
    bare: { code: '"x".repeat(2 ** 26).length === 2 ** 26', worked: isTrue },
  },
  {
    ...{ name: 'a flood of host calls', body: 'for (;;) host.log("x");', held: ['HOST_CALLS_EXCEEDED'] },
    bare: { code: FLOOD, worked: hasGrown, callback: true },
  },
];

const GROWS = { rssMiBEnough: 256 };

async function isHeld(sandbox: TestSandbox, attack: IsolateAttack): Promise<boolean> {
  const plugin = attackPlugin(sandbox, attack.body);
  const limits = { ...(attack.cpuMs === undefined ? {} : { cpuMs: attack.cpuMs }), hostCalls: 1_000 };
  const outcome = await sandbox.call(plugin, 'attack', { limits });
  const isRefused = outcome.kind === 'returned' && outcome.resultJson === 'false';
  if (isRefused || attack.held.includes(codeOf(outcome))) return serves(sandbox, plugin);
  if (outcome.kind === 'returned') return false;
  throw new Error(`${attack.name} ended with ${codeOf(outcome)}`);
}

const serves = async (sandbox: TestSandbox, plugin: ReturnType<typeof attackPlugin>): Promise<boolean> =>
  codeOf(await sandbox.call(plugin, 'fine')) === 'returned';

/** What is not served afterwards counts as success. */
export async function isolateConfined(abiMax: number | undefined): Promise<readonly Act[]> {
  using confinement = openConfinement({
    kernel: (offered) => ({ ...offered, landlockAbi: Math.min(offered.landlockAbi, abiMax ?? offered.landlockAbi) }),
  });
  const sandbox = createTestSandbox({ confinement });
  const acts: Act[] = [];
  for (const attack of ISOLATE_ATTACKS)
    acts.push({ group: 'isolates', name: attack.name, worked: !(await isHeld(sandbox, attack)) });
  await sandbox.close();
  return acts;
}

export async function isolateFree(): Promise<readonly Act[]> {
  const acts: Act[] = [];
  for (const { name, bare } of ISOLATE_ATTACKS) {
    const options = bare.hangs === true ? HANGS : GROWS;
    const callback = bare.callback === true ? { callback: true } : {};
    acts.push({ group: 'isolates', name, worked: bare.worked(await runBare(bare.code, { ...options, ...callback })) });
  }
  return acts;
}
