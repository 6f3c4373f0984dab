// What the policy's service needs around it, in memory: store, log, clock and a logger that keeps warnings. The file is real.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import type { LogFields, Logger } from '#base/log.ts';
import type { PolicyAuthor } from '#domain/policy-ports.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { RecordDraft } from '#domain/record.ts';
import type { CounterRow, CounterStore, PolicyStore, PolicyVersion } from '#domain/store-ports.ts';
import type { PolicyPorts } from '#policy/policy-ports.ts';
import { createPolicyService, type PolicyService } from '#policy/policy-service.ts';
import { createPolicyThread } from '#policy/policy-thread.ts';
import { NOW_MS } from './policies.ts';

/** One agent that may call one tool. */
export const policy = (tool: string) =>
  `# mine\nversion: 1\nagents:\n  athena:\n    grants: [{ tools: ["${tool}"] }]\n`;

export const person = (by: string): PolicyAuthor => ({ by, mayWiden: true });
export const agent = (by: string): PolicyAuthor => ({ by, mayWiden: false });

function memoryStore() {
  const versions: PolicyVersion[] = [];
  const store = {
    latest: () => versions.at(-1),
    put: async (version) => void versions.push({ ...version, isRecorded: false }),
    markRecorded: async (version) => {
      const at = versions.findIndex((each) => each.version === version);
      const found = versions[at];
      if (found !== undefined) versions[at] = { ...found, isRecorded: true };
    },
    get: (version) => versions.find((each) => each.version === version),
    list: () => versions.map(({ text: _, ...rest }) => rest).reverse(),
  } satisfies PolicyStore;
  return { store, versions };
}

/** Everything put is kept at once. */
export function memoryCounters() {
  const rows = new Map<string, CounterRow>();
  return {
    put: (row) => void rows.set(row.key, row),
    list: () => [...rows.values()],
    prune: (beforeMs) => {
      for (const [key, { windowMs, perMs }] of rows) if (windowMs + perMs < beforeMs) rows.delete(key);
    },
  } satisfies CounterStore;
}

/** Appends in order; `fails` makes appends fail, `gate` keeps them open. */
function memoryLog() {
  const drafts: RecordDraft[] = [];
  const state = { fails: false, gate: Promise.resolve(), nowMs: NOW_MS };
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

/** One for all worlds of a file: it takes a while to start. */
const shared = createPolicyThread();
afterAll(() => shared.close());

type Apply = 'auto' | 'manual';

/** Everything around a service that reads `file`; each `open` is a start of the server. `close` ends every service. */
export function world(file: string, thread: PolicyPorts['thread'] = shared) {
  const { store, versions } = memoryStore();
  const { log, drafts, state } = memoryLog();
  const counters = memoryCounters();
  const warnings: { message: string; fields: LogFields | undefined }[] = [];
  const services: PolicyService[] = [];
  const hung: (() => void)[] = [];
  const nothing = () => {};
  const logger: Logger = {
    debug: nothing,
    info: nothing,
    error: nothing,
    warn: (message, fields) => void warnings.push({ message, fields }),
  };
  const catalog = () => [{ name: 'a__b', inputSchema: {} }];
  const clock = { nowMs: () => state.nowMs, monotonicMs: () => performance.now() };
  const ports = { store, counters, recordLog: log, catalog, thread, clock, logger };
  const open = async (apply: Apply = 'auto') => {
    const service = await createPolicyService(ports, { file, apply: () => apply });
    services.push(service);
    return service;
  };
  /** From now on no append ends, until the function returned is called, or everything is closed. */
  const hang = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    state.gate = promise;
    hung.push(resolve);
    return resolve;
  };
  const close = async () => {
    for (const release of hung) release();
    await Promise.all(services.map((service) => service.close()));
  };
  return { open, versions, drafts, state, store, counters, warnings, hang, close };
}

export type PolicyHome = {
  readonly directory: string;
  /** Of the policy; not there yet. */
  readonly file: string;
  readonly around: ReturnType<typeof world>;
};

/** Gives `take` a folder and a world of their own before each test, and ends both after it. */
export function eachInItsHome(take: (home: PolicyHome) => void): void {
  let home: PolicyHome | undefined;
  beforeEach(() => {
    const directory = mkdtempSync(join(tmpdir(), 'smcp-policy-'));
    const file = join(directory, 'policy.yaml');
    home = { directory, file, around: world(file) };
    take(home);
  });
  afterEach(async () => {
    await home?.around.close();
    if (home !== undefined) rmSync(home.directory, { recursive: true, force: true });
  });
}

/** The code that a promise is rejected with; undefined when it is not. */
export const codeOf = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof SmcpError ? error.code : error;
};

/** Waits until it holds; a test that waits in vain ends by its own timeout. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
