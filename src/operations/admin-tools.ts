// The operations as tools: `smcp__<operation>`. The dispatcher decides and records a call of one like any other, and has it
// carried out here, as the agent that called. **Trust:** the arguments are the agent's; the schema is checked again.

import { canonicalJson } from '#base/canonical-json.ts';
import { sha256 } from '#base/digest.ts';
import { asSmcpError, SmcpError } from '#base/errors.ts';
import type { Logger } from '#base/log.ts';
import type { AdminTools } from '#domain/ports.ts';
import { ADMIN_TOOL_PREFIX, type AdminTool } from '#domain/tool.ts';
import { errorForAgent } from './host-paths.ts';
import { createInputChecker, type InputChecker } from './input-checker.ts';
import type { Operation, Services } from './operation.ts';
import { checkCaller } from './runner.ts';
import { OPERATIONS } from './table.ts';

/** The server's own tools, as part of the catalog of tools. */
export type AdminToolCatalog = {
  /** By full name, also those that only a person may call. */
  readonly tool: (name: string) => AdminTool | undefined;
  /** Those that agents may be shown, sorted by name. */
  readonly tools: () => readonly AdminTool[];
};

/** The name of an operation's tool. */
export function adminToolName({ name }: Pick<Operation, 'name'>): string {
  return `${ADMIN_TOOL_PREFIX}${name}`;
}

export function createAdminToolCatalog(): AdminToolCatalog {
  const problemsOf = createInputChecker();
  const tools = OPERATIONS.map((operation) => toolOf(operation, problemsOf)).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const shown = tools.filter(({ isForPeople }) => !isForPeople);
  return { tool: (name) => byName.get(name), tools: () => shown };
}

/**
 * Carries calls of admin tools out. It writes no record of its own: the dispatcher's intent and outcome are the call's.
 *
 * @param services asked for at each call, since the dispatcher among them needs this port first.
 */
export function createAdminTools({
  services,
  logger,
}: {
  readonly services: () => Services;
  readonly logger: Logger;
}): AdminTools {
  const problemsOf = createInputChecker();
  return {
    run: async ({ tool, args, agent, token }) => {
      try {
        const operation = OPERATIONS.find(({ name }) => name === tool.operation);
        if (operation === undefined) throw new SmcpError('TOOL_UNKNOWN', 'no tool has this name');
        const caller = { by: agent, kind: 'agent', ...(token === undefined ? {} : { token }) } as const;
        checkCaller(operation, caller);
        const problem = problemsOf(operation, args)[0];
        if (problem !== undefined) {
          throw new SmcpError('ARGUMENTS_INVALID', `${problem.pointer} ${problem.message}`.trim(), {
            details: { pointer: problem.pointer, remedy: "send arguments that fit the tool's inputSchema" },
          });
        }
        operation.check?.(services(), args, caller);
        return { kind: 'value', value: await operation.run(services(), args, caller) };
      } catch (thrown) {
        const error = asSmcpError(thrown);
        if (error.code === 'INTERNAL') logBug(logger, tool, error);
        return { kind: 'error', error: errorForAgent(error.toWire(), services().policy.show().file) };
      }
    },
  };
}

function logBug(logger: Logger, { name }: AdminTool, { cause, message }: SmcpError): void {
  logger.error('an admin tool failed unexpectedly', {
    tool: name,
    error: cause instanceof Error ? (cause.stack ?? cause.message) : message,
  });
}

function toolOf(operation: Operation, problemsOf: InputChecker): AdminTool {
  const { summary, detail, input, output, effect, secretProperty, showsCalls, isLong } = operation;
  const name = adminToolName(operation);
  const description = detail === undefined ? summary : `${summary} ${detail}`;
  return {
    kind: 'admin',
    name,
    operation: operation.name,
    description,
    inputSchema: input,
    outputSchema: output,
    schemaDigest: sha256(canonicalJson({ name, description, input, output })),
    effect,
    idempotent: effect === 'read',
    isForPeople: operation.isForPeople === true,
    isStop: operation.isStop === true,
    ...(showsCalls === undefined ? {} : { showsCalls }),
    ...(isLong === undefined ? {} : { isLong }),
    ...(secretProperty === undefined ? {} : { unrecorded: [secretProperty] }),
    checkInput: (args) => problemsOf(operation, args),
  };
}
