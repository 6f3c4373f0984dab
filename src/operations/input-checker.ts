// Whether an input fits its operation.

import type { JsonObject } from '#base/json.ts';
import { compileOwnSchema, type Problem, type Validator } from '#base/schema.ts';

export type InputChecker = (
  operation: { readonly name: string; readonly input: JsonObject },
  input: unknown,
) => readonly Problem[];

/** Compiles each schema when it is first needed: a start waits for none of them. */
export function createInputChecker(): InputChecker {
  const validators = new Map<string, Validator>();
  return ({ name, input: schema }, input) => {
    const validate = validators.get(name) ?? compileOwnSchema(schema);
    validators.set(name, validate);
    return validate(input);
  };
}
