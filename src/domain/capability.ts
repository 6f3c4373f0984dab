// Kinds of power a plugin can ask for, and what follows from them. Pure.

export const CAPABILITY_KINDS = ['net', 'files', 'secrets', 'store', 'run', 'tools', 'clock', 'random'] as const;
export type CapabilityKind = (typeof CAPABILITY_KINDS)[number];

/** A place that HTTP requests may go to. */
export type NetEntry = {
  /** As `canonicalHost` gives it: lower case, punycode, no dot at the end. */
  readonly host: string;
  readonly ports?: readonly number[];
  readonly methods?: readonly string[];
  /** Patterns in which `*` stands for any run of characters. */
  readonly paths?: readonly string[];
};

export type Access = 'read' | 'write';

/** `workspace`, or a folder in it (`workspace/drafts`). `write` also reads. */
export type FilesEntry = { readonly path: string; readonly access: Access };

/** `hosts` and `header`: the broker puts it into requests. `expose`: a program of runtime `process` gets it as a variable. */
export type SecretEntry = {
  readonly name: string;
  readonly hosts?: readonly string[];
  readonly header?: string;
  /** Stands before the value in the header: `Bearer `. */
  readonly prefix?: string;
  readonly expose?: 'env';
};

export type StoreEntry = { readonly bytesMax: number; readonly access?: Access };

/** Each argument is a pattern (argument-pattern.ts). */
export type RunEntry = { readonly program: string; readonly args?: readonly string[] };

/**
 * What is asked or granted, in the manifest's shapes: a key that is absent is not asked; `clock` and `random` are `true`.
 * `{}` means no power at all.
 */
export type Capabilities = {
  readonly net?: readonly NetEntry[];
  readonly files?: readonly FilesEntry[];
  readonly secrets?: readonly SecretEntry[];
  readonly store?: StoreEntry;
  readonly run?: readonly RunEntry[];
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
  if (capabilities.files?.some((entry) => entry.access !== 'read')) return 'write';
  if (capabilities.store !== undefined && capabilities.store.access !== 'read') return 'write';
  return kinds.includes('files') || kinds.includes('store') ? 'read' : 'pure';
}
