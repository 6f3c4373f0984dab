import { describe, expect, test } from 'vitest';
import { HIGH, type Row, wrongIn } from './judge.ts';

const ROWS: readonly Row[] = [
  [
    {},
    'socket',
    [],
    [
      [1, 1],
      [2, 1],
      [10, 1],
      [16, 3],
      [17, 3],
      [38, 5],
      [40, 1],
    ],
  ],
  [{}, 'socketpair', [], [[1, 1]]],
  [{}, 'sendmsg', [], [[]]],
  [
    {},
    'sendto',
    [[0, 0, 0, 0, 0]],
    [
      [0, 0, 0, 0, 1],
      [0, 0, 0, 0, HIGH],
      [0, 0, 0, 1, 0],
      [0, 0, 0, 0x2000_0000, 0],
    ],
  ],
  [
    { sockets: 'pairs' },
    'socket',
    [],
    [
      [1, 1],
      [2, 1],
      [16, 3],
    ],
  ],
  [
    { sockets: 'pairs' },
    'socketpair',
    [
      [1, 1],
      [1, 5],
      [1, 0x80801],
    ],
    [
      [1, 2],
      [1, 3],
      [1, 0x80802],
      [2, 1],
      [16, 3],
    ],
  ],
  [{ sockets: 'pairs' }, 'connect', [], [[]]],
  [
    { sockets: 'unix' },
    'socket',
    [
      [1, 1],
      [1, 2],
      [1, 0x80801],
    ],
    [
      [2, 1],
      [10, 1],
      [16, 3],
      [40, 1],
    ],
  ],
  [{ sockets: 'unix' }, 'connect', [[]], []],
  [
    { sockets: 'inet' },
    'socket',
    [
      [2, 1, 0],
      [10, 0x80801, 6],
    ],
    [
      [2, 1, 262],
      [2, 2, 0],
      [2, 2, 17],
      [2, 3, 1],
      [1, 1, 0],
      [16, 3, 0],
      [17, 3, 0],
      [2, 1, HIGH | 262n],
    ],
  ],
  [
    { sockets: 'inet' },
    'sendmsg',
    [[0, 0, 0]],
    [
      [0, 0, 0x2000_0000],
      [0, 0, 0x4000_0000 | 0x2000_0000],
      [0, 0, 1],
    ],
  ],
  [{ sockets: 'inet' }, 'sendmmsg', [[0, 0, 1, 0]], [[0, 0, 1, 0x2000_0000]]],
  [
    { sockets: 'inet' },
    'sendto',
    [[0, 0, 0, 0, 0]],
    [
      [0, 0, 0, 0x2000_0000, 1],
      [0, 0, 0, 0, 1],
    ],
  ],
  [
    { sockets: 'inet' },
    'setsockopt',
    [
      [0, 1, 9],
      [0, 6, 1],
      [0, 41, 26],
    ],
    [
      [0, 6, 23],
      [0, 6, 30],
      [0, 6, 33],
      [0, 6, 31],
      [0, 1, 26],
      [0, 1, 50],
      [0, 0, 1],
      [0, 284, 1],
    ],
  ],
  [{ sockets: 'inet' }, 'bind', [], [[]]],
  [{ sockets: 'inet' }, 'listen', [], [[]]],
];

describe.each(['x64', 'arm64'] as const)('on %s', (arch) => {
  test.each(ROWS)('with %j the call %s is judged by its arguments', (...row) => {
    expect(wrongIn(arch, row)).toEqual([]);
    expect(row[2].length + row[3].length).toBeGreaterThan(0);
  });
});
