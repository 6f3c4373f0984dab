// Runs a plugin in the real sandbox, through the real dispatcher, narrowing and broker, with a made-up world behind its host
// calls: for the tests of a plugin's author, in any test framework, and for the commands `smcp plugin test` and `trace`.

import { type Clock, systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError, type WireError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { silentLogger } from '#base/log.ts';
import { nearest } from '#base/nearest.ts';
import { createDispatcher } from '#dispatch/dispatcher.ts';
import { parseAgentName } from '#domain/agent.ts';
import type { Capabilities } from '#domain/capability.ts';
import type { Allow, Decision } from '#domain/decision.ts';
import type { CallOutcome, Progress, UsedCapability } from '#domain/invocation.ts';
import type { Manifest, Plugin, PluginTool } from '#domain/manifest.ts';
import type { InvocationPredicate } from '#domain/record.ts';
import { type Transcript, transcriptView } from '#domain/transcript.ts';
import { NOTHING_TAKEN } from '#domain/usage.ts';
import type { WallOptions } from '#sandbox/host/wall.ts';
import { loadPlugin } from './load-plugin.ts';
import { type Memory, openMemory } from './memory.ts';
import { openPlace } from './place.ts';
import { type Operator, openRealEffects } from './real-effects.ts';
import { createWatchedBroker, type PluginLog, type WatchedBroker, withVisibleRefusals } from './watched-broker.ts';
import { nowMsOf, type World } from './world.ts';
import { createWorldEffects } from './world-effects.ts';
import { createWorldFiles, type WorldFiles } from './world-files.ts';
import { worldSecrets } from './world-secrets.ts';

export type StartOptions = {
  /** What answers host calls. Absent: an empty world. `real`: this machine, as far as real-effects.ts says. */
  readonly world?: World | 'real';
  /** Of a real world. */
  readonly operator?: Operator;
  /** Every host call is answered, whatever manifest and grant say: for a trace. */
  readonly givesAll?: boolean;
  /** Users for plugins, where the host is root, as the configuration's `sandbox.users`. */
  readonly users?: WallOptions['users'];
};

export type CallOptions = {
  /** Narrows what the manifest asks, as a grant does. Absent: as asked; `{}`: nothing. */
  readonly grant?: Capabilities;
  /** The smaller of this and the tool's own counts. */
  readonly timeoutMs?: number;
  /** Another agent's store and files are others. `tester` if absent. */
  readonly agent?: string;
  readonly signal?: AbortSignal;
};

export type Denial = { readonly call: string; readonly params: Json; readonly error: HostFailure };
export type HostFailure = { readonly code: string; readonly message: string; readonly details?: Json };

/** How a call ended, as its agent gets it. */
export type CallEnd = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly error: WireError };

/** What was seen of a call besides. */
export type CallSight = {
  /** What the record says of capabilities: one line per kind and target. */
  readonly used: readonly UsedCapability[];
  /** Host calls that were refused for want of a capability, whether or not the plugin caught that. */
  readonly denials: readonly Denial[];
  readonly log: readonly PluginLog[];
  readonly progress: readonly Progress[];
  /** The record that closes the call; a server signs it into its log. */
  readonly record: InvocationPredicate;
  /** Every host call and its answer; undefined when that is more than a server keeps. */
  readonly transcript: Transcript | undefined;
};

export type PluginCall = CallEnd & CallSight;

export type StartedPlugin = AsyncDisposable & {
  readonly name: string;
  readonly manifest: Manifest;
  /** Local names of its tools. */
  readonly tools: readonly string[];
  /** `tool`: by its name in the manifest. @throws `TOOL_UNKNOWN` */
  readonly call: (tool: string, args?: JsonObject, options?: CallOptions) => Promise<PluginCall>;
  /** The files of an agent's workspace as they are now, of `tester` if absent; every agent begins with the world's. */
  readonly files: WorldFiles['read'];
  readonly close: () => Promise<void>;
};

/**
 * Loads the plugin in `directory` and makes it ready; its process starts with the first call. Close it: what it started
 * ends then.
 *
 * **Trust:** the plugin is confined as in a server. The world's functions run here, as the test itself does.
 * @throws the problem for which a server would not serve it · `USAGE` for a world that is none · what keeps this machine from
 * confining programs
 */
export async function startPlugin(directory: string, options: StartOptions = {}): Promise<StartedPlugin> {
  const { world = {}, operator = {}, givesAll = false, users } = options;
  await using stack = new AsyncDisposableStack();
  const made = world === 'real' ? undefined : world;
  const clock: Clock = made === undefined ? systemClock : stoppedAt(nowMsOf(made));
  const place = await openPlace({ logger: silentLogger, ...(users === undefined ? {} : { users }) }, stack);
  const { plugin, manifest } = await loadPlugin(place, directory, { asksAll: givesAll });
  const memory = openMemory(systemClock, stack);
  const files = createWorldFiles(made ?? {});
  const watched = createWatchedBroker({
    ...{ clock, values: memory.values, givesAll },
    ...(made === undefined ? {} : { seed: String(made.seed ?? '') }),
    effects:
      made === undefined
        ? openRealEffects(place, operator, stack)
        : { ...createWorldEffects(made), files: files.effect },
  });
  const call = createCaller({
    plugin,
    memory,
    watched,
    runtime: withVisibleRefusals(place.runtime),
    world: made ?? { secrets: operator.secrets ?? {} },
  });
  const kept = stack.move();
  const close = () => kept.disposeAsync();
  const tools = plugin.tools.map(({ localName }) => localName);
  return { name: plugin.name, manifest, tools, call, files: files.read, close, [Symbol.asyncDispose]: close };
}

const stoppedAt = (nowMs: number): Clock => ({ nowMs: () => nowMs, monotonicMs: systemClock.monotonicMs });

type CallerParts = {
  readonly plugin: Plugin;
  readonly memory: Memory;
  readonly watched: WatchedBroker;
  readonly runtime: ReturnType<typeof withVisibleRefusals>;
  readonly world: World;
};

function createCaller({ plugin, memory, watched, runtime, world }: CallerParts): StartedPlugin['call'] {
  /** By session, which is a call's own. */
  const allowed = new Map<string, Pick<Allow, 'capabilities' | 'timeoutMs'>>();
  const byName = new Map<string, PluginTool>(plugin.tools.map((tool) => [tool.name, tool]));
  const policyRef = { version: 1, digest: sha256('the grant of a test') };
  const decide = ({ session = '' }: { readonly session?: string }): Decision => ({
    ...{ kind: 'allow', rule: 'test', reason: 'the test calls it', policy: policyRef },
    ...allowed.get(session),
  });
  const never = () => () => {};
  const dispatcher = createDispatcher({
    ...{ broker: watched.broker, runtime, clock: systemClock, logger: silentLogger, ...memory },
    catalog: { tool: (name) => byName.get(name), tools: () => plugin.tools, onChange: never },
    policy: { decide, take: () => NOTHING_TAKEN, mayCall: () => true, current: () => policyRef, onChange: never },
    secrets: worldSecrets(world),
  });
  const filled = new Map<string, Promise<void>>();
  let count = 0;
  return async (tool, args = {}, { grant, timeoutMs, agent = 'tester', signal } = {}) => {
    const found = plugin.tools.find(({ localName }) => localName === tool) ?? unknownTool(plugin, tool);
    const name = parseAgentName(agent);
    if (name === undefined) throw new SmcpError('USAGE', `no agent has the name ${JSON.stringify(agent)}`);
    filled.set(agent, filled.get(agent) ?? fill(memory, { plugin: plugin.name, agent: name }, world));
    await filled.get(agent);
    count += 1;
    const session = `call-${count}`;
    allowed.set(session, {
      ...(grant === undefined ? {} : { capabilities: grant }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    const progress: Progress[] = [];
    const outcome = await dispatcher.call({
      ...{ agent: name, door: 'admin', tool: found.name, args, session },
      onProgress: (one) => void progress.push(one),
      ...(signal === undefined ? {} : { signal }),
    });
    allowed.delete(session);
    return { ...callOf(outcome, { memory, watched }), progress };
  };
}

function callOf(
  { invocation, answer }: CallOutcome,
  { memory, watched }: Pick<CallerParts, 'memory' | 'watched'>,
): CallEnd & Omit<CallSight, 'progress'> {
  const session = watched.sessionOf(invocation);
  const exact = session?.transcript();
  const transcript = exact === undefined ? undefined : transcriptView(exact);
  const record = memory.recordsOf(invocation).at(-1);
  if (record === undefined) throw new SmcpError('INTERNAL', 'a call ended without its record');
  const seen = {
    used: record.capabilities?.used ?? [],
    denials: denialsIn(transcript),
    log: watched.logOf(invocation),
    record,
    transcript,
  };
  return answer.kind === 'value'
    ? { ok: true, value: JSON.parse(JSON.stringify(answer.value)) as Json, ...seen }
    : { ok: false, error: answer.error, ...seen };
}

function denialsIn(transcript: Transcript | undefined): readonly Denial[] {
  const events = transcript?.events ?? [];
  const asked = new Map(events.flatMap((event) => (event.kind === 'asked' ? [[event.call, event]] : [])));
  return events.flatMap((event) => {
    if (event.kind !== 'refused' || event.error.code !== 'CAPABILITY_DENIED') return [];
    const { name = '', params = null } = asked.get(event.call) ?? {};
    return [{ call: name, params, error: event.error }];
  });
}

/** @throws `USAGE` for values that no store would take */
async function fill({ values }: Memory, owner: Parameters<Memory['values']['get']>[0], world: World): Promise<void> {
  for (const [key, value] of Object.entries(world.store ?? {})) {
    const isKept = await values.set(owner, { key, json: JSON.stringify(value) }, Number.MAX_SAFE_INTEGER);
    if (!isKept) throw new SmcpError('USAGE', `the world's store can't keep ${JSON.stringify(key)}`);
  }
}

function unknownTool(plugin: Plugin, tool: string): never {
  const names = plugin.tools.map(({ localName }) => localName);
  const near = nearest(tool, names);
  throw new SmcpError('TOOL_UNKNOWN', `${plugin.name} has no tool ${JSON.stringify(tool)}`, {
    details: { remedy: near === undefined ? `its tools are: ${names.join(', ')}` : `did you mean ${near}?` },
  });
}
