// Targets of notices and what waits for them, as text for a person. **Trust:** as in render.ts.

import type { Json, JsonObject } from '#base/json.ts';
import { list, plural, str, table } from './render.ts';

const NO_TARGETS = 'config.yaml names no targets: docs/notify.md says how';

/** Rows of `status`: one for each target that is not all right. */
export function notifyRows(targets: readonly JsonObject[]): string[][] {
  return targets
    .filter(({ failingSince, dropped, buttons }) => failingSince !== null || dropped !== 0 || buttons !== null)
    .map((target) => ['NOT TOLD', `${str(target['name'])}: ${stateText(target)}`]);
}

export function noticesText(answer: JsonObject): string {
  const targets = list(answer['targets']).map((target) => [
    str(target['name']),
    stateText(target),
    `told ${str(target['delivered'])}`,
    (target['kinds'] as Json[]).map(str).join(' '),
  ]);
  const waiting = list(answer['waiting']).map((notice) => [
    str(notice['target']),
    str(notice['subject']),
    `since ${str(notice['createdAt'])}`,
    notice['tries'] === 0 ? '' : `tried ${plural(Number(notice['tries']), 'time')}: ${str(notice['why'])}`,
  ]);
  return table(targets, NO_TARGETS) + table(waiting, 'nothing waits');
}

export function testText(results: readonly JsonObject[]): string {
  return table(
    results.map(({ target, taken, why }) => [str(target), taken === true ? 'taken' : `NOT taken: ${str(why)}`]),
    NO_TARGETS,
  );
}

function stateText({ failingSince, why, nextTryAt, waiting, dropped, buttons }: JsonObject): string {
  const parts = [
    ...(failingSince === null
      ? ['well']
      : [`fails since ${str(failingSince)}: ${str(why)}, next try ${str(nextTryAt)}`]),
    ...(buttons === null ? [] : [`its buttons are not heard: ${str(buttons)}`]),
    ...(waiting === 0 ? [] : [`${str(waiting)} wait`]),
    ...(dropped === 0 ? [] : [`${str(dropped)} were never told`]),
  ];
  return parts.join('; ');
}
