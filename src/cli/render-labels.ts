// Labels that agents have seen, and places that carry them, as text for a person. **Trust:** as in render.ts.

import type { JsonObject } from '#base/json.ts';
import { list, plural, str, table } from './render.ts';

/** What `labels list` shows, and what is left after `labels clear`. */
export function seenText(seen: readonly JsonObject[]): string {
  return table(
    seen.map(({ agent, session, label, tool, invocation, since, from }) => [
      str(agent),
      session === null ? 'all sessions' : `session ${str(session)}`,
      str(label),
      `from ${str(tool)}${from === null ? '' : ` (${str(from)})`}`,
      `call ${str(invocation)}`,
      `since ${str(since)}`,
    ]),
    'no agent has seen anything that carries a label',
  );
}

export function placesText(places: readonly JsonObject[]): string {
  return table(
    places.map(({ place, label, agent, tool, invocation, since }) => [
      str(place),
      str(label),
      `by ${str(tool)} of ${str(agent)}`,
      `call ${str(invocation)}`,
      `since ${str(since)}`,
    ]),
    'no file and no value carries a label',
  );
}

/** A name of a workspace, a session or a plugin that is misspelt clears nothing: so that is said. */
export function clearedText({ cleared, left, leftThere }: JsonObject): string {
  const what =
    cleared === 0 ? 'nothing was cleared: there was no such label' : `cleared ${plural(Number(cleared), 'label')}`;
  const [seen, there] = [list(left), list(leftThere)];
  return [
    `${what}\n`,
    ...(seen.length === 0 ? [] : [`the agent has still seen:\n${seenText(seen)}`]),
    ...(there.length === 0 ? [] : [`it still carries:\n${placesText(there)}`]),
  ].join('');
}
