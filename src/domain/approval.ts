// What a person approves of a plugin, and what differs from it. Pure types; src/registry/approval.ts compares.

import type { Digest } from '#base/digest.ts';
import type { Json, JsonObject } from '#base/json.ts';
import type { CapabilityKind } from './capability.ts';

/** All that a person decides about: the code, what it asks for, and what agents are told of its tools. */
export type PluginFacts = {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Over every file: names, modes and bytes. */
  readonly package: Digest;
  /** Of plugin.json; of a plugin without one, of what was made in its place. */
  readonly manifest: Digest;
  /** Over the tools as agents see them. */
  readonly faces: Digest;
  readonly runtime: JsonObject;
  readonly capabilities: JsonObject;
  /** Sorted by name; those that a plugin serves. */
  readonly tools: readonly JsonObject[];
  /** Lines of the package's listing: digest, mode, path. */
  readonly files: readonly string[];
};

/** What was approved, by whom and when. */
export type Approval = PluginFacts & {
  /** Kinds of capability that the person left out of what it asks. */
  readonly without: readonly CapabilityKind[];
  readonly by: string;
  readonly time: string;
};

/** One thing that is not as it was approved. `null`: it was not there, or is there no more. */
export type PluginDifference = {
  readonly kind:
    | 'file'
    | 'package'
    | 'manifest'
    | 'version'
    | 'description'
    | 'runtime'
    | 'capability'
    | 'tool'
    | 'faces';
  /** Which: a path, a kind of capability, a tool; '' where there is one only. */
  readonly subject: string;
  readonly approved: Json;
  readonly present: Json;
};

/** What a person is shown before they approve. */
export type PluginReview = {
  readonly name: string;
  /** `approved`: it is served, unless it is disabled · `waiting`: not before it is approved. */
  readonly state: 'approved' | 'waiting';
  /** Names all that is shown; approving takes exactly this. */
  readonly digest: Digest;
  /** What was approved before under this name. */
  readonly before?: { readonly digest: Digest; readonly by: string; readonly time: string };
  /** Asked, and left out by a person. */
  readonly without: readonly CapabilityKind[];
  /** Names of secrets whose value its program gets to see: the one exception to that no plugin does. */
  readonly exposed: readonly string[];
  readonly differences: readonly PluginDifference[];
};
