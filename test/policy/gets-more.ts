// Which call of any agent gets more under one policy than under another: asked one by one, by deciding.

import type { JsonObject } from '#base/json.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { Allow, ApproverTerms, Ask, DecisionQuery } from '#domain/decision.ts';
import type { LabelsSeen } from '#domain/label-ports.ts';
import { labelsOfTool, type SeenLabel, UNTRUSTED } from '#domain/labels.ts';
import type { Counter, Usage } from '#domain/usage.ts';
import { decide } from '#policy/decide.ts';
import type { Policy } from '#policy/rules.ts';
import { agentName, question, REF } from './policies.ts';
import { AGENTS, EXPIRES, TOOLS } from './policy-pairs.ts';

const ARGS: readonly JsonObject[] = [{}, { a: 1 }, { a: 2 }, { b: 1 }, { a: 1, b: 1 }];
/** Before, at and after each expiry; then on a Monday and a Tuesday, by day and by night. */
const TIMES = EXPIRES.flatMap((time) => [-1, 0].map((ms) => Date.parse(time) + ms))
  .concat(Date.parse('2030-01-01'))
  .concat(['2026-06-01T12:00Z', '2026-06-01T21:00Z', '2026-06-02T12:00Z', '2026-06-02T23:30Z'].map(Date.parse));
const seenLabel = (label: string): SeenLabel => ({
  ...{ label, agent: agentName('athena'), session: 's', invocation: 'i', tool: 't', sinceMs: 0 },
});
/** Of the agent, and of the session of the call. */
const SEEN: readonly LabelsSeen[] = [
  [[], []],
  [['private'], []],
  [['private', 'untrusted'], ['untrusted']],
  [['reviewed'], ['reviewed']],
].map(([agent = [], session = []]) => ({ agent: agent.map(seenLabel), session: session.map(seenLabel) }));

/** Single powers; undefined: all that can be asked for. */
function powersOf(capabilities: Capabilities | undefined): ReadonlySet<string> | undefined {
  if (capabilities === undefined) return undefined;
  return new Set([
    ...(capabilities.clock === true ? ['clock'] : []),
    ...(capabilities.random === true ? ['random'] : []),
    ...(capabilities.net ?? []).flatMap((entry) =>
      (entry['ports'] as number[]).map((port) => `${entry['host']}:${port}`),
    ),
    ...Array.from({ length: Number(capabilities.store?.['bytesMax'] ?? 0) }, (_, n) => `byte ${n}`),
  ]);
}

/** Counters that nobody has taken from; the calls are such as the loop breaker counts. */
const UNUSED: Usage = { of: () => ({ used: 0 }) };
const EFFECT = { effect: 'write', costMicros: 0 } as const;
/** What each tool asks: hosts of the grants, out there and on this machine. */
const ASKED = labelsOfTool(
  {},
  {
    net: [
      { host: 'a.b', ports: [1, 2] },
      { host: 'c.d', ports: [2] },
      { host: 'localhost', ports: [1] },
    ],
  },
);

/** The first counter that a call took from and takes from no more, or that holds more now. */
function lostCounter(now: readonly Counter[] = [], then: readonly Counter[] = []): Counter | undefined {
  return then.find(({ key, unit, max, perMs = 0 }) => {
    const isKept = (other: Counter) =>
      other.key === key &&
      other.max <= max &&
      (unit === 'repeats' ? (other.perMs ?? 0) >= perMs : (other.perMs ?? 0) === perMs);
    return !now.some((other) => other.unit === unit && isKept(other));
  });
}

/** Whether a person is asked about the one, for no longer a time and with no more trust, where they were about the other. */
function asksNoLess({ terms: before }: Ask, now: Allow | Ask): boolean {
  if (now.kind === 'allow') return false;
  const areAsked = isAskedOfNoOthers(before.approvers, now.terms.approvers);
  return areAsked && now.terms.ttlMs <= before.ttlMs && (before.trustsClient || !now.terms.trustsClient);
}

/** By name, as it is written: whom a role means is another question. */
function isAskedOfNoOthers(before: ApproverTerms | undefined, now: ApproverTerms | undefined): boolean {
  if (before === undefined) return true;
  return now !== undefined && now.needed >= before.needed && now.by.every((name) => before.by.includes(name));
}

type Question = { readonly call: string; readonly query: DecisionQuery };

/** Whose calls are asked about, and of which tools. */
export type Asked = { readonly agents: readonly string[]; readonly tools: readonly string[] };

/** Every call that is asked about, one by one. */
function* questions({ agents, tools }: Asked): Generator<Question> {
  for (const agent of agents) {
    for (const tool of tools) {
      for (const args of ARGS) {
        for (const [at, nowMs] of TIMES.entries()) {
          // Each time with another one of what was seen, and each of that at some time.
          for (const labels of SEEN.filter((_, index) => (index + at) % 2 === 0)) {
            const asked = {
              agent: agentName(agent),
              tool: { name: tool, ...EFFECT, ...ASKED },
              nowMs,
              stage: 'turn',
              labels,
            } as const;
            const when = `${agent} ${tool} ${JSON.stringify(args)} at ${new Date(nowMs).toISOString()}`;
            yield { call: `${when} after ${JSON.stringify(labels)}`, query: question(tool, args, asked) };
          }
        }
      }
    }
  }
}

function asksForLabels({ agents, roles }: Policy): boolean {
  const sets = [...agents.values(), ...(roles?.values() ?? [])].map((rules) => rules.written ?? rules);
  return sets.some(
    ({ denies, grants }) =>
      denies.flat().some(({ sink, after }) => sink !== undefined || after !== undefined) ||
      grants.flat().some(({ session }) => session !== undefined && session.forbid.length > 0),
  );
}

/** The first call found that `after` gives more to than `before`; asked one by one, by deciding. */
export function callThatGetsMore(
  before: Policy,
  after: Policy,
  asked: Asked = { agents: AGENTS, tools: TOOLS },
): string | undefined {
  // What follows from requests goes with them, and nobody gets more by that where no rule asks for it.
  const counts = (label: string): boolean => label !== UNTRUSTED || asksForLabels(before);
  for (const { call, query } of questions(asked)) {
    const now = decide(after, REF, query, { usage: UNUSED });
    if (now.kind === 'deny') continue;
    const then = decide(before, REF, query, { usage: UNUSED });
    if (then.kind === 'deny') return `${call} was denied`;
    if (then.kind === 'ask' && !asksNoLess(then, now)) return `${call} was asked about`;
    const [mine, theirs] = [powersOf(now.capabilities), powersOf(then.capabilities)];
    const isWithin = theirs === undefined || (mine !== undefined && [...mine].every((power) => theirs.has(power)));
    if (!isWithin) return `${call} had fewer capabilities`;
    const lost = lostCounter(now.counters, then.counters);
    if (lost !== undefined) return `${call} had the limit ${lost.key} of ${lost.max}`;
    if ((now.workspace ?? query.agent) !== (then.workspace ?? query.agent)) return `${call} had other files`;
    if ((now.timeoutMs ?? 1e9) > (then.timeoutMs ?? 1e9)) return `${call} had a shorter timeout`;
    const carries = now.labels?.carries ?? [];
    const shed = then.labels?.carries.find((label) => !carries.includes(label) && counts(label));
    if (shed !== undefined) return `${call} carried ${shed}`;
  }
  return undefined;
}
