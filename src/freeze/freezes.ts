// The freezes of a home: in force from the moment they are made, kept over a restart, and asked about without any policy.
// Made once by app.ts; what a freeze ends is ended by the dispatcher and the sandbox.

import type { Clock } from '#base/clock.ts';
import { createListeners } from '#base/listeners.ts';
import { type Freeze, type FreezeScope, isStoppedBy } from '#domain/freeze.ts';
import type { Freezes } from '#domain/ports.ts';
import type { FreezeStore } from '#domain/store-ports.ts';

/** The widest first: it is the one to lift, and the one to name. */
const WIDTH: { readonly [kind in FreezeScope['kind']]: number } = { all: 0, writes: 1, agent: 2, plugin: 3 };

/**
 * Rows are read once and kept in memory. A freeze is in memory, and told, before it is on disk, and is lifted on disk before it is
 * lifted in memory: where the store fails in between, what is frozen stays so.
 */
export function createFreezes({ store, clock }: { readonly store: FreezeStore; readonly clock: Clock }): Freezes {
  const changes = createListeners();
  let inForce: readonly Freeze[] = store.list();

  return {
    list: () => inForce,
    onChange: changes.onChange,
    stops: (query) =>
      inForce
        .filter(({ scope }) => isStoppedBy(scope, query))
        .toSorted((a, b) => WIDTH[a.scope.kind] - WIDTH[b.scope.kind])[0],
    freeze: (scope, by) => {
      const known = inForce.find((freeze) => isSameScope(freeze.scope, scope));
      const freeze = known ?? { scope, by, sinceMs: clock.nowMs() };
      if (known === undefined) {
        inForce = [...inForce, freeze];
        changes.tell();
      }
      // Also for a known one: an earlier write may have failed.
      store.put(freeze);
      return freeze;
    },
    unfreeze: (scope) => {
      store.remove(scope);
      const left = inForce.filter((freeze) => !isSameScope(freeze.scope, scope));
      const wasThere = left.length < inForce.length;
      inForce = left;
      return wasThere;
    },
  };
}

function isSameScope(a: FreezeScope, b: FreezeScope): boolean {
  return a.kind === b.kind && ('name' in a ? a.name : '') === ('name' in b ? b.name : '');
}
