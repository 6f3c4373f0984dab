// Labels of agents, files and values behind their port. Each write is one durable transaction.

import type { AgentName } from '#domain/agent.ts';
import type { LabelStore, PlaceRow } from '#domain/label-ports.ts';
import type { SeenLabel } from '#domain/labels.ts';
import { type Database, numberOf, type SqlRow, textOf } from './sqlite.ts';

/** **Trust:** nobody else writes the tables while the home's lock is held. */
export function createLabelStore(database: Database): LabelStore {
  const seen = database.prepare('SELECT * FROM seen_label ORDER BY rowid');
  // The call that brought it first stands.
  const putSeen = database.prepare(`
    INSERT INTO seen_label (agent, session, label, invocation, tool, since_ms, source) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (agent, session, label) DO NOTHING`);
  const removeSeen = database.prepare(
    'DELETE FROM seen_label WHERE agent = ?1 AND (?2 IS NULL OR session = ?2) AND (?3 IS NULL OR label = ?3)',
  );
  // '/' is followed by '0': between the two lies what begins with the folder's name and a slash. Each part is found by the key.
  const at = database.prepare(`
    SELECT * FROM place_label WHERE kind = ?1 AND owner = ?2 AND path IN (SELECT value FROM json_each(?3))
    UNION ALL
    SELECT * FROM place_label WHERE kind = ?1 AND owner = ?2 AND path > ?4 || '/' AND path < ?4 || '0'
    ORDER BY path, label`);
  const all = database.prepare('SELECT * FROM place_label WHERE kind = ? AND owner = ? ORDER BY path, label');
  const exactly = database.prepare(
    "SELECT * FROM place_label WHERE kind = ? AND owner = ? AND path IN ('', ?) ORDER BY path, label",
  );
  const beginning = database.prepare(`
    SELECT * FROM place_label WHERE kind = ?1 AND owner = ?2 AND (path = '' OR (path >= ?3 AND substr(path, 1, length(?3)) = ?3))
    ORDER BY path, label`);
  const putPlace = database.prepare(`
    INSERT INTO place_label (kind, owner, path, label, agent, invocation, tool, since_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (kind, owner, path, label) DO NOTHING`);
  const countOf = database.prepare(
    'SELECT count(DISTINCT path) AS paths FROM place_label WHERE kind = ? AND owner = ?',
  );
  const places = database.prepare('SELECT * FROM place_label ORDER BY kind, owner, path, label LIMIT ?');
  const removePlaces = database.prepare(`
    DELETE FROM place_label WHERE kind = ?1 AND owner = ?2 AND (?3 IS NULL OR label = ?3)
    AND (?4 IS NULL OR path = ?4 OR (kind = 'file' AND path > ?4 || '/' AND path < ?4 || '0'))`);
  return {
    seen: () => seen.all().map(asSeen),
    putSeen: (labels) =>
      database.transaction(() => {
        for (const { agent, session, label, invocation, tool, sinceMs, from } of labels) {
          putSeen.run(agent, session, label, invocation, tool, sinceMs, from ?? null);
        }
      }),
    removeSeen: ({ agent, session, label }) => removeSeen.run(agent, session ?? null, label ?? null),
    at: ({ kind, name }, path) =>
      (path === '' ? all.all(kind, name) : at.all(kind, name, JSON.stringify(upwards(path)), path)).map(asPlace),
    exactly: ({ kind, name }, path) => exactly.all(kind, name, path).map(asPlace),
    beginning: ({ kind, name }, prefix) => beginning.all(kind, name, prefix).map(asPlace),
    putPlaces: (rows) =>
      database.transaction(() => {
        for (const { kind, name, path, label, agent, invocation, tool, sinceMs } of rows) {
          putPlace.run(kind, name, path, label, agent, invocation, tool, sinceMs);
        }
      }),
    countOf: ({ kind, name }) => numberOf(countOf.get(kind, name) ?? {}, 'paths'),
    places: (countMax) => places.all(countMax).map(asPlace),
    removePlaces: ({ kind, name }, { label, path }) => removePlaces.run(kind, name, label ?? null, path ?? null),
  };
}

/** The path and all above it: `a/b` is `a/b`, `a` and ''. */
function upwards(path: string): readonly string[] {
  const names = path.split('/');
  return names.map((_, at) => names.slice(0, at + 1).join('/')).concat('');
}

function asSeen(row: SqlRow): SeenLabel {
  return {
    label: textOf(row, 'label'),
    agent: textOf(row, 'agent') as AgentName,
    session: textOf(row, 'session'),
    invocation: textOf(row, 'invocation'),
    tool: textOf(row, 'tool'),
    sinceMs: numberOf(row, 'since_ms'),
    ...(row['source'] === null ? {} : { from: textOf(row, 'source') }),
  };
}

function asPlace(row: SqlRow): PlaceRow {
  return {
    kind: textOf(row, 'kind') === 'file' ? 'file' : 'value',
    name: textOf(row, 'owner'),
    path: textOf(row, 'path'),
    label: textOf(row, 'label'),
    agent: textOf(row, 'agent') as AgentName,
    invocation: textOf(row, 'invocation'),
    tool: textOf(row, 'tool'),
    sinceMs: numberOf(row, 'since_ms'),
  };
}
