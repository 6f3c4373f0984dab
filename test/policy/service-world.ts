// What the policy's service needs around it, in memory: store, log, clock and a logger that keeps warnings.

import { SmcpError } from '#base/errors.ts';
import type { LogFields, Logger } from '#base/log.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { RecordDraft } from '#domain/record.ts';
import type { PolicyStore, PolicyVersion } from '#domain/store-ports.ts';
import { createPolicyService } from '#policy/policy-service.ts';
import { NOW_MS } from './policies.ts';

/** One agent that may call one tool. */
export const policy = (tool: string) =>
  `# mine\nversion: 1\nagents:\n  athena:\n    grants: [{ tools: ["${tool}"] }]\n`;

function memoryStore() {
  const versions: PolicyVersion[] = [];
  const store = {
    latest: () => versions.at(-1),
    put: (version) => void versions.push({ ...version, isRecorded: false }),
    markRecorded: (version) => {
      const at = versions.findIndex((each) => each.version === version);
      const found = versions[at];
      if (found !== undefined) versions[at] = { ...found, isRecorded: true };
    },
  } satisfies PolicyStore;
  return { store, versions };
}

/** Appends in order; `fail` makes the next one fail, `hold` keeps it open. */
function memoryLog() {
  const drafts: RecordDraft[] = [];
  const state = { fails: false, gate: Promise.resolve() };
  const log = {
    append: async (draft) => {
      const index = drafts.push(draft) - 1;
      await state.gate;
      if (state.fails) throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
      return { index, leaf: '' };
    },
  } satisfies RecordLog;
  return { log, drafts, state };
}

/** Everything around a service that reads `file`. */
export function world(file: string) {
  const { store, versions } = memoryStore();
  const { log, drafts, state } = memoryLog();
  const warnings: { message: string; fields: LogFields | undefined }[] = [];
  const nothing = () => {};
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    error: nothing,
    warn: (message, fields) => void warnings.push({ message, fields }),
  };
  const catalog = () => [{ name: 'a__b', inputSchema: {} }];
  const clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 };
  const ports = { store, recordLog: log, catalog, clock, logger };
  const open = () => createPolicyService(ports, { file });
  return { open, versions, drafts, state, store, warnings };
}

/** The code that a promise is rejected with; undefined when it is not. */
export const codeOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof SmcpError ? error.code : error;
};
