// One operation on two doubles, with errors a model can act on. Pure.

/** @type {ReadonlyMap<string, (a: number, b: number) => number>} */
const OPERATIONS = new Map([
  ['add', (a, b) => a + b],
  ['subtract', (a, b) => a - b],
  ['multiply', (a, b) => a * b],
  ['divide', (a, b) => a / b],
]);

/**
 * The result with what it was made from. An error's message begins with a word that programs can look for.
 *
 * @param {string} operation
 * @param {number} a
 * @param {number} b
 */
export function calculate(operation, a, b) {
  const name = operation.toLowerCase();
  const compute = OPERATIONS.get(name);
  if (compute === undefined) {
    throw new Error(`invalid_operation: ${JSON.stringify(operation)} is none of ${[...OPERATIONS.keys()].join(', ')}`);
  }
  if (name === 'divide' && b === 0) throw new Error('division_by_zero: b is 0');
  const result = compute(a, b);
  if (!Number.isFinite(result)) throw new Error(`overflow: ${name} of ${a} and ${b} is too large for a double`);
  return { ok: true, operation: name, a, b, result };
}
