// Homes, drafts and small logs for the tests of provenance and its verifier.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { uuidv7 } from '#base/ids.ts';
import { silentLogger } from '#base/log.ts';
import type { Receipt } from '#domain/invocation.ts';
import type { RecordReader } from '#domain/ports.ts';
import type { InvocationPredicate, RecordDraft } from '#domain/record.ts';
import type { LogStore, Store } from '#domain/store-ports.ts';
import type { ExportSource } from '#provenance/export.ts';
import { createRecordLog, type OpenRecordLog } from '#provenance/record-log.ts';
import { type LogSigners, openFileSigners } from '#provenance/signer.ts';
import { createHomeSource } from '#provenance/verify/home-source.ts';
import { type LogVerifier, type VerifyReport, verifyLog } from '#provenance/verify/verify-log.ts';
import { openStore } from '#store/open-store.ts';

export function makeHome(): string {
  return mkdtempSync(join(tmpdir(), 'smcp-log-'));
}

export function removeHome(home: string): void {
  rmSync(home, { recursive: true, force: true });
}

export type OpenHome = { readonly store: Store; readonly log: OpenRecordLog; readonly close: () => Promise<void> };

export type OpenHomeOptions = {
  readonly clock?: Clock;
  /** Stands between the record log and the database. */
  readonly around?: (log: LogStore) => LogStore;
  readonly signers?: (signers: LogSigners) => LogSigners;
  readonly publishIntervalMs?: number;
};

export async function openHome(home: string, options: OpenHomeOptions = {}): Promise<OpenHome> {
  mkdirSync(home, { recursive: true });
  const store = openStore(join(home, 'smcp.db'));
  try {
    const signers = openFileSigners(join(home, 'keys'), { create: store.log.size() === 0 });
    const log = await createRecordLog(
      {
        store: { ...store, log: options.around?.(store.log) ?? store.log },
        signers: options.signers?.(signers) ?? signers,
        clock: options.clock ?? systemClock,
        logger: silentLogger,
      },
      {
        homeDir: home,
        name: 'test.example',
        ...(options.publishIntervalMs === undefined ? {} : { publishIntervalMs: options.publishIntervalMs }),
      },
    );
    return {
      store,
      log,
      close: async () => {
        await log.close();
        store.close();
      },
    };
  } catch (thrown) {
    store.close();
    throw thrown;
  }
}

/** `verify`: one that has its schema compiled, where many logs are verified. */
export function verifyHome(home: string, verify: LogVerifier = verifyLog): VerifyReport {
  const source = createHomeSource(openStore(join(home, 'smcp.db'), { readOnly: true }), home, 'pinned');
  try {
    return verify(source);
  } finally {
    source.close();
  }
}

const POLICY = { version: 1, digest: sha256('policy 1') };
const PLUGIN = { name: 'demo', version: '1.0.0', package: sha256('package'), manifest: sha256('manifest') };
const TIME = '2026-11-22T10:00:00.000Z';

export const policyDraft: RecordDraft = { kind: 'policy', predicate: { ...POLICY, time: TIME, by: 'start' } };

export const pluginDraft: RecordDraft = {
  kind: 'plugin',
  predicate: { ...PLUGIN, capabilities: { clock: true }, origin: 'product', time: TIME },
};

export const adminDraft: RecordDraft = {
  kind: 'admin',
  predicate: { operation: 'agent.add', subject: 'demo', by: 'admin', time: TIME },
};

export function predicateOf(
  phase: InvocationPredicate['phase'],
  parts: Partial<InvocationPredicate> = {},
): InvocationPredicate {
  const hasRun = phase === 'intent' || phase === 'outcome' || phase === 'unknown';
  const decision = phase === 'denied' ? 'deny' : 'allow';
  return {
    phase,
    invocation: uuidv7(),
    attempt: 1,
    agent: 'demo',
    door: 'mcp',
    tool: {
      name: 'demo__write',
      plugin: PLUGIN.name,
      version: PLUGIN.version,
      package: PLUGIN.package,
      manifest: PLUGIN.manifest,
      schema: sha256('schema'),
      effect: 'write',
    },
    policy: { ...POLICY, decision, rule: '/agents/demo/grants/0' },
    ...(hasRun
      ? {
          sandbox: {
            tier: 'isolate',
            profile: sha256('profile'),
            limits: { timeoutMs: 1000, cpuMs: 1000, memoryMiB: 64, outputBytes: 1000, hostCalls: 10 },
            layers: ['isolate', 'process'],
          },
          capabilities: { granted: { clock: true } },
        }
      : {}),
    time: { received: TIME, ...(phase === 'intent' ? {} : { ended: TIME }) },
    ...(phase === 'outcome' ? { result: { isError: false, bytes: 2, class: 'value' } } : {}),
    ...parts,
  };
}

/** The draft of a call's announcement. */
export function intentDraft(parts: Partial<InvocationPredicate> = {}): RecordDraft & { readonly kind: 'invocation' } {
  return { kind: 'invocation', predicate: predicateOf('intent', parts), args: { text: 'hello' } };
}

/** The draft that closes an intent. */
export function outcomeDraft(intent: RecordDraft & { readonly kind: 'invocation' }, receipt: Receipt): RecordDraft {
  const { invocation } = intent.predicate;
  return {
    kind: 'invocation',
    predicate: predicateOf('outcome', { invocation, intent: receipt }),
    args: intent.args ?? null,
    result: { ok: true },
  };
}

/** A log that is open here, as a server would serve it. */
export function asExportSource(log: RecordReader): ExportSource {
  return {
    checkpoint: async () => log.checkpoint(),
    vkey: async () => log.vkey(),
    keys: async () => log.keys(),
    tile: async (path) => log.tile(path),
  };
}

/** What every log begins with after its first record. */
export async function begin(log: OpenRecordLog): Promise<void> {
  await Promise.all([log.append(policyDraft), log.append(pluginDraft)]);
}

/** The smallest log with arguments and a result: 3 records, 3 checkpoints. */
export async function fillTinyLog(log: OpenRecordLog): Promise<void> {
  await log.append(policyDraft);
  const predicate = predicateOf('denied', { tool: { name: 'demo__write' } });
  await log.append({ kind: 'invocation', predicate, args: { text: 'ü' }, result: { code: 'DENIED' } });
}

/** A log with every kind of record: 9 of them, of several commits. */
export async function fillSmallLog(log: OpenRecordLog): Promise<void> {
  await begin(log);
  const intent = intentDraft();
  const receipt = await log.append(intent);
  await log.append(outcomeDraft(intent, receipt));
  await Promise.all([
    log.append({ kind: 'invocation', predicate: predicateOf('denied'), args: {} }),
    log.append({
      kind: 'invocation',
      predicate: predicateOf('outcome', { tool: { ...predicateOf('outcome').tool, effect: 'pure' } }),
      args: { a: 1 },
      result: 'two',
    }),
    log.append({ kind: 'invocation', predicate: predicateOf('cancelled') }),
  ]);
  await log.append(adminDraft);
}

/** The signed statement of a record. */
export function statementAt(log: Pick<RecordReader, 'record'>, index: number) {
  const envelope = JSON.parse(log.record(index)?.envelope ?? '{}');
  return JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
}
