// The one way to carry an operation out.

import { rfc3339 } from '#base/clock.ts';
import { asSmcpError, type ErrorCode, SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import { compileOwnSchema, type Problem, type Validator } from '#base/schema.ts';
import type { Caller, Operation, Services } from './operation.ts';
import { OPERATIONS } from './table.ts';

export type OperationRunner = (operation: Operation, input: unknown, caller: Caller) => Promise<Json>;

/**
 * Checks the input against the operation's schema, writes the record of a `write` before it is done, and does it. What
 * could not be done after all gets a second record that says so.
 *
 * **Trust:** `input` is the caller's; who the caller is was settled by the door.
 * @throws `USAGE` when the input does not fit · what the operation throws.
 */
export function createOperationRunner(services: Services): OperationRunner {
  const validators = new Map<string, Validator>(OPERATIONS.map(({ name, input }) => [name, compileOwnSchema(input)]));
  return async (operation, input, caller) => {
    const problem = validators.get(operation.name)?.(input)[0];
    if (problem !== undefined || !isJsonObject(input)) {
      throw misfit(operation, problem);
    }
    operation.check?.(services, input);
    if (operation.effect === 'read') return operation.run(services, input, caller);
    const record = (failed?: ErrorCode) =>
      services.log.append({
        kind: 'admin',
        predicate: {
          operation: operation.name,
          subject: operation.subject?.(input) ?? '',
          by: caller.by,
          ...(failed === undefined ? {} : { failed }),
          time: rfc3339(services.clock.nowMs()),
        },
      });
    await record();
    try {
      return await operation.run(services, input, caller);
    } catch (thrown) {
      await record(asSmcpError(thrown).code);
      throw thrown;
    }
  };
}

/** What does not fit, and what the property is for. */
function misfit(operation: Operation, problem: Problem | undefined): SmcpError {
  const name = problem?.pointer.slice(1) ?? '';
  const properties = operation.input['properties'];
  const property = isJsonObject(properties) ? properties[name] : undefined;
  const meant = isJsonObject(property) ? property['description'] : undefined;
  const where = name === '' ? operation.name : name;
  return new SmcpError('USAGE', `${where} ${problem?.message ?? 'must be an object'}`, {
    details: {
      pointer: problem?.pointer ?? '',
      remedy: typeof meant === 'string' ? meant : 'see smcp --help, or /openapi.json',
    },
  });
}
