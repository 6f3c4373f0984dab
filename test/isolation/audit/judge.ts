// What an audit means: each attack in each configuration against its control there, and what of it is a problem. Pure.

import { ACCEPTED, LACKED_BY_SOME_KERNELS, REFUSED_IN_CONTAINERS, REFUSED_TO_USERS } from './accepted.ts';
import type { Act } from './acts.ts';
import type { Configuration } from './configurations.ts';

/** `unproven`: with no sandbox it fails there too, so that its failure says nothing. */
export type Verdict = 'blocked' | 'open' | 'unproven';

export type Column = {
  readonly configuration: Configuration;
  readonly acts: readonly Act[];
  /** The same attacks with no sandbox. */
  readonly control: readonly Act[];
};

export type Row = {
  readonly group: string;
  readonly name: string;
  /** By the id of the configuration. */
  readonly verdicts: { readonly [configuration: string]: Verdict };
};

export const keyOf = ({ group, name }: { readonly group: string; readonly name: string }): string =>
  `${group}: ${name}`;

/** @throws when the control tried something else: then it is the control of nothing */
export function judgeColumn({ configuration, acts, control }: Column): ReadonlyMap<string, Verdict> {
  const free = new Map(control.map((act) => [keyOf(act), act.worked]));
  if (acts.length !== free.size) throw new Error(`${configuration.id}: the control tried other attacks`);
  return new Map(
    acts.map((act) => {
      const hasWorked = free.get(keyOf(act));
      if (hasWorked === undefined) throw new Error(`${configuration.id}: no control of ${keyOf(act)}`);
      return [keyOf(act), act.worked ? 'open' : hasWorked ? 'blocked' : 'unproven'];
    }),
  );
}

/** One row for each attack, in the order in which they were tried. */
export function rowsOf(columns: readonly Column[]): readonly Row[] {
  const judged = columns.map((column) => [column.configuration.id, judgeColumn(column)] as const);
  const all = new Map(columns.flatMap(({ acts }) => acts.map((act) => [keyOf(act), act] as const)));
  return [...all].map(([key, { group, name }]) => ({
    group,
    name,
    verdicts: Object.fromEntries(
      judged.flatMap(([id, verdicts]) => (verdicts.has(key) ? [[id, verdicts.get(key) ?? 'open']] : [])),
    ),
  }));
}

const isInContainer = ({ server }: Configuration): boolean => server.startsWith('container');

function problemIn(row: Row, configuration: Configuration): string | undefined {
  const key = keyOf(row);
  const verdict = row.verdicts[configuration.id];
  const isAccepted = ACCEPTED.some((one) => keyOf(one) === key && one.isIn(configuration));
  if (verdict === 'open' && !isAccepted) return 'is open, and not accepted';
  if (verdict === 'blocked' && isAccepted) return 'is accepted as open, and blocked: the list is stale';
  const mayFail =
    LACKED_BY_SOME_KERNELS.includes(key) ||
    (configuration.server !== 'root' && REFUSED_TO_USERS.includes(key)) ||
    (isInContainer(configuration) && REFUSED_IN_CONTAINERS.includes(key));
  if (verdict === 'unproven' && !mayFail) return 'fails with no sandbox too: it proves nothing';
  return undefined;
}

/** What an operator or an author has to look at; none when all is as it is said to be. */
export function problemsOf(rows: readonly Row[], configurations: readonly Configuration[]): readonly string[] {
  const known = new Set(rows.map(keyOf));
  const stale = [
    ...ACCEPTED.map(keyOf),
    ...LACKED_BY_SOME_KERNELS,
    ...REFUSED_TO_USERS,
    ...REFUSED_IN_CONTAINERS,
  ].filter((key) => !known.has(key));
  return [
    ...stale.map((key) => `${key}: is in a list, and nothing tries it`),
    ...rows.flatMap((row) =>
      configurations.flatMap((configuration) => {
        const problem = problemIn(row, configuration);
        return problem === undefined ? [] : [`${keyOf(row)}: ${problem} (${configuration.title})`];
      }),
    ),
  ];
}
