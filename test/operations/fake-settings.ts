// Settings in memory: one that changes at run time, one that does not, one that is a path.

import { SmcpError } from '#base/errors.ts';
import type { Setting, Settings } from '#domain/settings-ports.ts';

const LEVELS = ['debug', 'info', 'warn'];

export function createSettings(did: string[]) {
  let level = 'info';
  const list = (): readonly Setting[] => [
    { key: 'logging.level', value: level, changes: 'at run time', isPath: false },
    { key: 'server.port', value: 8000, changes: 'at start', nextStart: 9000, isPath: false },
    { key: 'workspaces.directory', value: '/home/workspaces', changes: 'at start', isPath: true },
  ];
  const check: Settings['check'] = (key, value, { mayWiden }) => {
    if (key !== 'logging.level') throw new SmcpError('CONFIG_KEY', `${key} counts from a start on`);
    if (!LEVELS.includes(value)) throw new SmcpError('CONFIG_INVALID', `/home/config.yaml: no level is ${value}`);
    if (!mayWiden && LEVELS.indexOf(value) > LEVELS.indexOf(level))
      throw new SmcpError('PERSON_NEEDED', 'it hides more');
  };
  return {
    show: () => ({ file: '/home/config.yaml', problem: '/home/config.yaml is broken', settings: list() }),
    check,
    set: (key, value, author) => {
      check(key, value, author);
      did.push('set');
      level = value;
      return { key, value, changes: 'at run time', isPath: false };
    },
    onChange: () => () => {},
  } satisfies Settings;
}
