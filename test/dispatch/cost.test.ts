import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import type { Json } from '#base/json.ts';
import { silentLogger } from '#base/log.ts';
import { createBroker } from '#broker/broker.ts';
import type { CallOutcome, RunOutcome } from '#domain/invocation.ts';
import type { RunRequest } from '#domain/sandbox-ports.ts';
import { createLimited } from './limited.ts';
import { returned, toolOf, usage } from './world.ts';

const POLICY = {
  version: 1,
  agents: { a: { grants: [{ tools: ['p__*'] }] } },
  budgets: [{ id: 'money', cost: 1, per: '1d' }],
};

/** A tool of half a unit at most, which tells what the test says; its price is at least a tenth. */
function createPriced(run: (request: RunRequest, tell: (amount: Json) => Promise<string>) => Promise<RunOutcome>) {
  const world = createLimited(POLICY, { broker: () => createBroker({ clock: systemClock, logger: silentLogger }) });
  const made = toolOf('llm', { random: true });
  world.tools.set(made.name, { ...made, costMicros: 100_000, costMicrosMax: 500_000 });
  world.state.run = (request) =>
    run(request, async (amount) => {
      try {
        await request.onHostCall({ name: 'cost', params: { amount } }, request.signal);
        return 'taken';
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    });
  const code = async (tool = 'p__llm') => codeOf(await world.call(tool));
  return { ...world, code };
}

const codeOf = ({ answer }: CallOutcome) => (answer.kind === 'error' ? answer.error.code : 'value');
const ok = () => returned({ ok: true });

describe('a tool that tells what its call cost', () => {
  test('takes the most that it may cost, and gives back what it did not', async () => {
    const { code, records } = createPriced(async (_, tell) => {
      await tell(0.1);
      await tell(0.15);
      return ok();
    });
    for (let calls = 0; calls < 3; calls += 1) expect(await code()).toBe('value');
    expect(records.at(-1)).toMatchObject({ usage: { costMicros: 250_000 } });
    // Three quarters are used: a quarter is less than the next may cost.
    expect(await code()).toBe('RATE_LIMITED');
  });

  test('costs no less than it declares, and no more than it may', async () => {
    const told: string[] = [];
    const amounts = [0, 7];
    const { code, records } = createPriced(async (_, tell) => {
      told.push(await tell(amounts.shift() ?? 0));
      return ok();
    });
    expect(await code()).toBe('value');
    expect(records.at(-1)).toMatchObject({ usage: { costMicros: 100_000 } });
    expect(await code()).toBe('value');
    expect(records.at(-1)).toMatchObject({ usage: { costMicros: 500_000 } });
    expect(told).toEqual(['taken', 'QUOTA_EXCEEDED']);
  });

  test('at the same time as others never spends more than there is', async () => {
    const { code } = createPriced(async (_, tell) => {
      await tell(0.5);
      return ok();
    });
    const codes = await Promise.all(Array.from({ length: 6 }, () => code()));
    expect(codes.filter((one) => one === 'value')).toHaveLength(2);
  });

  test('and whose end nobody saw has cost all of it', async () => {
    const { code } = createPriced(async () => ({ kind: 'lost', usage }));
    expect(await code()).toBe('INTERRUPTED');
    expect(await code()).toBe('INTERRUPTED');
    expect(await code()).toBe('RATE_LIMITED');
  });

  test.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY], ['1'], [null], [1e9]])('can’t tell %s', async (amount) => {
    let told = '';
    const { code, records } = createPriced(async (_, tell) => {
      told = await tell(amount as Json);
      return ok();
    });
    expect(await code()).toBe('value');
    expect(told).toBe('REQUEST_INVALID');
    expect(records.at(-1)).toMatchObject({ usage: { costMicros: 100_000 } });
  });

  test('needs to say in its manifest that it does', async () => {
    let told = '';
    const { tools, call, records } = createPriced(async (_, tell) => {
      told = await tell(0.1);
      return ok();
    });
    tools.set('p__free', toolOf('free', {}));
    expect(codeOf(await call('p__free'))).toBe('value');
    expect(told).toBe('REQUEST_INVALID');
    expect(records.at(-1)?.usage).not.toHaveProperty('costMicros');
  });
});
