// The self-test of the start, before anything listens: every route, then a whole call through every door. What is denied meanwhile is
// kept by the trial's log and told to nobody.

import type { Core } from '#app/core.ts';
import { testConsole, testGateway, testUnguarded } from '#app/self-test.ts';
import type { Config } from '#config/config.ts';
import { ADMIN_TOOL_PREFIX } from '#domain/tool.ts';
import type { Gateway } from '#gateway/server.ts';
import type { StdioDoor } from '#gateway/stdio-door.ts';
import { NOBODY } from './stranger.ts';
import { SCOPES_BELOW, TOOL_BELOW, testWholeCalls } from './whole-calls.ts';

export type Doors = { readonly gateway: Gateway; readonly stdio: StdioDoor };

type Tried = Pick<Core, 'services' | 'consoleSite' | 'tryTokens' | 'beginTrial'>;

/** @throws `SELF_TEST_FAILED` with the first door that let something through */
export async function testDoors(core: Tried, { gateway, stdio }: Doors, { log }: Pick<Config, 'log'>): Promise<void> {
  const { services, consoleSite } = core;
  testUnguarded(gateway, { hasPublicLog: log.public });
  await testGateway(gateway);
  await testConsole(gateway, consoleSite.site().origin);
  using trial = core.beginTrial(NOBODY);
  using tokens = core.tryTokens(NOBODY, SCOPES_BELOW);
  const served = services.tools.tools().find(({ kind }) => kind === 'plugin')?.name;
  const tools = [...(served === undefined ? [] : [served]), `${ADMIN_TOOL_PREFIX}policy_apply`, TOOL_BELOW];
  await testWholeCalls({ gateway, stdio, tokens, denials: trial.denials, tools });
}
