// A map that forgets its oldest entries: in all, and of one owner. For what anybody may make the server remember. Pure.

export type BoundedMap<Value> = {
  readonly get: (key: string) => Value | undefined;
  /** The last of its owner and of all. */
  readonly put: (key: string, owner: string, value: Value) => void;
  /** What it was. */
  readonly take: (key: string) => Value | undefined;
  readonly entries: () => readonly (readonly [string, Value])[];
};

export function createBoundedMap<Value>(bounds: {
  readonly countMax: number;
  readonly perOwnerMax: number;
}): BoundedMap<Value> {
  // A Map keeps the order of insertion.
  const held = new Map<string, { readonly owner: string; readonly value: Value }>();
  const firstOf = (owner: string | undefined) =>
    [...held].find(([, entry]) => owner === undefined || entry.owner === owner)?.[0];
  const countOf = (owner: string) => [...held.values()].filter((entry) => entry.owner === owner).length;
  return {
    get: (key) => held.get(key)?.value,
    put: (key, owner, value) => {
      held.delete(key);
      const isFull = countOf(owner) >= bounds.perOwnerMax;
      const oldest = isFull ? firstOf(owner) : held.size >= bounds.countMax ? firstOf(undefined) : undefined;
      if (oldest !== undefined) held.delete(oldest);
      held.set(key, { owner, value });
    },
    take: (key) => {
      const found = held.get(key)?.value;
      held.delete(key);
      return found;
    },
    entries: () => [...held].map(([key, { value }]) => [key, value] as const),
  };
}
