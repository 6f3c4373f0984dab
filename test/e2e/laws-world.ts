// A whole server without its doors, in the process of the test: agents' calls go to its dispatcher, a person's acts to the runner.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCore } from '#app/core.ts';
import { createMaskedLogger } from '#app/masked-logger.ts';
import { asSmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import { silentLogger } from '#base/log.ts';
import { loadConfig } from '#config/config.ts';
import { homeAt, prepareHome } from '#config/home.ts';
import { productPluginsDirectory } from '#config/product.ts';
import type { CallToken } from '#domain/agent.ts';
import { compileScopes } from '#domain/token-scope.ts';
import { tokenId } from '#identity/token-text.ts';
import type { Services } from '#operations/operation.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { OPERATIONS } from '#operations/table.ts';
import { agentName } from '#test/policy/policies.ts';
import { adminTokenOf } from './in-process.ts';
import { temporaryFolder } from './server.ts';

/** `value`, or the code of what it was refused with. */
export type Outcome = string;

export type CallMore = { readonly key?: string | undefined; readonly scopes?: readonly string[] | undefined };

export type LawsWorld = {
  readonly services: Services;
  /** As an agent's call of the tool `smcp__…`, or of another tool. */
  readonly call: (agent: string, tool: string, args: JsonObject, more?: CallMore) => Promise<Outcome>;
  /** As a person, by whichever name. */
  readonly act: (operation: string, input: JsonObject, by?: string) => Promise<Outcome>;
  readonly close: () => Promise<void>;
};

export async function openLawsWorld(): Promise<LawsWorld> {
  const folder = temporaryFolder();
  const home = homeAt(join(folder.path, 'home'));
  prepareHome(home);
  writeFileSync(home.policy, '{"version":1,"agents":{}}\n', { mode: 0o600 });
  writeFileSync(home.config, 'version: 1\npolicy: { apply: manual }\n', { mode: 0o600 });
  const stack = new AsyncDisposableStack();
  stack.defer(() => folder.remove());
  const { services } = await buildCore(
    {
      ...{ home, config: loadConfig(home.config, {}), host: '127.0.0.1', port: 0, version: '0.0.0' },
      logger: createMaskedLogger(silentLogger),
      productPlugins: productPluginsDirectory(),
      externalPlugins: [],
    },
    stack,
  );
  const run = createOperationRunner(services);
  const token = { id: tokenId(adminTokenOf(home)) ?? '' };
  return {
    services,
    call: async (agent, tool, args, { key, scopes } = {}) => {
      const calling = services.dispatcher.call({
        ...{ agent: agentName(agent), door: 'admin', tool, args },
        ...(key === undefined ? {} : { idempotencyKey: key }),
        ...(scopes === undefined ? {} : { token: tokenWith(scopes) }),
      });
      // A name that a grant covers and no tool has is thrown, after its record.
      return calling.then(
        ({ answer }) => (answer.kind === 'value' ? 'value' : answer.error.code),
        (thrown: unknown) => asSmcpError(thrown).code,
      );
    },
    act: async (name, input, by = 'admin') => {
      const operation = OPERATIONS.find((one) => one.name === name);
      if (operation === undefined) throw new Error(`no operation ${name}`);
      try {
        await run(operation, input, { by, kind: 'person', token });
        return 'value';
      } catch (thrown) {
        return asSmcpError(thrown).code;
      }
    },
    close: async () => {
      await services.dispatcher.drain();
      await stack.disposeAsync();
    },
  };
}

/** A token of the caller that leaves what the list does. */
function tokenWith(scopes: readonly string[]): CallToken {
  const compiled = compileScopes([scopes]);
  if (compiled === undefined) throw new Error('the scopes are none');
  return { id: '0123456789abcdef', rights: { scopes: compiled, onBehalfOf: [], actors: [] } };
}

/** The policy in force as the object that its text is. */
export function documentOf({ policy }: Services): JsonObject {
  const parsed = JSON.parse(policy.show().text) as Json;
  if (!isJsonObject(parsed)) throw new Error('the policy is an object');
  return parsed;
}
