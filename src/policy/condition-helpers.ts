// The functions that conditions have beside those of CEL: `host(url)` and `within(path, root)`, by the same parsers that the broker decides
// with. Pure.

import type { ConditionHelpers } from '#base/condition.ts';
import { parseTarget } from '#domain/net-target.ts';
import { isWithinPath } from '#domain/plain-path.ts';

export const CONDITION_HELPERS: ConditionHelpers = {
  hostOf: (url) => {
    const parsed = parseTarget(url);
    return parsed.kind === 'target' ? parsed.target.host : undefined;
  },
  isWithin: isWithinPath,
};
