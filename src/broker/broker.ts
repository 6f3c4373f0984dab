// Answers the host calls of guests: guard, decide, do the effect, count and write down. The dispatcher opens one session per
// invocation; the sandbox hands it what guests send, and has refused already what the manifest lacks.

import { randomBytes } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import { asSmcpError, SmcpError } from '#base/errors.ts';
import { faultOf } from '#base/json-fault.ts';
import type { Logger } from '#base/log.ts';
import type { CapabilityKind } from '#domain/capability.ts';
import { capabilityOf, type HostCallName, isHostCallName } from '#domain/host-call.ts';
import type { ToolCaller } from '#domain/ports.ts';
import { refusalOfCall, shownText } from '#domain/refusal.ts';
import type { Broker, BrokerSession, CountWork, HostCallHandler, ProgramRunner } from '#domain/sandbox-ports.ts';
import { createClockEffect } from '#effects/clock.ts';
import type { FilesEffect } from '#effects/files/files-effect.ts';
import type { NetEffect } from '#effects/net/net-effect.ts';
import { createRandomEffect, type RandomSource } from '#effects/random.ts';
import type { StoreEffect } from '#effects/store.ts';
import type { CallContext, CallHandlers, FurtherUses, PreparedCall } from './call-handler.ts';
import { createClockCalls, createRandomCalls } from './clock-calls.ts';
import { createFilesCalls } from './files-calls.ts';
import { createMasking } from './masking.ts';
import { createMeter } from './meter.ts';
import { createNetCalls } from './net-calls.ts';
import { invalid } from './params.ts';
import { createRunCalls } from './run-calls.ts';
import { createStoreCalls } from './store-calls.ts';
import { createTalkCalls, tagsOf } from './talk-calls.ts';
import { createToolsCalls } from './tools-calls.ts';
import { createTranscriptWriter } from './transcript.ts';

/** The kinds that have an effect in this version. The registry refuses plugins that ask for another. */
export const AVAILABLE_CAPABILITIES: readonly CapabilityKind[] = [
  'net',
  'secrets',
  'files',
  'store',
  'run',
  'tools',
  'clock',
  'random',
];

/** What can be done for guests; a call whose effect is absent is refused as not available. */
export type Effects = {
  readonly files?: FilesEffect;
  readonly net?: NetEffect;
  readonly store?: StoreEffect;
  readonly run?: ProgramRunner;
  readonly tools?: ToolCaller;
};

export type BrokerPorts = {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: the system's. */
  readonly randomBytes?: RandomSource;
  readonly effects?: Effects;
  /** Other handlers in place of these, for a trace of a plugin: `sandbox/harness` only. Absent: these. */
  readonly replaced?: (own: CallHandlers) => CallHandlers;
};

/**
 * A session's `handle` rejects with `CANCELLED` once the call is being ended, `REQUEST_INVALID` for what is no host call,
 * `CAPABILITY_DENIED` for one that the grant doesn't give, `HOST_CALLS_EXCEEDED` past the limit. `used()` tells of
 * capabilities only: log and progress need none, and a digest of a short message would let it be guessed.
 */
export function createBroker(ports: BrokerPorts): Broker {
  const own = handlersOf(ports);
  const handlers = ports.replaced?.(own) ?? own;
  return { open: (context) => openSession(ports.logger, handlers, context) };
}

const uncounted: CountWork = (act) => act();

/** Of calls that need no capability. */
const NO_USES: FurtherUses = { begin: () => ({ end: () => undefined }) };

function handlersOf({ clock, logger, effects = {}, ...ports }: BrokerPorts): CallHandlers {
  return {
    ...createTalkCalls({ logger }),
    ...createClockCalls(createClockEffect({ clock })),
    ...createRandomCalls(createRandomEffect({ randomBytes: ports.randomBytes ?? randomBytes })),
    ...(effects.files === undefined ? {} : createFilesCalls(effects.files)),
    ...(effects.net === undefined ? {} : createNetCalls(effects.net)),
    ...(effects.store === undefined ? {} : createStoreCalls(effects.store)),
    ...(effects.run === undefined ? {} : createRunCalls(effects.run)),
    ...(effects.tools === undefined ? {} : createToolsCalls(effects.tools)),
  };
}

function openSession(logger: Logger, handlers: CallHandlers, context: CallContext): BrokerSession {
  const meter = createMeter();
  const transcript = createTranscriptWriter();
  const masking = createMasking(context);
  let calls = 0;
  const answer: HostCallHandler = async ({ name, params }, signal, count = uncounted) => {
    // A call that is being ended does nothing any more, however long its code still runs.
    if (signal.aborted) throw new SmcpError('CANCELLED', 'the call is being ended');
    calls += 1;
    if (calls > context.hostCallsMax) throw new SmcpError('HOST_CALLS_EXCEEDED', 'the limit of host calls is reached');
    const known = checkedName(logger, context, masking.hidden(name));
    const kind = capabilityOf(known);
    if (kind === undefined) return prepare(handlers, known)(masking.hidden(params), context).perform(signal, NO_USES);
    const fault = faultOf(params);
    if (fault !== undefined) throw invalid(`${known}: what it was given ${fault}`);
    masking.checkParams(known, params);
    const prepared = prepare(handlers, known)(params, context);
    const { target, perform } = prepared;
    checkLabels(kind, prepared, context);
    const use = meter.begin({ kind, target, request: params });
    try {
      const performed = perform(signal, {
        begin: (further, request) => meter.begin({ kind, target: further, request }),
      });
      const found = await performed;
      return count(() => {
        const answered = masking.hidden(found);
        use.end(answered);
        return answered;
      });
    } catch (thrown) {
      const error = masking.error(thrown);
      use.end(asSmcpError(error).toWire());
      throw error;
    }
  };
  return {
    handle: async (call, signal, count) => {
      try {
        return await answer(call, signal, count);
      } catch (thrown) {
        throw masking.error(thrown);
      }
    },
    used: () => masking.hidden(meter.lines()),
    traffic: transcript.traffic,
    transcript: () => masking.transcript(transcript.read()),
  };
}

/** Before it is done: what is read counts from here on, however the call ends. @throws `CAPABILITY_DENIED` · `LOG_UNAVAILABLE` */
function checkLabels(kind: CapabilityKind, { looksAt, writesTo }: PreparedCall, { labels }: CallContext): void {
  if (labels === undefined) return;
  if (looksAt !== undefined) labels.looksAt(looksAt);
  if (writesTo !== undefined) labels.writesTo(writesTo);
  if (kind === 'net' || kind === 'run') labels.mayUse(kind);
}

/** @throws `REQUEST_INVALID` for a name that is no host call · `CAPABILITY_DENIED` for one whose kind was not given */
function checkedName(logger: Logger, context: CallContext, name: string): HostCallName {
  const refusal = refusalOfCall(name, context.capabilities);
  if (refusal === undefined && isHostCallName(name)) return name;
  logger.warn('a plugin asked for what it was not given', { ...tagsOf(context), call: shownText(name) });
  throw refusal ?? new SmcpError('INTERNAL', 'a host call that is none was not refused');
}

function prepare(handlers: CallHandlers, name: HostCallName): NonNullable<CallHandlers[HostCallName]> {
  const handler = handlers[name];
  if (handler !== undefined) return handler;
  throw new SmcpError('CAPABILITY_UNAVAILABLE', `this server can't carry out ${name}`);
}
