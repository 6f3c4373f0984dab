// The one table of operations.

import { agentOperations } from './agents.ts';
import { logOperations } from './log.ts';
import type { Operation } from './operation.ts';
import { policyOperations } from './policy.ts';
import { serverOperations } from './server.ts';

export const OPERATIONS: readonly Operation[] = [
  ...serverOperations,
  ...agentOperations,
  ...policyOperations,
  ...logOperations,
];
