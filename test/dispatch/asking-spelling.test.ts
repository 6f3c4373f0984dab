// An agent that has one spelling of a call approved and makes it in another: equal to a schema and to a digest, and not to a program.

import { describe, expect, test } from 'vitest';
import { exactValue } from '#base/exact-json.ts';
import type { CallRequest } from '#domain/invocation.ts';
import { admin, approve, askingWorld, codeOf, pending } from './asking-world.ts';

const argsOf = (json: string) => ({ args: exactValue(json) as CallRequest['args'] });
const options = { runtime: 'process', n: { type: ['number', 'object'] } } as const;

describe.each([
  ['a minus before zero', '{"n":0}', '{"n":-0}'],
  ['a fraction of zeros, which makes an integer a float', '{"n":10}', '{"n":10.000}'],
  ['a power of ten', '{"n":100}', '{"n":1e2}'],
  ['the order of keys, which some take for an order of steps', '{"n":{"a":1,"b":2}}', '{"n":{"b":2,"a":1}}'],
])('%s', (_what, shown, sent) => {
  test('of a call that is made after the approval is not what runs: that is what was shown', async () => {
    const world = askingWorld({ waitMs: 0 }, options);
    expect(codeOf(await world.call('p__write', argsOf(shown)))).toBe('APPROVAL_PENDING');
    const request = await pending(world);
    expect(world.approvals.argsJson(request.id)).toBe(shown);
    await world.approvals.approve(request.id, { digest: request.digest, by: admin });
    expect(codeOf(await world.call('p__write', argsOf(sent)))).toBe('value');
    expect(world.runs.map(({ argsJson }) => argsJson)).toEqual([shown]);
    // The log says what ran.
    expect(world.drafts.flatMap(({ args }) => (args === undefined ? [] : [JSON.stringify(args)])).at(-1)).toBe(shown);
  });

  test('of a call that waited beside the other one is not what runs either', async () => {
    const world = askingWorld({}, options);
    const first = world.call('p__write', argsOf(shown));
    await pending(world);
    const second = world.call('p__write', argsOf(sent));
    await expect.poll(() => world.dispatcher.calls().map(({ state }) => state)).toEqual(['asking', 'asking']);
    world.dispatcher.cancel(String(world.dispatcher.calls()[0]?.invocation));
    expect(codeOf(await first)).toBe('CANCELLED');
    await approve(world);
    expect(codeOf(await second)).toBe('value');
    expect(world.runs.map(({ argsJson }) => argsJson)).toEqual([shown]);
  });

  test('is what runs where nobody is asked: the control', async () => {
    const world = askingWorld({}, options);
    world.state.asks.clear();
    await world.call('p__write', argsOf(sent));
    expect(world.runs.map(({ argsJson }) => argsJson)).toEqual([sent]);
  });
});
