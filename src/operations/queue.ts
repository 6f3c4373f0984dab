// Operations on calls that wait or run: who, what, since when; ending them; pausing the lane that they wait in.

import { SmcpError } from '#base/errors.ts';
import type { JsonObject } from '#base/json.ts';
import { knownAgent } from './known.ts';
import { inputSchema, type Operation } from './operation.ts';
import { callSchema, callView, laneSchema } from './views.ts';

const laneInput = inputSchema({
  lane: { enum: ['main'], description: 'The lane, main if absent. The lane control is never paused.' },
});

const pauseOutput: JsonObject = {
  type: 'object',
  properties: { lane: { const: 'main' }, isPaused: { type: 'boolean' } },
  required: ['lane', 'isPaused'],
};

export const queueOperations: readonly Operation[] = [
  {
    name: 'queue',
    topic: 'queue',
    summary: 'Lists the calls that wait or run, in the order they came, and the lanes.',
    command: ['queue'],
    positional: [],
    method: 'GET',
    path: '/queue',
    effect: 'read',
    input: inputSchema({}),
    output: {
      type: 'object',
      properties: { lanes: { type: 'array', items: laneSchema }, calls: { type: 'array', items: callSchema } },
      required: ['lanes', 'calls'],
    },
    run: ({ dispatcher }) => ({
      lanes: dispatcher.status().lanes.map((lane) => ({ ...lane })),
      calls: dispatcher.calls().map(callView),
    }),
  },
  {
    name: 'queue_cancel',
    topic: 'queue',
    summary: 'Ends one call, whether it waits or runs.',
    detail: 'Its caller is answered CANCELLED; a tool that ran may have taken effect, and the record says so.',
    command: ['queue', 'cancel'],
    positional: ['id'],
    method: 'DELETE',
    path: '/queue/calls/:id',
    effect: 'write',
    isStop: true,
    input: inputSchema({ id: { type: 'string', description: "The call's invocation, as `queue` shows it." } }, ['id']),
    output: callSchema,
    subject: (input) => String(input['id']),
    check: ({ dispatcher }, input) => {
      if (dispatcher.calls().some(({ invocation }) => invocation === input['id'])) return;
      throw new SmcpError('CALL_UNKNOWN', 'no call that waits or runs has this id', {
        details: { remedy: 'see smcp queue; it may have ended: smcp log show ID' },
      });
    },
    run: ({ dispatcher }, input) => callView(dispatcher.cancel(String(input['id']))),
  },
  {
    name: 'queue_flush',
    topic: 'queue',
    summary: 'Ends every call that waits in the lane main, of one agent or of all. Running calls go on.',
    command: ['queue', 'flush'],
    positional: [],
    method: 'POST',
    path: '/queue/flush',
    effect: 'write',
    isStop: true,
    input: inputSchema({ agent: { type: 'string', description: 'Only calls of this agent.' } }),
    output: {
      type: 'object',
      properties: { ended: { type: 'integer', description: 'How many calls were ended.' } },
      required: ['ended'],
    },
    subject: (input) => (typeof input['agent'] === 'string' ? `agent ${input['agent']}` : 'everything'),
    check: (services, input) => {
      // Calls of an agent that left the policy may still wait.
      const isWaiting = services.dispatcher.calls().some(({ agent }) => agent === input['agent']);
      if (input['agent'] !== undefined && !isWaiting) knownAgent(services, input['agent']);
    },
    run: ({ dispatcher }, input) => {
      const agent = dispatcher.calls().find((call) => call.agent === input['agent'])?.agent;
      if (input['agent'] !== undefined && agent === undefined) return { ended: 0 };
      return { ended: dispatcher.flush(agent) };
    },
  },
  {
    name: 'queue_pause',
    topic: 'queue',
    summary: 'Starts no more calls of the lane main until a person resumes it. Running calls go on, new ones wait.',
    detail: 'Calls wait for as long as the queue lets them. A restart of the server resumes the lane.',
    command: ['queue', 'pause'],
    positional: [],
    method: 'POST',
    path: '/queue/pause',
    effect: 'write',
    isStop: true,
    input: laneInput,
    output: pauseOutput,
    subject: () => 'main',
    run: ({ dispatcher }) => {
      dispatcher.pause('main');
      return { lane: 'main', isPaused: true };
    },
  },
  {
    name: 'queue_resume',
    topic: 'queue',
    summary: 'Starts calls of the lane main again.',
    command: ['queue', 'resume'],
    positional: [],
    method: 'POST',
    path: '/queue/resume',
    effect: 'write',
    isForPeople: true,
    input: laneInput,
    output: pauseOutput,
    subject: () => 'main',
    run: ({ dispatcher }) => {
      dispatcher.resume('main');
      return { lane: 'main', isPaused: false };
    },
  },
];
