// The one table of operations.

import { agentOperations } from './agents.ts';
import { approvalOperations } from './approvals.ts';
import { canOperations } from './can.ts';
import { configOperations } from './config.ts';
import { freezeOperations } from './freezes.ts';
import { labelOperations } from './labels.ts';
import { logOperations } from './log.ts';
import { replayOperations } from './log-replay.ts';
import { noticeOperations } from './notices.ts';
import type { Operation } from './operation.ts';
import { peopleOperations } from './people.ts';
import { pluginOperations } from './plugins.ts';
import { policyOperations } from './policy.ts';
import { policyReviewOperations } from './policy-review.ts';
import { queueOperations } from './queue.ts';
import { secretOperations } from './secrets.ts';
import { serverOperations } from './server.ts';
import { signedTokenOperations } from './signed-tokens.ts';

export const OPERATIONS: readonly Operation[] = [
  ...serverOperations,
  ...freezeOperations,
  ...queueOperations,
  ...approvalOperations,
  ...peopleOperations,
  ...labelOperations,
  ...noticeOperations,
  ...agentOperations,
  ...signedTokenOperations,
  ...policyOperations,
  ...canOperations,
  ...policyReviewOperations,
  ...pluginOperations,
  ...secretOperations,
  ...configOperations,
  ...logOperations,
  ...replayOperations,
];
