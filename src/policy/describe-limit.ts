// Why a limit stops a call, in words for the agent and for the person who may change it. Pure.

import { isWritableTime, rfc3339 } from '#base/clock.ts';
import { formatDuration } from '#base/duration.ts';
import { COST_MICROS, type Counter, type Exceeded } from '#domain/usage.ts';
import { nameOfUnit } from './limits.ts';

/** `reason` and `remedy` of a denial. */
export function describeExceeded(
  { rule, pointer, amount }: Counter,
  { unit, limit, used, perMs, resetsMs }: Exceeded,
): { readonly reason: string; readonly remedy: string } {
  const amounts = unit === 'cost' ? [limit, used, amount].map((micros) => micros / COST_MICROS) : [limit, used, amount];
  const [max, taken, wanted] = amounts;
  const per = perMs === undefined ? '' : ` in ${formatDuration(perMs)}`;
  const until = resetsMs === undefined || !isWritableTime(resetsMs) ? undefined : rfc3339(resetsMs);
  if (unit === 'repeats') {
    return {
      reason: `the same call, with the same arguments, was made ${taken} times${per}: this looks like a loop`,
      remedy: `change something before you call again: read the answers you have, try other arguments or another tool, or ask a person${until === undefined ? '' : `; the same call is taken again from ${until} on`}; a person sets how often is too often at ${pointer} in the policy`,
    };
  }
  const more = amount > 1 ? `, and this call takes ${wanted}` : '';
  const wait = until === undefined ? 'call again when one of them has ended' : `wait until ${until}`;
  return {
    reason: `the limit ${rule} is reached: ${taken} of ${max} ${unit === 'cost' ? 'of cost' : nameOfUnit(unit)}${per} are used${more}`,
    remedy: `${wait}, or have a person raise the limit at ${pointer} in the policy`,
  };
}
