import { expect, test } from 'vitest';
import { createEnforcer } from '#app/enforce.ts';
import { silentLogger } from '#base/log.ts';
import type { AgentName } from '#domain/agent.ts';
import { type FreezeScope, isStoppedBy } from '#domain/freeze.ts';
import type { Plugin } from '#domain/manifest.ts';
import type { PluginRuntime, ProcessOwner } from '#domain/sandbox-ports.ts';

const pluginOf = (name: string) => ({ name, digest: `sha256:${name}` }) as Plugin;
const served = [pluginOf('kept'), pluginOf('frozen')];
const owners: readonly ProcessOwner[] = [
  ...[...served, pluginOf('gone')].map((plugin) => ({ plugin })),
  ...['ana', 'bob'].map((agent) => ({ plugin: pluginOf('kept'), agent: agent as AgentName })),
];

/** Which processes end under a freeze. */
async function endedBy(scope: FreezeScope | undefined): Promise<readonly string[]> {
  const ended: string[] = [];
  const runtime: Pick<PluginRuntime, 'end'> = {
    end: async (isEnded) => {
      for (const owner of owners) if (isEnded(owner)) ended.push([owner.plugin.name, owner.agent].join(' ').trim());
    },
  };
  const enforce = createEnforcer({
    dispatcher: { reconsider: async () => {}, untilEnded: async () => [] },
    runtime,
    freezes: {
      stops: (query) =>
        scope !== undefined && isStoppedBy(scope, query) ? { scope, by: 'a person', sinceMs: 0 } : undefined,
    },
    plugins: () => served,
    logger: silentLogger,
  });
  expect(await enforce()).toEqual([]);
  return ended;
}

test.each<[string, FreezeScope | undefined, readonly string[]]>([
  ['nothing', undefined, []],
  ['one plugin', { kind: 'plugin', name: 'frozen' }, ['frozen']],
  ['one agent', { kind: 'agent', name: 'ana' }, ['kept ana']],
  ['what writes', { kind: 'writes' }, []],
  ['everything', { kind: 'all' }, ['kept', 'frozen', 'kept ana', 'kept bob']],
])('a freeze of %s ends its processes, and those of plugins that are gone end always', async (_what, scope, ends) => {
  expect([...(await endedBy(scope))].sort()).toEqual([...ends, 'gone'].sort());
});
