import { realpathSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { systemReadPaths } from '#sandbox/host/launcher/system-paths.ts';

describe.each(['native', 'node', 'python'] as const)('the paths of the system for %s programs', (kind) => {
  const paths = systemReadPaths(kind);

  test('are real, each once, none inside another', () => {
    expect(paths.map(({ path }) => realpathSync(path))).toEqual(paths.map(({ path }) => path));
    const inside = paths.filter(({ path }) =>
      paths.some((other) => path === other.path || path.startsWith(`${other.path}/`)),
    );
    expect(inside).toHaveLength(paths.length);
  });

  test('hold libraries, and single files of /etc and /dev only', () => {
    expect(paths).toContainEqual({ path: '/usr', access: 'read' });
    for (const { path } of paths.filter(({ path: one }) => /^\/(etc|dev)\b/.test(one))) {
      expect([path, statSync(path).isDirectory()]).toEqual([path, false]);
    }
    expect(paths.filter(({ path }) => /^\/(home|root|var|run|tmp|proc|sys|opt|srv|mnt)\b/.test(path))).toEqual([]);
    expect(paths.filter(({ access }) => access === 'write')).toEqual([{ path: '/dev/null', access: 'write' }]);
  });
});
