// What files and values carry. A row is of a path; what a folder carries, all below it carries. A path keeps its labels when what lies
// there is removed: nothing tells apart who is quick, and a name can say something, too. Called by the book only.

import { LIMITS } from '#base/limits.ts';
import { visibleText } from '#base/visible.ts';
import type { AgentName } from '#domain/agent.ts';
import type {
  LabelBook,
  LabelledPlace,
  LabelStore,
  PlaceLabel,
  PlaceOwner,
  PlaceRow,
  PlaceScope,
} from '#domain/label-ports.ts';
import type { WorkspaceName } from '#domain/workspace-path.ts';

/** What is shown of a path or key, in UTF-16 units. */
const SHOWN_LENGTH_MAX = 128;

export type PlaceLabels = Pick<LabelBook, 'carriedBy' | 'mark'> & {
  readonly list: (countMax: number, of: PlaceScope | undefined) => readonly PlaceLabel[];
  /** How many were. */
  readonly clear: (of: PlaceScope, label: string | undefined) => number;
};

export function createPlaceLabels(store: LabelStore): PlaceLabels {
  /** How many paths of each owner carry something, as far as it was asked: counting them takes as long as there are many. */
  const counts = new Map<string, number>();
  const countOf = (owner: PlaceOwner): number => {
    const key = keyOf(owner);
    const count = counts.get(key) ?? store.countOf(owner);
    counts.set(key, count);
    return count;
  };
  const rowsOf = (place: LabelledPlace): readonly PlaceRow[] => {
    const owner = ownerOf(place);
    switch (place.kind) {
      case 'file':
        return store.at(owner, pathOf(place));
      case 'value':
        return store.exactly(owner, place.key);
      case 'values':
        return store.beginning(owner, place.prefix);
    }
  };
  const rowsIn = (of: PlaceScope): readonly PlaceRow[] => {
    const path = pathIn(of);
    const owner = ownerOf(of);
    if (path === undefined) return store.at(owner, '');
    return owner.kind === 'file' ? store.at(owner, path) : store.exactly(owner, path);
  };
  return {
    carriedBy: (place) => {
      const known = new Set<string>();
      return rowsOf(place)
        .filter(({ label }) => !known.has(label) && known.add(label))
        .map(shownRow);
    },
    mark: (place, labels) => {
      if (labels.length === 0) return;
      const owner = ownerOf(place);
      const path = pathOf(place);
      const rows = rowsOf(place);
      const there = new Set(rows.flatMap((row) => (isAbove(row, path) ? [row.label] : [])));
      const missing = labels.filter(({ label }) => !there.has(label));
      if (missing.length === 0) return;
      // Of too many paths none is told apart any more: all that the owner has carries it.
      const count = countOf(owner);
      const isFull = count >= LIMITS.labelledPathsPerOwnerMax;
      if (!isFull && !rows.some((row) => row.path === path)) counts.set(keyOf(owner), count + 1);
      store.putPlaces(
        missing.map(({ label, agent, invocation, tool, sinceMs }) => ({
          ...owner,
          path: isFull ? '' : path,
          ...{ label, agent, invocation, tool, sinceMs },
        })),
      );
    },
    list: (countMax, of) => (of === undefined ? store.places(countMax) : rowsIn(of).slice(0, countMax)).map(shownRow),
    clear: (of, label) => {
      const owner = ownerOf(of);
      const path = pathIn(of);
      counts.delete(keyOf(owner));
      return store.removePlaces(owner, {
        ...(label === undefined ? {} : { label }),
        ...(path === undefined ? {} : { path }),
      });
    },
  };
}

const keyOf = ({ kind, name }: PlaceOwner): string => `${kind} ${name}`;

function ownerOf(place: LabelledPlace | PlaceScope): PlaceOwner {
  if ('workspace' in place) return { kind: 'file', name: place.workspace };
  return { kind: 'value', name: JSON.stringify([place.plugin, place.agent]) };
}

/** Whether the row's label holds at the path by itself, and not for something below it only. */
const isAbove = ({ kind, path: above }: PlaceRow, path: string): boolean =>
  above === '' || above === path || (kind === 'file' && path.startsWith(`${above}/`));

/** Undefined: all of the owner. */
const pathIn = (of: PlaceScope): string | undefined => (of.kind === 'files' ? of.names?.map(folded).join('/') : of.key);

function pathOf(place: LabelledPlace): string {
  switch (place.kind) {
    case 'file':
      return place.names.map(folded).join('/');
    case 'value':
      return place.key;
    case 'values':
      return '';
  }
}

/** Names that some file system takes for one carry the same: case and composition make no difference. */
const folded = (name: string): string => name.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC');

function shownRow({ kind, name, path, label, agent, invocation, tool, sinceMs }: PlaceRow): PlaceLabel {
  const shown = visibleText(path, SHOWN_LENGTH_MAX);
  const at = scopeOf({ kind, name }, path);
  const whose = at.kind === 'files' ? `workspace ${at.workspace}` : `store of ${at.plugin} for ${at.agent}`;
  return { label, agent, invocation, tool, sinceMs, place: `${whose}: ${shown || 'all of it'}`, at };
}

function scopeOf({ kind, name }: PlaceOwner, path: string): PlaceScope {
  if (kind === 'file') {
    const workspace = name as WorkspaceName;
    return { kind: 'files', workspace, ...(path === '' ? {} : { names: path.split('/') }) };
  }
  const [plugin = '', agent = ''] = JSON.parse(name) as readonly string[];
  return { kind: 'values', plugin, agent: agent as AgentName, ...(path === '' ? {} : { key: path }) };
}
