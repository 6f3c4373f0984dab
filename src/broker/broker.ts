// Answers the host calls of guests: parse, check the effective capabilities, do the effect, count it. The dispatcher opens
// one session per invocation; the sandbox hands it what guests send, and has refused already what the manifest lacks.

import { randomBytes } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { visibleText } from '#base/visible.ts';
import type { CapabilityKind } from '#domain/capability.ts';
import { capabilityOf } from '#domain/host-call.ts';
import type { Progress } from '#domain/invocation.ts';
import type { Broker } from '#domain/sandbox-ports.ts';
import { type ClockEffect, createClockEffect } from '#effects/clock.ts';
import { createRandomEffect, type RandomEffect, type RandomSource } from '#effects/random.ts';
import { type ParsedCall, parseCall, parseName } from './host-calls.ts';
import { createMeter } from './meter.ts';

/** The kinds that this version has an effect for. The registry refuses plugins that ask for another. */
export const AVAILABLE_CAPABILITIES: readonly CapabilityKind[] = ['clock', 'random'];

type SessionOptions = Parameters<Broker['open']>[0];
type Parts = { readonly logger: Logger; readonly clock: ClockEffect; readonly random: RandomEffect };

/**
 * A broker over a clock, a log and a source of random bytes (absent: the system's).
 *
 * A session's `handle` rejects with `CANCELLED` once the call is being ended, `REQUEST_INVALID` for what is no host call, `CAPABILITY_DENIED` for one that the
 * grant doesn't give, `HOST_CALLS_EXCEEDED` past the limit. `used()` tells of capabilities only: log and progress need
 * none, and a digest of a short message would let it be guessed.
 */
export function createBroker(ports: {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly randomBytes?: RandomSource;
}): Broker {
  const parts: Parts = {
    logger: ports.logger,
    clock: createClockEffect({ clock: ports.clock }),
    random: createRandomEffect({ randomBytes: ports.randomBytes ?? randomBytes }),
  };
  return { open: (options) => openSession(parts, options) };
}

function openSession(parts: Parts, options: SessionOptions): ReturnType<Broker['open']> {
  const meter = createMeter();
  let calls = 0;
  return {
    handle: async ({ name, params }, signal) => {
      // A call that is being ended does nothing any more, however long its code still runs.
      if (signal.aborted) throw new SmcpError('CANCELLED', 'the call is being ended');
      calls += 1;
      if (calls > options.hostCallsMax)
        throw new SmcpError('HOST_CALLS_EXCEEDED', 'the limit of host calls is reached');
      const kind = parseName(name);
      const needed = capabilityOf(kind);
      if (needed !== undefined) checkGiven(parts, options, needed);
      const answer = answerTo(parts, options, parseCall(kind, { name, params }));
      if (needed !== undefined) meter.count({ kind: needed, target: kind, request: params, answer });
      return answer;
    },
    used: meter.lines,
  };
}

/** @throws `CAPABILITY_DENIED` */
function checkGiven({ logger }: Parts, options: SessionOptions, needed: CapabilityKind): void {
  if (options.capabilities[needed] !== undefined) return;
  logger.warn('a plugin asked for what it was not given', { ...tagsOf(options), capability: needed });
  throw new SmcpError('CAPABILITY_DENIED', `this call was not given ${needed}`, {
    details: { capability: needed, remedy: `ask for ${needed} in plugin.json, and have the grant give it` },
  });
}

function answerTo(parts: Parts, options: SessionOptions, call: ParsedCall): Json {
  switch (call.kind) {
    case 'log':
      // The text is a field, not the message: a plugin's words are never taken for the server's own.
      parts.logger[call.level]('plugin log', { ...tagsOf(options), text: shown(call.message) });
      return null;
    case 'progress':
      report(parts, options, call.progress);
      return null;
    case 'now':
      return parts.clock.now();
    case 'random':
      return Buffer.from(parts.random.bytes(call.count)).toString('base64');
  }
}

/** A door that can't take it is no fault of the guest, and no reason to end the call. */
function report({ logger }: Parts, options: SessionOptions, { message, ...numbers }: Progress): void {
  try {
    options.onProgress?.({ ...numbers, ...(message === undefined ? {} : { message: shown(message) }) });
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown.message : 'unknown';
    logger.warn('progress could not be told', { ...tagsOf(options), error });
  }
}

const shown = (text: string): string => visibleText(text, LIMITS.logMessageLengthMax);

const tagsOf = ({ plugin, tool, agent, invocation }: SessionOptions) => ({ plugin, tool, agent, invocation });
