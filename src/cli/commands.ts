// Every command, in the order of the overview.

import { OPERATIONS } from '#operations/table.ts';
import { approvalsApproveCommand } from './approvals-approve.ts';
import { callCommand } from './call.ts';
import type { Command } from './command.ts';
import { completionCommand } from './completion.ts';
import { docsCommand } from './docs.ts';
import { doctorCommand } from './doctor.ts';
import { initCommand } from './init.ts';
import { logExportCommand } from './log-export.ts';
import { logProveCommand } from './log-prove.ts';
import { logVerifyCommand } from './log-verify.ts';
import { operationCommand } from './operation-command.ts';
import { pluginAdoptCommand } from './plugin-adopt.ts';
import { pluginApproveCommand } from './plugin-approve.ts';
import { pluginCheckCommand } from './plugin-check.ts';
import { pluginNewCommand } from './plugin-new.ts';
import { pluginTestCommand } from './plugin-test.ts';
import { pluginTraceCommand } from './plugin-trace.ts';
import { policyCheckCommand } from './policy-check.ts';
import { policyImportProfilesCommand } from './policy-import-profiles.ts';
import { policyTestCommand } from './policy-test.ts';
import { serveCommand } from './serve.ts';
import { stdioCommand } from './stdio.ts';
import { toolsCommand } from './tools.ts';

export const COMMANDS: readonly Command[] = [
  serveCommand,
  stdioCommand,
  initCommand,
  doctorCommand,
  policyCheckCommand,
  policyTestCommand,
  policyImportProfilesCommand,
  pluginNewCommand,
  pluginCheckCommand,
  pluginTestCommand,
  pluginTraceCommand,
  pluginAdoptCommand,
  logVerifyCommand,
  completionCommand(() => COMMANDS),
  ...OPERATIONS.map(operationCommand).filter((command) => command !== undefined),
  pluginApproveCommand,
  approvalsApproveCommand,
  toolsCommand,
  callCommand,
  logExportCommand,
  logProveCommand,
  docsCommand,
];
