// A real log and a real sandbox around a replayer, with records that a test writes by hand.

import { systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import type { ExactJson, ExactJsonObject } from '#base/exact-json.ts';
import { uuidv7 } from '#base/ids.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { RunOutcome } from '#domain/invocation.ts';
import type { Plugin, PluginTool } from '#domain/manifest.ts';
import type { InvocationPredicate } from '#domain/record.ts';
import type { Replayer } from '#domain/replay-ports.ts';
import type { RunRequest } from '#domain/sandbox-ports.ts';
import { createReplayer } from '#replay/replayer.ts';
import { makeHome, openHome, removeHome } from '#test/provenance/fixture.ts';
import { createTestSandbox, TEST_LIMITS } from '#test/sandbox/harness.ts';

/** What a tool asks and gives: the tests hold transcripts against it. */
export const SOURCE = `
export const tools = {
  add: ({ a, b }) => a + b,
  two: async (_, host) => [await host.store.get('a'), await host.store.get('b')],
  race: (_, host) => Promise.race([host.store.get('a'), host.store.get('b')]),
  echo: async ({ key }, host) => ({ got: await host.store.get(key) }),
  fails: async (_, host) => { await host.store.get('a'); throw new Error('on purpose'); },
  deep: () => { let depth = 0; const down = () => { depth += 1; down(); }; try { down(); } catch {} return depth; },
  after: async (_, host) => { await host.store.get('a'); return tools.deep(); },
  fits: ({ depth }) => { const down = (left) => { if (left > 0) down(left - 1); }; try { down(depth); return true; } catch { return false; } },
  spins: () => { for (;;); },
};`;

export type HandMade = {
  readonly tool: string;
  readonly args?: ExactJsonObject;
  /** Absent: an outcome. */
  readonly predicate?: Partial<InvocationPredicate>;
  readonly result?: ExactJson;
  readonly transcript?: Json;
  /** It was announced, and its end was not seen. */
  readonly isUnknown?: boolean;
};

export type Event = {
  readonly kind: 'asked' | 'answered' | 'refused';
  readonly call: number;
  readonly name?: string;
  readonly text: string;
};

/** A host call `store.get` of this key. */
export const asks = (call: number, key: string): Event => ({
  kind: 'asked',
  call,
  name: 'store.get',
  text: `{"key":"${key}"}`,
});
export const answers = (call: number, text: string): Event => ({ kind: 'answered', call, text });
export const transcriptOf = (...events: readonly Event[]): Json => ({ format: 1, engine: 'e', events: [...events] });

export type HandMadeWorld = AsyncDisposable & {
  readonly replayer: Replayer;
  readonly engine: string;
  readonly plugin: Plugin;
  /** Runs a tool of the plugin, as a call of an agent. */
  readonly call: (localName: string, agent: string) => Promise<RunOutcome>;
  /** @returns the invocation of the record that it wrote */
  readonly write: (made: HandMade) => Promise<string>;
  readonly open: Awaited<ReturnType<typeof openHome>>;
  readonly runs: () => number;
};

export async function openHandMade(): Promise<HandMadeWorld> {
  const home = makeHome();
  const open = await openHome(home);
  const sandbox = createTestSandbox({ trialMsMax: 2_000 });
  const bare = sandbox.plugin(SOURCE, { name: 'hand' });
  const tools: PluginTool[] = [];
  const plugin: Plugin = { ...bare, tools };
  for (const localName of ['add', 'two', 'race', 'echo', 'fails', 'deep', 'after', 'fits', 'spins']) {
    tools.push({
      ...{ kind: 'plugin', name: `hand__${localName}`, localName, description: 'd', inputSchema: { type: 'object' } },
      ...{ schemaDigest: sha256(localName), effect: 'pure', capabilities: { store: { bytesMax: 9 } } },
      ...{ limits: TEST_LIMITS, idempotent: false, checkInput: () => [], checkOutput: () => [], plugin },
    });
  }
  const { engine = '' } = sandbox.runtime.profile(plugin, {});
  let runs = 0;
  const deep = createTestSandbox({ trialMsMax: 2_000, stackBytes: LIMITS.replayDeepStackBytes });
  const ports = {
    log: open.log,
    deep: deep.runtime,
    archive: { plugin: async (digest: string) => (digest === plugin.digest ? plugin : undefined) },
    runtime: {
      ...sandbox.runtime,
      run: (request: RunRequest) => {
        runs += 1;
        return sandbox.runtime.run(request);
      },
    },
  };
  const replayer = createReplayer(ports, { startMsMax: 2_000 });

  const predicateOf = (tool: string): InvocationPredicate => ({
    ...{ phase: 'outcome', invocation: uuidv7(systemClock.nowMs()), attempt: 1, agent: 'a', door: 'mcp' },
    tool: { name: `hand__${tool}`, plugin: 'hand', version: '1.0.0', package: plugin.digest, effect: 'pure' },
    policy: { version: 1, digest: sha256('p') },
    sandbox: { tier: 'isolate', profile: sha256('s'), limits: TEST_LIMITS, layers: [], engine },
    capabilities: { granted: { store: { bytesMax: 9 } }, used: [] },
    time: { received: '2026-01-01T00:00:00Z' },
    result: { isError: false, bytes: 1, class: 'value' },
  });

  const write: HandMadeWorld['write'] = async ({ tool, args = {}, predicate, isUnknown, ...documents }) => {
    const { result, ...begun } = predicateOf(tool);
    const { invocation } = begun;
    const append = (parts: Partial<InvocationPredicate>, disclosed: Pick<HandMade, 'result' | 'transcript'> = {}) =>
      open.log.append({ kind: 'invocation', predicate: { ...begun, ...parts }, args, ...disclosed });
    if (isUnknown !== true) await append({ ...(result && { result }), ...predicate }, documents);
    else await append({ ...predicate, phase: 'unknown', intent: await append({ phase: 'intent' }) }, documents);
    return invocation;
  };
  return {
    ...{ replayer, engine, plugin, write, open, runs: () => runs },
    call: (localName, agent) =>
      sandbox.call(plugin, localName, { agent, capabilities: { store: { bytesMax: 9 } }, onHostCall: () => null }),
    [Symbol.asyncDispose]: async () => {
      await sandbox.close();
      await deep.close();
      await open.close();
      removeHome(home);
    },
  };
}
