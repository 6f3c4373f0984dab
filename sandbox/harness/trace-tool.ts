// Runs a tool with every host call allowed, and tells what it asked, what its manifest would have said to that, and the smallest
// manifest that would have sufficed. Called by `smcp plugin trace`. **Trust:** what is traced is the plugin's.

import type { WireError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { type Capabilities, type CapabilityKind, kindsOf, pickKinds } from '#domain/capability.ts';
import { keptCapabilities } from '#domain/kept-capabilities.ts';
import {
  isCovered,
  isNeverAsked,
  neededFor,
  smallestCapabilities,
  unusedCapabilities,
} from '#domain/needed-capabilities.ts';
import type { Transcript } from '#domain/transcript.ts';
import type { StartedPlugin } from './start-plugin.ts';

export type TracedCall = {
  readonly call: string;
  readonly params: Json;
  /** Whether the manifest asks for it as it stands. */
  readonly isAsked: boolean;
  /** No manifest could ask for it: what it names is no path, place or program. Absent: one could. */
  readonly isMalformed?: true;
  /** Of its answer, as JSON in UTF-8; of an error, of that. */
  readonly bytes: number;
  /** The code of the error that it was answered with. */
  readonly error?: string;
};

export type TracedRun = {
  readonly args: JsonObject;
  readonly ok: boolean;
  readonly value?: Json;
  readonly error?: WireError;
  readonly calls: readonly TracedCall[];
};

export type Trace = {
  readonly tool: string;
  readonly runs: readonly TracedRun[];
  /** For plugin.json, merged over all runs. */
  readonly smallest: Capabilities;
  /** What the manifest asks in its own words, as far as these runs needed it, and what they needed beyond. */
  readonly kept: Capabilities;
  /** For the tool's own `capabilities` in plugin.json. */
  readonly kinds: readonly CapabilityKind[];
  /** What the manifest asks for this tool, and no run used. */
  readonly unused: Capabilities;
  /** A run made more host calls than are kept: the figures are of the others. */
  readonly isCut: boolean;
};

/** The plugin was started with `givesAll`. One run after the other; what one stores the next one finds. */
export async function traceTool(plugin: StartedPlugin, tool: string, given: readonly JsonObject[]): Promise<Trace> {
  const asked = askedBy(plugin, tool);
  const runs: TracedRun[] = [];
  const transcripts: Transcript[] = [];
  for (const args of given) {
    const call = await plugin.call(tool, args);
    if (call.transcript !== undefined) transcripts.push(call.transcript);
    const end = call.ok ? { value: call.value } : { error: call.error };
    runs.push({ args, ok: call.ok, ...end, calls: tracedCalls(call.transcript, asked) });
  }
  const smallest = smallestCapabilities(transcripts, asked);
  return {
    ...{ tool, runs, smallest, kinds: kindsOf(smallest) },
    kept: keptCapabilities(transcripts, asked),
    unused: unusedCapabilities(asked, smallest),
    isCut: transcripts.length < runs.length,
  };
}

function askedBy({ manifest }: StartedPlugin, tool: string): Capabilities {
  const all = manifest.capabilities ?? {};
  const own = manifest.tools.find(({ name }) => name === tool)?.capabilities;
  return pickKinds(all, own ?? kindsOf(all));
}

function tracedCalls(transcript: Transcript | undefined, asked: Capabilities): readonly TracedCall[] {
  const events = transcript?.events ?? [];
  const ends = new Map(events.flatMap((event) => (event.kind === 'asked' ? [] : [[event.call, event]])));
  return events.flatMap((event): TracedCall[] => {
    if (event.kind !== 'asked') return [];
    const end = ends.get(event.call);
    const answer = end?.kind === 'answered' ? end.value : end?.kind === 'refused' ? end.error : null;
    const { name, params } = event;
    return [
      {
        ...{ call: name, params },
        ...(isNeverAsked(name, params)
          ? { isAsked: false, isMalformed: true }
          : { isAsked: isCovered(neededFor(name, params), asked) }),
        bytes: Buffer.byteLength(JSON.stringify(answer)),
        ...(end?.kind === 'refused' ? { error: end.error.code } : {}),
      },
    ];
  });
}
