import { describe, expect, test } from 'vitest';
import { ACCEPTED, LACKED_BY_SOME_KERNELS, REFUSED_IN_CONTAINERS, REFUSED_TO_USERS } from './accepted.ts';
import { CONFIGURATIONS, type Configuration } from './configurations.ts';
import { keyOf, problemsOf, type Row, rowsOf, type Verdict } from './judge.ts';

const one = (id: string): Configuration => {
  const found = CONFIGURATIONS.find((configuration) => configuration.id === id);
  if (found === undefined) throw new Error(`no configuration ${id}`);
  return found;
};

const act = (name: string, worked: boolean) => ({ group: 'g', name, worked });

test('what works is open, what works only with no sandbox is blocked, and what works nowhere proves nothing', () => {
  const acts = [act('a', true), act('b', false), act('c', false)];
  const control = [act('a', true), act('b', true), act('c', false)];
  const rows = rowsOf([{ configuration: one('root'), acts, control }]);
  expect(rows.map(({ name, verdicts }) => [name, verdicts['root']])).toEqual([
    ['a', 'open'],
    ['b', 'blocked'],
    ['c', 'unproven'],
  ]);
});

test.each([
  ['fewer', [act('a', true)]],
  ['others', [act('a', true), act('x', true)]],
])('a control that tried %s is none', (_, control) => {
  const acts = [act('a', true), act('b', false)];
  expect(() => rowsOf([{ configuration: one('root'), acts, control }])).toThrow(/control/);
});

describe('problems', () => {
  const listed = [
    ...new Set([...ACCEPTED.map(keyOf), ...LACKED_BY_SOME_KERNELS, ...REFUSED_TO_USERS, ...REFUSED_IN_CONTAINERS]),
  ];
  const row = (key: string, verdict: Verdict): Row => {
    const [group = '', ...name] = key.split(': ');
    return { group, name: name.join(': '), verdicts: { root: verdict, ordinary: verdict, 'container-root': verdict } };
  };
  /** As all is said to be, but for one row. */
  const problemsWith = (key: string, verdict: Verdict, id: string) => {
    const configuration = one(id);
    const right = (other: string): Verdict =>
      ACCEPTED.some((accepted) => keyOf(accepted) === other && accepted.isIn(configuration)) ? 'open' : 'blocked';
    const rows = [
      ...listed.filter((other) => other !== key).map((other) => row(other, right(other))),
      row(key, verdict),
    ];
    return problemsOf(rows, [configuration]);
  };

  test.each<[string, Verdict, string, RegExp]>([
    ['new: attack', 'open', 'root', /is open, and not accepted/],
    ['files: touch a file that all may write', 'open', 'ordinary', /is open, and not accepted/],
    ['files: ask about a file', 'blocked', 'root', /the list is stale/],
    ['new: attack', 'unproven', 'root', /proves nothing/],
    ['new: attack', 'unproven', 'container-root', /proves nothing/],
    ['namespaces and mounts: mount', 'unproven', 'root', /proves nothing/],
  ])('%s, when it is %s for %s', (key, verdict, id, problem) => {
    expect(problemsWith(key, verdict, id)).toEqual([expect.stringMatching(problem)]);
  });

  test.each<[string, Verdict, string]>([
    ['new: attack', 'blocked', 'root'],
    ['files: ask about a file', 'open', 'root'],
    ['files: touch a file that all may write', 'open', 'root'],
    ['namespaces and mounts: mount', 'unproven', 'ordinary'],
    ['doors of the kernel: a call of x32', 'unproven', 'root'],
    ['kernel: another personality', 'unproven', 'container-root'],
  ])('none: %s, when it is %s for %s', (key, verdict, id) => {
    expect(problemsWith(key, verdict, id)).toEqual([]);
  });

  test('a name in a list that nothing tries', () => {
    expect(problemsOf([], [one('root')])).toContain('files: ask about a file: is in a list, and nothing tries it');
  });
});
