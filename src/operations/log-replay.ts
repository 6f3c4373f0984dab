// The operation that runs a recorded call again.

import { SmcpError } from '#base/errors.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import type { AskedCall, Replay } from '#domain/replay-ports.ts';
import { findRecord, recordIdInput } from './log.ts';
import type { Operation } from './operation.ts';

const endSchema: JsonObject = {
  type: ['object', 'null'],
  properties: {
    class: { type: 'string', description: '`value`, or the code of an error.' },
    digest: {
      type: 'string',
      description: "Of the result's document, under the nonce of the one that was signed for.",
    },
  },
  required: ['class', 'digest'],
};

const askedSchema: JsonObject = {
  type: ['object', 'null'],
  properties: { call: { type: 'integer' }, name: { type: 'string' }, params: { type: 'string' } },
  required: ['call', 'name', 'params'],
};

const replaySchema: JsonObject = {
  type: 'object',
  properties: {
    same: { type: 'boolean' },
    outcome: { enum: ['same', 'same_until_ended', 'different', 'diverged', 'impossible'] },
    reason: { type: 'string' },
    invocation: { type: 'string' },
    index: { type: 'integer', description: 'Of the record that closes the call.' },
    tool: { type: 'string' },
    recorded: endSchema,
    replayed: endSchema,
    hostCalls: { type: 'integer', description: 'Answered from the transcript.' },
    engine: {
      type: 'object',
      description: 'What ran the code then, as its record says, and what runs it now.',
      properties: { recorded: { type: ['string', 'null'] }, now: { type: ['string', 'null'] } },
      required: ['recorded', 'now'],
    },
    difference: {
      type: ['object', 'null'],
      description: 'The first host call that was another one.',
      properties: { index: { type: 'integer' }, asked: askedSchema, recorded: askedSchema },
      required: ['index', 'asked', 'recorded'],
    },
  },
  required: [
    ...['same', 'outcome', 'reason', 'invocation', 'index', 'tool', 'recorded', 'replayed', 'hostCalls', 'engine'],
    'difference',
  ],
};

export const replayOperations: readonly Operation[] = [
  {
    name: 'log_replay',
    topic: 'log',
    showsCalls: true,
    summary: "Runs a recorded call of an isolate's tool again, and says whether it comes to the same result.",
    detail:
      'The code, arguments and answers are those of the record; nothing is done, no host call leaves the sandbox. One at a time.',
    command: ['log', 'replay'],
    positional: ['id'],
    method: 'POST',
    path: '/log/replays/:id',
    effect: 'read',
    isLong: true,
    isRecorded: true,
    input: recordIdInput,
    output: replaySchema,
    subject: (input) => String(input['id']),
    check: ({ log }, input) => void invocationOf(findRecord(log, String(input['id']))),
    saysNo: (answer) => isJsonObject(answer) && answer['same'] !== true && answer['outcome'] !== 'same_until_ended',
    run: async ({ log, replayer }, input) => {
      const invocation = invocationOf(findRecord(log, String(input['id'])));
      return replayView(invocation, await replayer.replay(invocation));
    },
  },
];

/** @throws `USAGE` for a record of something else */
function invocationOf({ invocation, index }: { readonly invocation: string; readonly index: number }): string {
  if (invocation !== '') return invocation;
  throw new SmcpError('USAGE', `record ${index} is no call`, {
    details: { remedy: 'use an invocation, or the index of a record of one; smcp log tail shows the newest' },
  });
}

function replayView(invocation: string, replay: Replay): JsonObject {
  const { outcome, reason, index, tool, recorded, replayed, hostCalls, engine, difference } = replay;
  return {
    same: outcome === 'same',
    ...{ outcome, reason, invocation, index, tool },
    recorded: recorded === undefined ? null : { ...recorded },
    replayed: replayed === undefined ? null : { ...replayed },
    hostCalls,
    engine: { recorded: engine.recorded ?? null, now: engine.now ?? null },
    difference:
      difference === undefined
        ? null
        : { index: difference.index, asked: askedView(difference.asked), recorded: askedView(difference.recorded) },
  };
}

const askedView = (asked: AskedCall | undefined): JsonObject | null => (asked === undefined ? null : { ...asked });
