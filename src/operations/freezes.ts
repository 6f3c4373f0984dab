// Operations that stop everything, or an agent, a plugin, or whatever may change something; and the one that lets it go on.

import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { nearest } from '#base/nearest.ts';
import { describeScope, type FreezeScope } from '#domain/freeze.ts';
import { aboutFreezes, mayLift } from './confirmed-acts.ts';
import { knownPlugin } from './known.ts';
import { inputSchema, type Operation, type Services } from './operation.ts';
import { freezeSchema, freezeView, stopSchema, stopView } from './views.ts';

const scopeInput = inputSchema({
  agent: { type: 'string', description: 'Only calls of this agent.' },
  plugin: { type: 'string', description: 'Only calls of tools of this plugin.' },
  writes: { type: 'boolean', description: 'Only calls of tools that may change something.' },
});

export const freezeOperations: readonly Operation[] = [
  {
    name: 'freeze',
    topic: 'freezes',
    summary: 'Stops calls at once, ends those that run, and stays in force over a restart until a person lifts it.',
    detail:
      'Without agent, plugin or writes everything is stopped; at most one of them may be given. Only a person can lift a freeze.',
    command: ['freeze'],
    positional: [],
    method: 'POST',
    path: '/freezes',
    effect: 'write',
    isStop: true,
    input: scopeInput,
    output: stopSchema(freezeSchema),
    subject: (input) => describeScope(scopeOf(input) ?? { kind: 'all' }),
    check: (services, input) => checkKnown(services, scopeOf(input)),
    run: async ({ freezes, enforce }, input, { by }) => {
      try {
        const view = freezeView(freezes.freeze(scopeOf(input) ?? { kind: 'all' }, by));
        return stopView(view, await enforce());
      } catch (thrown) {
        // Also when it could not be kept: what is in force is held to.
        await enforce();
        throw thrown;
      }
    },
  },
  {
    name: 'unfreeze',
    topic: 'freezes',
    summary: 'Lifts a freeze, or every freeze when none is named.',
    command: ['unfreeze'],
    positional: [],
    method: 'DELETE',
    path: '/freezes',
    effect: 'write',
    isForPeople: true,
    input: scopeInput,
    output: {
      type: 'object',
      properties: {
        lifted: { type: 'array', items: freezeSchema },
        freezes: { type: 'array', items: freezeSchema, description: 'What is still frozen.' },
      },
      required: ['lifted', 'freezes'],
    },
    subject: (input) => {
      const scope = scopeOf(input);
      return scope === undefined ? 'every freeze' : describeScope(scope);
    },
    check: (_, input) => void scopeOf(input),
    confirm: { kind: 'unfreeze', about: aboutFreezes(scopeOf) },
    run: ({ freezes }, input, caller) => {
      const scope = scopeOf(input);
      const named = scope === undefined ? undefined : describeScope(scope);
      const meant = freezes.list().filter((freeze) => named === undefined || describeScope(freeze.scope) === named);
      const lifted = meant.filter((freeze) => mayLift(freeze, caller));
      for (const freeze of lifted) freezes.unfreeze(freeze.scope, caller.by);
      return { lifted: lifted.map(freezeView), freezes: freezes.list().map(freezeView) };
    },
  },
];

/** Undefined when none is named. @throws `USAGE` when more than one is. */
function scopeOf({ agent, plugin, writes }: JsonObject): FreezeScope | undefined {
  const named: FreezeScope[] = [
    ...(typeof agent === 'string' ? [{ kind: 'agent', name: agent } as const] : []),
    ...(typeof plugin === 'string' ? [{ kind: 'plugin', name: plugin } as const] : []),
    ...(writes === true ? [{ kind: 'writes' } as const] : []),
  ];
  if (named.length > 1) {
    throw new SmcpError('USAGE', 'at most one of agent, plugin and writes can be named', {
      details: { remedy: 'freeze one after the other; each stays in force' },
    });
  }
  return named[0];
}

/** A misspelt name would freeze nobody and look as if it had. Whom a token stands for is known without any policy. */
function checkKnown(services: Services, scope: FreezeScope | undefined): void {
  if (scope?.kind === 'plugin') knownPlugin(services, scope.name);
  if (scope?.kind !== 'agent') return;
  const agents = [...services.policy.agents(), ...services.tokens.list().map(({ agent }) => agent)];
  if (agents.some((agent) => agent === scope.name)) return;
  const near = nearest(scope.name, agents);
  throw new SmcpError('AGENT_UNKNOWN', `no agent is called ${JSON.stringify(scope.name)}; nothing was frozen`, {
    details: { remedy: near === undefined ? 'see smcp agent list' : `did you mean ${near}?` },
  });
}
