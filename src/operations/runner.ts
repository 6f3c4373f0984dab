// The one way to carry an operation out.

import { rfc3339 } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { compileOwnSchema, type Validator } from '#base/schema.ts';
import type { Caller, Operation, Services } from './operation.ts';
import { OPERATIONS } from './table.ts';

export type OperationRunner = (operation: Operation, input: unknown, caller: Caller) => Promise<Json>;

/**
 * Checks the input against the operation's schema, writes the record of a `write` before it is done, and does it.
 *
 * **Trust:** `input` is the caller's; who the caller is was settled by the door.
 * @throws `USAGE` when the input does not fit · what the operation throws.
 */
export function createOperationRunner(services: Services): OperationRunner {
  const validators = new Map<string, Validator>(OPERATIONS.map(({ name, input }) => [name, compileOwnSchema(input)]));
  return async (operation, input, caller) => {
    const problem = validators.get(operation.name)?.(input)[0];
    if (problem !== undefined || !isJsonObject(input)) {
      const where = problem === undefined || problem.pointer === '' ? '' : `${problem.pointer.slice(1)} `;
      throw new SmcpError('USAGE', `${operation.name}: ${where}${problem?.message ?? 'the input must be an object'}`, {
        details: { pointer: problem?.pointer ?? '', remedy: 'see smcp --help, or /openapi.json' },
      });
    }
    operation.check?.(services, input);
    if (operation.effect === 'write') {
      await services.log.append({
        kind: 'admin',
        predicate: {
          operation: operation.name,
          subject: operation.subject?.(input) ?? '',
          by: caller.by,
          time: rfc3339(services.clock.nowMs()),
        },
      });
    }
    return operation.run(services, input, caller);
  };
}
