// Tells who called a program that failed what the sandbox seems to have refused to it, and what to do. Called for every outcome of
// the tier of restricted children. Trusts the outcome; its texts are the plugin's, and decide nothing but this remedy.

import { missingCapability, type RefusedPlugin, refusalRemedy } from '#domain/cli-plugin/missing-capability.ts';
import type { RunOutcome } from '#domain/invocation.ts';

/** The outcome, with the remedy in its details where it looks like a refusal. */
export function withRefusal(outcome: RunOutcome, refused: RefusedPlugin): RunOutcome {
  if (outcome.kind !== 'failed' || outcome.error.code !== 'TOOL_FAILED') return outcome;
  const { message, details = {} } = outcome.error;
  const stderr = typeof details['stderr'] === 'string' ? details['stderr'] : '';
  const missing = missingCapability(`${message}\n${stderr}`);
  if (missing === undefined) return outcome;
  const remedy = refusalRemedy(missing, refused);
  return { ...outcome, error: { ...outcome.error, details: { ...details, remedy } } };
}
