// How fast a policy is tried on what happened: recorded decisions a second, and how long the host's one thread is held at a time
// meanwhile. The store, the reader and the thread of policies are those of a server; the records are as long as real ones. Run by people:
//   npx node bench/simulate.ts [DECISIONS]
// Ends with 1 where it is fewer than 20,000 decisions a second, or one pause of the host in a hundred is over 50 ms.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { rfc3339, systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { createPolicyThread } from '#policy/policy-thread.ts';
import { createPolicyReview } from '#policy/review/review.ts';
import { openStore } from '#store/open-store.ts';

const DECISIONS = 200_000;
const PER_SECOND_MIN = 20_000;
/** The longest ones are those in which another process has the processor. */
const PAUSE_PERCENTILE = 99;
const PAUSE_MS_MAX = 50;
const AGENTS = 100;
const GRANTS = 50;
const ROWS_PER_COMMIT = 5_000;

/**
 * Each agent with its own list of grants; each grant of ten has a condition, which looks at arguments. Limits of agents, a budget and a
 * loop breaker count every call, and have room for it.
 */
function policyText(limit: number): string {
  const grants = (agent: number) =>
    Array.from({ length: GRANTS }, (_, n) => {
      const when = n % 10 === 0 ? `, when: "args.n < ${limit} && args.text.startsWith('a${agent}')"` : '';
      return `      - { tools: ["plugin${n}__*"]${when} }\n`;
    }).join('');
  const limits = '{ calls: 1000000, bytes: 1000000000, per: 1d, concurrent: 100 }';
  const agents = Array.from(
    { length: AGENTS },
    (_, n) => `  agent${n}:\n    limits: ${limits}\n    grants:\n${grants(n)}`,
  );
  const shared = `defaults: { loop: { repeats: 10000, per: 1m } }\nbudgets:\n  - { tools: ["*"], calls: 100000000, per: 1d }\n`;
  return `version: 1\n${shared}deny:\n  - { tools: ["*__drop_*"] }\nagents:\n${agents.join('')}`;
}

function recordOf(index: number) {
  const [agent, plugin] = [index % AGENTS, (index * 7) % GRANTS];
  const time = rfc3339(Date.UTC(2026, 0, 1) + index);
  const digest = sha256(`${index % 97}`);
  const predicate = {
    ...{ phase: 'outcome', invocation: `0190c0de-0000-7000-8000-${String(index).padStart(12, '0')}`, attempt: 1 },
    ...{ agent: `agent${agent}`, door: 'mcp' },
    tool: {
      ...{ name: `plugin${plugin}__do_it`, plugin: `plugin${plugin}`, version: '1.0.0', package: digest },
      ...{ manifest: digest, schema: digest, effect: 'pure' },
    },
    policy: { version: 1, digest, decision: 'allow', rule: `/agents/agent${agent}/grants/${plugin}` },
    sandbox: {
      ...{ tier: 'isolate', profile: digest, layers: ['landlock', 'no-new-privs', 'process', 'seccomp'] },
      limits: { timeoutMs: 30_000, cpuMs: 10_000, memoryMiB: 64, outputBytes: 1_048_576, hostCalls: 1_000 },
    },
    capabilities: { granted: {}, used: [] },
    time: { received: time, started: time, ended: time },
    result: { isError: false, bytes: 120, class: 'value' },
    usage: { cpuMs: 1, wallMs: 2, heapBytesPeak: 4_000_000 },
  };
  const subject = ['args', 'result'].map((name) => ({ name, digest: { sha256: digest.slice(7) } }));
  const type = 'urn:smcp:invocation:v1';
  const payload = { _type: 'https://in-toto.io/Statement/v1', subject, predicateType: type, predicate };
  const envelope = JSON.stringify({
    payload: Buffer.from(JSON.stringify(payload)).toString('base64'),
    payloadType: 'application/vnd.in-toto+json',
    signatures: [{ keyid: digest.slice(7), sig: 'A'.repeat(88) }],
  });
  const args = JSON.stringify({
    nonce: 'n'.repeat(22),
    value: { n: index % 100, text: `a${agent} ${'x'.repeat(100)}` },
  });
  return {
    ...{ index, envelope, invocation: predicate.invocation, phase: 'outcome', leaf: new Uint8Array(32) },
    disclosed: { args, result: JSON.stringify({ nonce: 'n'.repeat(22), value: 'y'.repeat(100) }) },
  };
}

async function main(decisions: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'smcp-bench-'));
  const store = openStore(join(folder, 'smcp.db'));
  const thread = createPolicyThread();
  try {
    for (let from = 0; from < decisions; from += ROWS_PER_COMMIT) {
      const length = Math.min(ROWS_PER_COMMIT, decisions - from);
      await store.log.commit(
        Array.from({ length }, (_, n) => recordOf(from + n)),
        'note',
      );
    }
    const text = policyText(50);
    const policy = { version: 1, digest: sha256(text) };
    const review = createPolicyReview({
      policy: {
        show: () => ({ text, policy, file: '', fileState: { kind: 'in-force' } }),
        ...{ history: () => [], version: () => ({ ...policy, text, appliedMs: 0, by: 'x', isInForce: true }) },
      },
      records: { size: store.log.size, closings: store.log.closings, record: () => undefined },
      catalog: () =>
        Array.from({ length: GRANTS }, (_, n) => ({
          ...{ name: `plugin${n}__do_it`, inputSchema: {}, kind: 'plugin' as const, capabilities: {} },
        })),
      ...{ thread, clock: systemClock },
    });
    const ask = (last: number) =>
      review.simulate({ text: policyText(60), sinceMs: 0, decisionsMax: last, countMax: 100 });
    // The thread starts, and parses both texts.
    await ask(1);
    const pauses = monitorEventLoopDelay({ resolution: 1 });
    pauses.enable();
    const from = performance.now();
    const told = await ask(decisions);
    const seconds = (performance.now() - from) / 1_000;
    pauses.disable();
    const perSecond = told.span.decisions / seconds;
    const pauseMs = pauses.percentile(PAUSE_PERCENTILE) / 1e6;
    process.stdout.write(
      `simulate: ${Math.round(perSecond)} decisions a second (at least ${PER_SECOND_MIN} wanted); the host's pauses p${PAUSE_PERCENTILE} ${pauseMs.toFixed(1)} ms (at most ${PAUSE_MS_MAX}), the longest ${(pauses.max / 1e6).toFixed(1)}\n` +
        `${told.span.decisions} decisions in ${seconds.toFixed(2)} s; ${told.changed} would change, ${told.same} would not\n`,
    );
    return perSecond >= PER_SECOND_MIN && pauseMs <= PAUSE_MS_MAX;
  } finally {
    await thread.close();
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = (await main(Number(process.argv[2] ?? DECISIONS))) ? 0 : 1;
