// Kinds of power a plugin can ask for, and what follows from them. Pure.

import type { JsonObject } from '#base/json.ts';

export const CAPABILITY_KINDS = ['net', 'files', 'secrets', 'store', 'run', 'tools', 'clock', 'random'] as const;
export type CapabilityKind = (typeof CAPABILITY_KINDS)[number];

/**
 * What is asked or granted, in the manifest's shapes: a key that is absent is not asked; `clock` and `random` are `true`.
 * `{}` means no power at all.
 */
export type Capabilities = {
  readonly net?: readonly JsonObject[];
  readonly files?: readonly JsonObject[];
  readonly secrets?: readonly JsonObject[];
  readonly store?: JsonObject;
  readonly run?: readonly JsonObject[];
  readonly tools?: readonly string[];
  readonly clock?: true;
  readonly random?: true;
};

/** What a tool can do to the world. `pure`: nothing · `read`: looks · `write`: may change something. */
export type EffectClass = 'pure' | 'read' | 'write';

/** The kinds present, in the fixed order of `CAPABILITY_KINDS`. */
export function kindsOf(capabilities: Capabilities): CapabilityKind[] {
  return CAPABILITY_KINDS.filter((kind) => capabilities[kind] !== undefined);
}

/** Only the kinds named; a kind that is named but absent stays absent. */
export function pickKinds(capabilities: Capabilities, kinds: readonly CapabilityKind[]): Capabilities {
  return Object.fromEntries(
    kindsOf(capabilities)
      .filter((kind) => kinds.includes(kind))
      .map((kind) => [kind, capabilities[kind]]),
  );
}

/**
 * The effect class of what is asked; derived, never declared, and the same for every agent. Unknown means `write`.
 */
export function effectClassOf(capabilities: Capabilities): EffectClass {
  const kinds = kindsOf(capabilities);
  if (kinds.some((kind) => kind === 'net' || kind === 'run' || kind === 'tools' || kind === 'secrets')) return 'write';
  if (capabilities.files?.some((entry) => entry['access'] !== 'read')) return 'write';
  if (capabilities.store !== undefined && capabilities.store['access'] !== 'read') return 'write';
  return kinds.includes('files') || kinds.includes('store') ? 'read' : 'pure';
}

/**
 * Asked ∩ granted. `granted` undefined: as asked. A grant names kinds with entries; in this version only `clock` and
 * `random` have an effect, so a grant narrows by kind: a kind missing from `granted` is not given.
 */
export function narrow(asked: Capabilities, granted: Capabilities | undefined): Capabilities {
  return granted === undefined ? asked : pickKinds(asked, kindsOf(granted));
}
