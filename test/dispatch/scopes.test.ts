// What a token's scopes take away, in the dispatcher: before the policy, for tools that tools call too, and in the record.

import { expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import type { Json } from '#base/json.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import type { CallToken } from '#domain/agent.ts';
import type { CallRequest } from '#domain/invocation.ts';
import { compileScopes } from '#domain/token-scope.ts';
import { createWorld, returned, toolOf } from './world.ts';

function tokenWith(...lists: readonly (readonly string[])[]): CallToken {
  const scopes = compileScopes(lists);
  if (scopes === undefined) throw new Error('no scopes');
  return { id: '0123456789abcdef', rights: { scopes, onBehalfOf: [], actors: [] } };
}

const NARROW = tokenWith(['tools:p__pure', 'tools:gone__*', 'doors:mcp']);
const agent = 'a' as CallRequest['agent'];
const request = (tool: string, more: Partial<CallRequest> = {}): CallRequest => ({
  ...{ agent, door: 'mcp', tool, args: {}, token: NARROW },
  ...more,
});

const codeOf = ({ answer }: { readonly answer: { kind: string; error?: { code: string } } }) =>
  answer.kind === 'error' ? answer.error?.code : 'value';

test('a tool within the scopes runs, and its record names the token and its scopes', async () => {
  const { dispatcher, records } = createWorld();
  expect(codeOf(await dispatcher.call(request('p__pure')))).toBe('value');
  expect(records.at(-1)).toMatchObject({
    phase: 'outcome',
    token: { id: '0123456789abcdef', scopes: [['tools:p__pure', 'tools:gone__*', 'doors:mcp']] },
  });
});

test.each(['p__write', 'nobody__tool', 'smcp__queue_flush'])(
  '%s, beyond them, is refused in the same words whether it is there or not, and the policy is not asked',
  async (tool) => {
    const asked: string[] = [];
    const { dispatcher, records } = createWorld({ onDecide: (query) => void asked.push(query.tool.name) });
    const outcome = await dispatcher.call(request(tool));
    expect(outcome.answer).toMatchObject({
      kind: 'error',
      error: {
        code: 'INSUFFICIENT_SCOPE',
        message: "the token's scopes leave out this tool",
        details: { rule: 'token-scope', scopes: [['tools:p__pure', 'tools:gone__*', 'doors:mcp']] },
      },
    });
    expect(asked).toEqual([]);
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      phase: 'denied',
      result: { class: 'INSUFFICIENT_SCOPE' },
      tool: { name: tool },
    });
    expect(records[0]?.policy).not.toHaveProperty('decision');
  },
);

test('a door beyond them is refused for every tool', async () => {
  const { dispatcher } = createWorld();
  for (const door of ['sse', 'stdio', 'admin'] as const) {
    expect(codeOf(await dispatcher.call(request('p__pure', { door })))).toBe('INSUFFICIENT_SCOPE');
  }
});

test('scopes give nothing: what the policy denies stays denied', async () => {
  const world = createWorld();
  world.state.denied.add('p__write');
  const all = tokenWith(['tools:*']);
  expect(codeOf(await world.dispatcher.call(request('p__write', { token: all })))).toBe('DENIED');
});

test('a tool that a tool calls must be within them, too', async () => {
  const refused: string[] = [];
  const world = createWorld({
    broker: (tools) => createBroker({ clock: systemClock, logger: silentLogger, effects: { tools } }),
  });
  world.tools.set('p__root', { ...toolOf('root', { tools: ['p__pure', 'p__read'] }), checkOutput: () => [] });
  world.state.run = async (run) => {
    if (run.tool.localName !== 'root') return returned({ ok: true });
    for (const tool of ['p__pure', 'p__read']) {
      const ask = async () => run.onHostCall({ name: 'tools.call', params: { tool, args: {} } }, run.signal);
      const asked: Promise<Json> = ask();
      refused.push(
        await asked.then(
          () => `${tool} ran`,
          (thrown: { code: string }) => thrown.code,
        ),
      );
    }
    return returned({ ok: true });
  };
  const token = tokenWith(['tools:p__root', 'tools:p__pure']);
  await world.dispatcher.call(request('p__root', { token }));
  expect(refused).toEqual(['p__pure ran', 'INSUFFICIENT_SCOPE']);
  expect(world.records.filter(({ parent }) => parent !== undefined).map((record) => record.token?.id)).toEqual(
    world.records.filter(({ parent }) => parent !== undefined).map(() => '0123456789abcdef'),
  );
});

test('an answer that is kept under a key is not given to a token that leaves the tool out', async () => {
  const { dispatcher } = createWorld();
  const keyed = { idempotencyKey: 'one' };
  expect(codeOf(await dispatcher.call(request('p__pure', keyed)))).toBe('value');
  const other = tokenWith(['tools:p__read']);
  expect(codeOf(await dispatcher.call(request('p__pure', { ...keyed, token: other })))).toBe('INSUFFICIENT_SCOPE');
});
