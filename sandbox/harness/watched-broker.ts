// The broker of a made-up world: the real one, with the world's effects in place of those that would leave the machine, and a look
// at every session. Called by start-plugin.ts.

import { createHash } from 'node:crypto';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/log.ts';
import { type BrokerPorts, createBroker, type Effects } from '#broker/broker.ts';
import type { CallHandler, CallHandlers } from '#broker/call-handler.ts';
import { CAPABILITY_KINDS } from '#domain/capability.ts';
import { neededFor } from '#domain/needed-capabilities.ts';
import type { Broker, BrokerSession, PluginRuntime, RunRequest } from '#domain/sandbox-ports.ts';
import type { PluginStore } from '#domain/store-ports.ts';
import { createStoreEffect } from '#effects/store.ts';

/** One line that the plugin logged. */
export type PluginLog = { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string };

export type WatchedBroker = {
  readonly broker: Broker;
  /** The last session of an invocation; undefined: it never came to run. */
  readonly sessionOf: (invocation: string) => BrokerSession | undefined;
  readonly logOf: (invocation: string) => readonly PluginLog[];
};

export type WatchedPorts = {
  readonly clock: Clock;
  readonly values: PluginStore;
  /** Absent: the system's. */
  readonly seed?: string;
  /** All but the store, which is in memory. */
  readonly effects: Omit<Effects, 'store'>;
  /** Each call is given what it needs: for a trace of a plugin whose manifest doesn't ask for it yet. */
  readonly givesAll: boolean;
};

export function createWatchedBroker({ clock, values, seed, effects, givesAll }: WatchedPorts): WatchedBroker {
  const sessions = new Map<string, BrokerSession>();
  const logs = new Map<string, PluginLog[]>();
  const random: Pick<BrokerPorts, 'randomBytes'> = seed === undefined ? {} : { randomBytes: seededBytes(seed) };
  const broker = createBroker({
    ...{ clock, ...random, logger: keepingLogger(logs) },
    effects: { store: createStoreEffect(values), ...effects },
    ...(givesAll ? { replaced: givingAll } : {}),
  });
  return {
    broker: {
      open: (context) => {
        const session = broker.open(context);
        sessions.set(context.invocation, session);
        return session;
      },
    },
    sessionOf: (invocation) => sessions.get(invocation),
    logOf: (invocation) => logs.get(invocation) ?? [],
  };
}

/** A handler decides by what a call was given: it is given what this one call needs, and no more. */
function givingAll(handlers: CallHandlers): CallHandlers {
  const giving =
    (name: string, handler: CallHandler): CallHandler =>
    (params, context) => {
      // Room in the store is that of all calls together, not of this one.
      const { store, ...needed } = neededFor(name, params);
      return handler(params, { ...context, capabilities: { ...context.capabilities, ...needed } });
    };
  return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, giving(name, handler)]));
}

/**
 * The sandbox refuses by itself what a call has no capability for at all, and nobody but the plugin is told. Here it hands
 * that on: the broker refuses it by the same table, where a test can see it.
 */
export function withVisibleRefusals(runtime: PluginRuntime): PluginRuntime {
  const none = Object.fromEntries(CAPABILITY_KINDS.map((kind) => [kind, []])) as RunRequest['capabilities'];
  return {
    ...runtime,
    run: (request) => runtime.run({ ...request, capabilities: { ...none, ...request.capabilities } }),
  };
}

function keepingLogger(logs: Map<string, PluginLog[]>): Logger {
  const keep =
    (level: PluginLog['level']): Logger[typeof level] =>
    (message, { invocation, text } = {}) => {
      if (message !== 'plugin log' || typeof invocation !== 'string' || typeof text !== 'string') return;
      logs.set(invocation, [...(logs.get(invocation) ?? []), { level, text }]);
    };
  return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
}

/** SHA-256 of the seed and a counter. Anyone can guess it: for tests. */
function seededBytes(seed: string): NonNullable<BrokerPorts['randomBytes']> {
  let block = 0;
  return (count) => {
    const blocks: Buffer[] = [];
    for (let length = 0; length < count; length += 32) {
      blocks.push(createHash('sha256').update(`${seed}\n${block}`).digest());
      block += 1;
    }
    return Buffer.concat(blocks).subarray(0, count);
  };
}
