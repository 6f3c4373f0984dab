// The law of administration by agents, as a property: whatever admin tools a person granted, no sequence of them gives any agent more than it
// had. Its steps are commands, so that a sequence that breaks it is shrunk to the steps that do.

import fc from 'fast-check';
import { supposedSeen } from '#domain/labels.ts';
import { compileScopes } from '#domain/token-scope.ts';
import { agentName } from '#test/policy/policies.ts';
import { moreThan, type Power, powerOf, wasAllowed } from './laws-power.ts';
import { eachOnce, given, inputOf, type Step, step } from './laws-steps.ts';
import type { LawsWorld } from './laws-world.ts';

/** What everybody could do before the first step, and how many requests for approval there are to decide about. */
type Model = { readonly before: Power; requests: number };

type Real = {
  readonly world: LawsWorld;
  /** How often each operation came to each outcome. */
  readonly outcomes: Map<string, number>;
};

/** Operations that need a request to decide about. */
const ON_REQUESTS: readonly string[] = ['approvals_approve', 'approvals_deny', 'approvals_show'];
const ASKED_TOOL = 'demo_text__slugify';

class Act implements fc.AsyncCommand<Model, Real> {
  readonly #step: Step;

  constructor(of: Step) {
    this.#step = of;
  }

  check({ requests }: Readonly<Model>): boolean {
    return requests > 0 || !ON_REQUESTS.includes(this.#step.operation);
  }

  async run(model: Model, { world, outcomes }: Real): Promise<void> {
    const { actor, operation, key, scopes, number } = this.#step;
    const isAsk = operation === 'ask';
    const tool = isAsk ? ASKED_TOOL : `smcp__${operation}`;
    const args = isAsk ? { title: `number ${number}` } : inputOf(world, this.#step);
    const mayDo = wasAllowed(model.before, { agent: actor, tool, args });
    const outcome = await world.call(actor, tool, args, { key, scopes });
    const label = `${operation} ${outcome}`;
    outcomes.set(label, (outcomes.get(label) ?? 0) + 1);
    if (isAsk) model.requests += 1;
    if (outcome === 'value' && !isWithin(scopes, tool)) throw new Error(`${actor}: ${label}: its token leaves it out`);
    if (outcome === 'value' && !mayDo) throw new Error(`${actor}: ${label}: it was denied before`);
    const more = moreThan(model.before, powerOf(world.services));
    if (more !== undefined) throw new Error(`${actor}: ${label}: ${more}`);
  }

  toString(): string {
    const { actor, operation, whom, trick, edits } = this.#step;
    const change = operation === 'policy_apply' ? ` trick ${trick ?? 'none'}, ${edits.length} edits` : '';
    return `${actor}: ${operation} ${whom}${change}`;
  }
}

function isWithin(scopes: readonly string[] | undefined, tool: string): boolean {
  if (scopes === undefined) return true;
  const compiled = compileScopes([scopes]);
  return compiled?.allowsTool(tool) === true && compiled.allowsDoor('admin');
}

const SETTINGS: readonly (readonly [string, string])[] = [
  ['logging.level', 'warn'],
  ['policy.apply', 'manual'],
  ['workspaces.bytesMax', '500000000'],
  ['workspaces.filesMax', '50000'],
];

const HELD = '[{"kind":"agent","name":"athena"}]';

/** What a person had in force before, what is in force, and what is stopped. What is so already stays. */
async function prepare(world: LawsWorld, documents: readonly object[]): Promise<void> {
  const { freezes, catalog, secrets, settings, labels } = world.services;
  if (JSON.stringify(freezes.list().map(({ scope }) => scope)) !== HELD) {
    await world.act('unfreeze', {});
    await world.act('freeze', { agent: 'athena' });
  }
  for (const { name, state } of catalog.reports()) {
    if (state === 'disabled' && name !== 'demo_math') await world.act('plugin_enable', { name });
    if (state === 'ready' && name === 'demo_math') await world.act('plugin_disable', { name });
  }
  for (const [key, value] of SETTINGS) {
    const isSo = settings.show().settings.some((one) => one.key === key && String(one.value) === value);
    if (!isSo) await world.act('config_set', { key, value });
  }
  if (secrets.list().length === 0)
    await world.act('secret_set', { name: 'TOKEN', value: 'a value that is long enough' });
  const athena = agentName('athena');
  if (labels.list().length === 0) labels.join({ agent: athena }, supposedSeen(athena, ['private']));
  await world.act('queue_pause', {});
  for (const document of documents) {
    const outcome = await world.act('policy_apply', { text: JSON.stringify(document) });
    if (outcome !== 'value') throw new Error(`the policy of a person is refused: ${outcome}`);
  }
}

export type LawOptions = {
  /** Absent: another one each time, which the result names. */
  readonly seed?: number;
  readonly numRuns: number;
  readonly shrinks?: true;
  /** Each operation of the table once, in any order, in place of those that are likely to give more. */
  readonly isEachOnce?: true;
};

export type LawResult = {
  readonly failed: boolean;
  readonly seed: number;
  /** Sequences that were run until it failed, that one included; else all. */
  readonly runs: number;
  /** What broke it, at its shortest. */
  readonly error: string;
  readonly steps: readonly string[];
  readonly outcomes: { readonly [label: string]: number };
};

/** Half as many on average. */
const STEPS_MAX = 30;

export async function checkLaw(
  world: LawsWorld,
  { seed, numRuns, shrinks, isEachOnce }: LawOptions,
): Promise<LawResult> {
  const outcomes = new Map<string, number>();
  const likely = fc.commands<Model, Real, false>([step.map((one) => new Act(one))], {
    maxCommands: STEPS_MAX,
    size: 'max',
  });
  const commands = isEachOnce === true ? eachOnce.map((steps) => steps.map((one) => new Act(one))) : likely;
  const property = fc.asyncProperty(given, given, commands, async (wide, now, steps) => {
    await prepare(world, [wide, now]);
    const setUp = () => ({
      model: { before: powerOf(world.services), requests: isEachOnce === true ? 1 : 0 },
      real: { world, outcomes },
    });
    await fc.asyncModelRun(setUp, steps);
  });
  const result = await fc.check(property, {
    numRuns,
    endOnFailure: shrinks !== true,
    ...(seed === undefined ? {} : { seed }),
  });
  const { errorInstance, counterexample } = result;
  return {
    ...{ failed: result.failed, seed: result.seed, runs: result.numRuns },
    error: errorInstance instanceof Error ? errorInstance.message : String(errorInstance ?? ''),
    steps: counterexample === null ? [] : [...counterexample[2]].map(String),
    outcomes: Object.fromEntries(outcomes),
  };
}
