// Approvals over a real store in memory, a clock that a test moves, and a log that keeps every draft.

import { createApprovals } from '#approvals/approvals.ts';
import { createGivers } from '#approvals/givers.ts';
import type { Clock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { silentLogger } from '#base/log.ts';
import type { AgentName } from '#domain/agent.ts';
import type { ApprovalQuestion, ApprovalRequest, ApprovalStore } from '#domain/approval-ports.ts';
import type { PersonRole } from '#domain/person.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { RecordDraft } from '#domain/record.ts';
import { APPROVE_TOOL } from '#domain/tool.ts';
import { createAdminToolCatalog } from '#operations/admin-tools.ts';
import { createApprovalStore } from '#store/approval-store.ts';
import { migrate } from '#store/migrations.ts';
import { openDatabase } from '#store/sqlite.ts';

export const START_MS = Date.parse('2026-11-22T10:00:00Z');
export const TTL_MS = 15 * 60_000;

export const athena = 'athena' as AgentName;
export const bea = 'bea' as AgentName;
export const admin = { kind: 'admin' } as const;

/** A call of athena's; `more` changes one thing about it. */
export function question(more: Partial<ApprovalQuestion> = {}): ApprovalQuestion {
  return {
    agent: athena,
    tool: {
      name: 'devops__deploy',
      schema: sha256('schema'),
      effect: 'write',
      plugin: { name: 'devops', version: '1.0.0', package: sha256('code'), manifest: sha256('manifest') },
    },
    args: { environment: 'staging', replicas: 3 },
    capabilities: { store: { bytesMax: 1024 } },
    chain: [],
    rule: { name: 'deploys', digest: sha256('rule') },
    policy: { version: 4, digest: sha256('policy') },
    terms: { ttlMs: TTL_MS, trustsClient: false },
    ...more,
  };
}

export function createClock() {
  const state = { nowMs: START_MS, monotonicMs: 0 };
  const clock: Clock = { nowMs: () => state.nowMs, monotonicMs: () => state.monotonicMs };
  const pass = (ms: number) => {
    state.nowMs += ms;
    state.monotonicMs += ms;
  };
  return { clock, state, pass };
}

function createGiverState() {
  return {
    /** Everybody is an approver, with every passkey, unless a test says otherwise. */
    roleOf: (_name: string, _credential: string): PersonRole | undefined => 'approver',
    /** Agents whose rules let them approve calls of others. */
    approvers: new Set<string>(['bea']),
    frozen: new Set<string>(),
    /** Ids of tokens that stand no more. */
    endedTokens: new Set<string>(),
    lostAccounts: new Set<number>(),
  };
}

export function createWorld(around: (store: ApprovalStore) => ApprovalStore = (store) => store) {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  const store = around(createApprovalStore(database));
  const drafts: RecordDraft[] = [];
  const state = {
    isDiskFull: false,
    beforeAppend: async () => {},
    ...createGiverState(),
  };
  const log = {
    append: async (draft) => {
      await state.beforeAppend();
      if (state.isDiskFull) throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
      drafts.push(draft);
      return { index: drafts.length - 1, leaf: `leaf-${drafts.length - 1}` };
    },
  } satisfies RecordLog;
  const time = createClock();
  const open = () => {
    return createApprovals({
      store,
      log,
      clock: time.clock,
      logger: silentLogger,
      givers: createWorldGivers(state, time),
    });
  };
  const approvals = open();
  const approve = (request: ApprovalRequest, by: Parameters<typeof approvals.approve>[1]['by'] = admin) =>
    approvals.approve(request.id, { digest: request.digest, by });
  return { approvals, approve, restart: open, store, log, drafts, state, time, database };
}

/** The real rule, over a policy, freezes, tokens and accounts that a test changes. */
function createWorldGivers(state: ReturnType<typeof createGiverState>, { clock }: ReturnType<typeof createClock>) {
  const approveTool = createAdminToolCatalog().tool(APPROVE_TOOL);
  if (approveTool === undefined) throw new Error('agents approve by a tool');
  const policy = { version: 1, digest: sha256('policy') };
  return createGivers({
    roleOf: (name, credential) => state.roleOf(name, credential),
    policy: {
      decide: ({ agent }) =>
        state.approvers.has(agent)
          ? { kind: 'allow', rule: 'approves', reason: '', policy }
          : { kind: 'deny', rule: 'default-deny', reason: '', remedy: '', policy },
      mightCall: (agent) => state.approvers.has(agent),
    },
    freezes: {
      stops: ({ agent }) =>
        state.frozen.has(agent)
          ? { scope: { kind: 'agent', name: agent }, by: 'admin', sinceMs: clock.nowMs() }
          : undefined,
    },
    ...{ clock, approveTool },
    stillHolds: ({ tokenId }) => !state.endedTokens.has(tokenId),
    channelProblem: ({ name, account }) =>
      state.lostAccounts.has(account) ? `${name} has this account at Telegram no more` : undefined,
  });
}

/** The code of what is thrown; undefined when nothing is. */
export async function codeOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof SmcpError) return thrown.code;
    throw thrown;
  }
}
