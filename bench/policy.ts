// What a large policy costs: a decision under a thousand agents with fifty grants each, beside fewer and more others; and the
// time from the text to the policy in force, with the longest pause of the host's thread in it. Run by people:
//   npx node bench/policy.ts [AGENTS]
// Applying is done several times, in turn with a control: the thread of policies checks the same text, which takes as much
// processor beside the host, and the host does nothing with it. What the control pauses is the machine's, not ours. Medians.
// Ends with 1 where a decision takes over 50 µs, applying over 200 ms, or a pause over 20 ms more than the control's.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { silentLogger } from '#base/log.ts';
import type { AgentName } from '#domain/agent.ts';
import type { Allow, DecisionQuery } from '#domain/decision.ts';
import { createCounters } from '#policy/counters.ts';
import { decide } from '#policy/decide.ts';
import { createPolicyParser } from '#policy/document.ts';
import { createPolicyService } from '#policy/policy-service.ts';
import { createPolicyThread } from '#policy/policy-thread.ts';
import { openStore } from '#store/open-store.ts';
import { spreadOf } from './statistics.ts';

const AGENTS = 1_000;
const GRANTS = 50;
const ROLES = 20;
const DECISIONS = 20_000;
/** Odd: a median is one that was measured. */
const ROUNDS = 9;
const DECIDE_US_MAX = 50;
const APPLY_MS_MAX = 200;
const PAUSE_MS_MAX = 20;

/** Each grant has its tool, hours, a condition and limits in turn. */
function grantOf(n: number): string {
  const more = [
    '',
    ', hours: { days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "24:00", timezone: Europe/Lisbon }',
    ', when: args.replicas <= 3',
    ', limits: { calls: 1000000, per: 1h }',
  ][n % 4];
  return `{ tools: ["p${n % 10}__tool_${n}*"]${more} }`;
}

/** Every agent has two of the roles' grants, and the rest of the fifty by its own where there is room for that text. */
function policyText(agents: number): string {
  const inRoles = Array.from({ length: ROLES }, (_, role) => {
    const grants = Array.from({ length: GRANTS / 2 }, (_, n) => `      - ${grantOf(role * GRANTS + n)}\n`);
    return `  role-${role}:\n    grants:\n${grants.join('')}`;
  });
  const rows = Array.from({ length: agents }, (_, n) => {
    const roles = `roles: [role-${n % ROLES}, role-${(n + 7) % ROLES}]`;
    return `  agent-${n}: { ${roles}, limits: { calls: 100000000, per: 1m } }\n`;
  });
  return `version: 1\ndefaults: { loop: { repeats: 10000, per: 1m } }\nroles:\n${inRoles.join('')}agents:\n${rows.join('')}`;
}

/** In ms. `cpu…`: of it processor time, which says more where the machine does other things, too. */
type Applied = { readonly ms: number; readonly cpuMs: number; readonly pauseMs: number; readonly cpuPauseMs: number };

const ownCpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};
const allCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** How long `work` takes, and the longest turn of the loop meanwhile. */
async function withPauses(work: () => Promise<unknown>): Promise<Applied> {
  let [pauseMs, cpuPauseMs] = [0, 0];
  let [lastMs, lastCpuMs] = [performance.now(), ownCpuMs()];
  let isOver = false;
  const tick = () => {
    const [nowMs, nowCpuMs] = [performance.now(), ownCpuMs()];
    pauseMs = Math.max(pauseMs, nowMs - lastMs);
    cpuPauseMs = Math.max(cpuPauseMs, nowCpuMs - lastCpuMs);
    [lastMs, lastCpuMs] = [nowMs, nowCpuMs];
    // With time to sleep, so that it takes no processor from the thread.
    if (!isOver) setTimeout(tick, 1);
  };
  setTimeout(tick, 1);
  const [from, fromCpu] = [performance.now(), allCpuMs()];
  await work();
  const [ms, cpuMs] = [performance.now() - from, allCpuMs() - fromCpu];
  await pause(5);
  isOver = true;
  return { ms, cpuMs, pauseMs, cpuPauseMs };
}

/** p50 of a decision on the last grant of an agent, whose limits are asked and taken from as at its turn. */
function decideUs(agents: number): number {
  const { compiled } = createPolicyParser()(policyText(agents));
  if (compiled === undefined) throw new Error('the policy of the bench is none');
  const { policy } = compiled;
  const counters = createCounters({ put: () => {}, list: () => [], prune: () => {} }, { nowMs: () => Date.now() });
  const ref = { version: 1, digest: sha256('') };
  const times: number[] = [];
  for (let n = 0; n < DECISIONS; n++) {
    const at = n % agents;
    const last = ((at + 7) % ROLES) * GRANTS + GRANTS / 2 - 2;
    const query: DecisionQuery = {
      agent: `agent-${at}` as AgentName,
      tool: { name: `p${last % 10}__tool_${last}x`, effect: 'write' },
      args: { replicas: n % 3, environment: 'staging' },
      nowMs: Date.now(),
      stage: 'turn',
    };
    const from = performance.now();
    const decision = decide(policy, ref, query, counters);
    const taken = decision.kind === 'allow' ? counters.take(decision as Allow) : undefined;
    times.push((performance.now() - from) * 1_000);
    if (taken === undefined) throw new Error(`denied: ${'reason' in decision ? decision.reason : ''}`);
    taken.settle(() => 0);
    taken.end();
  }
  return spreadOf(times.slice(DECISIONS / 10)).median;
}

type Rounds = { readonly applied: Applied; readonly control: Applied };

async function apply(text: string): Promise<Rounds> {
  const directory = mkdtempSync(join(tmpdir(), 'smcp-bench-'));
  const file = join(directory, 'policy.yaml');
  writeFileSync(file, 'version: 1\n', { mode: 0o600 });
  const store = openStore(join(directory, 'smcp.db'));
  const thread = createPolicyThread();
  const service = await createPolicyService(
    {
      ...{ store: store.policies, counters: store.counters, thread, clock: systemClock, logger: silentLogger },
      catalog: () => [],
      recordLog: { append: async () => ({ index: 0, leaf: '' }) },
    },
    { file, apply: () => 'manual' },
  );
  const author = { by: 'bench', mayWiden: true };
  // Another text each time: what is in force already is not applied again.
  const numbered = (n: number) => text.replace('version: 1\n', `version: 1\n# ${n}\n`);
  // The first ones take the start of the thread, and compile the code of both.
  for (const n of [1, 2, 3]) await service.apply(numbered(n), author);
  const [applied, control]: [Applied[], Applied[]] = [[], []];
  for (let n = 0; n < ROUNDS; n++) {
    control.push(await withPauses(() => service.check(text)));
    applied.push(await withPauses(() => service.apply(numbered(4 + n), author)));
  }
  await thread.close();
  await service.close();
  store.close();
  rmSync(directory, { recursive: true, force: true });
  return { applied: medianOf(applied), control: medianOf(control) };
}

/** Of each figure by itself. */
function medianOf(rounds: readonly Applied[]): Applied {
  const of = (key: keyof Applied) => spreadOf(rounds.map((round) => round[key])).median;
  return { ms: of('ms'), cpuMs: of('cpuMs'), pauseMs: of('pauseMs'), cpuPauseMs: of('cpuPauseMs') };
}

async function main(agents: number): Promise<boolean> {
  const rows = [agents / 100, agents, agents * 5].map((each) => [each, decideUs(each)] as const);
  for (const [others, us] of rows) {
    process.stdout.write(`decide, ${others} agents: p50 ${us.toFixed(1)} µs (${DECIDE_US_MAX} at most)\n`);
  }
  const text = policyText(agents);
  const { applied, control } = await apply(text);
  const { ms, cpuMs, pauseMs, cpuPauseMs } = applied;
  const ownPauseMs = pauseMs - control.pauseMs;
  process.stdout.write(
    `apply, ${agents} agents x ${GRANTS} grants, ${text.length} bytes, median of ${ROUNDS}: ${ms.toFixed(0)} ms (${APPLY_MS_MAX} at most), ${cpuMs.toFixed(0)} ms of processor time;\n` +
      `  longest pause ${pauseMs.toFixed(1)} ms, ${cpuPauseMs.toFixed(1)} ms of processor time; control ${control.pauseMs.toFixed(1)} ms: ${ownPauseMs.toFixed(1)} ms are ours (${PAUSE_MS_MAX} at most)\n`,
  );
  return rows.every(([, us]) => us <= DECIDE_US_MAX) && ms <= APPLY_MS_MAX && ownPauseMs <= PAUSE_MS_MAX;
}

process.exitCode = (await main(Number(process.argv[2] ?? AGENTS))) ? 0 : 1;
