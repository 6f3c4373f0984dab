// The one way for a door to carry an operation out for a person. What an agent asks goes through the dispatcher, which
// decides and records it, and ends in admin-tools.ts.

import { rfc3339 } from '#base/clock.ts';
import { asSmcpError, type ErrorCode, SmcpError } from '#base/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '#base/json.ts';
import type { Problem } from '#base/schema.ts';
import { unrecordedStop } from '#domain/stop.ts';
import { requireConfirmation } from './confirm.ts';
import { createInputChecker } from './input-checker.ts';
import { type Caller, leavesRecord, type Operation, propertiesOf, type Services } from './operation.ts';

export type OperationRunner = (operation: Operation, input: unknown, caller: Caller) => Promise<Json>;

/**
 * Checks the input against the operation's schema, writes the record of what leaves one before it is done, and does it. What
 * could not be done after all gets a second record that says so. A stop does not wait for its record; where that can't be
 * written, the stop is done and the error says so.
 *
 * **Trust:** `input` is the caller's; who the caller is was settled by the door.
 * @throws `USAGE` when the input does not fit · `PERSON_NEEDED` · `CONFIRMATION_NEEDED` · what the operation throws.
 */
export function createOperationRunner(services: Services): OperationRunner {
  const problemsOf = createInputChecker();
  return async (operation, input, asking) => {
    const problem = problemsOf(operation, input)[0];
    if (problem !== undefined || !isJsonObject(input)) throw misfit(operation, problem);
    checkCaller(operation, asking);
    operation.check?.(services, input, asking);
    const caller = await requireConfirmation(services, operation, input, asking);
    if (!leavesRecord(operation)) return operation.run(services, input, caller);
    const record = (failed?: ErrorCode) =>
      services.log.append({
        kind: 'admin',
        predicate: {
          operation: operation.name,
          subject: operation.subject?.(input) ?? '',
          by: caller.by,
          ...(operation.recordsWhy === true && typeof input['why'] === 'string' ? { why: input['why'] } : {}),
          ...(failed === undefined ? {} : { failed }),
          time: rfc3339(services.clock.nowMs()),
        },
      });
    const recorded = record();
    if (!operation.isStop) await recorded;
    const [written, done] = await Promise.allSettled([recorded, begin(() => operation.run(services, input, caller))]);
    if (done.status === 'rejected') {
      if (written.status === 'fulfilled') await record(asSmcpError(done.reason).code);
      throw done.reason;
    }
    if (written.status === 'rejected') throw unrecordedStop(written.reason);
    return done.value;
  };
}

/** Runs it in this turn; what it throws is a rejection. */
async function begin(run: () => Promise<Json> | Json): Promise<Json> {
  return run();
}

/** @throws `PERSON_NEEDED` when an agent asks for what is left to people. */
export function checkCaller(operation: Operation, caller: Caller): void {
  if (operation.isForPeople !== true || caller.kind === 'person') return;
  const words = operation.command?.join(' ');
  throw new SmcpError('PERSON_NEEDED', `only a person may do ${operation.name}; no grant gives it to an agent`, {
    details: { remedy: words === undefined ? 'ask a person to do it' : `a person does it with: smcp ${words}` },
  });
}

/** What does not fit, and what the property is for. */
function misfit(operation: Operation, problem: Problem | undefined): SmcpError {
  const name = problem?.pointer.slice(1) ?? '';
  const properties: { readonly [name: string]: JsonObject | undefined } = propertiesOf(operation);
  const meant = properties[name]?.['description'];
  const where = name === '' ? operation.name : name;
  return new SmcpError('USAGE', `${where} ${problem?.message ?? 'must be an object'}`, {
    details: {
      pointer: problem?.pointer ?? '',
      remedy: typeof meant === 'string' ? meant : (problem?.remedy ?? 'see smcp --help, or /openapi.json'),
    },
  });
}
