// Ways for an agent to have more run than somebody approved. Each has a control: the honest call passes, or the same attack works
// where the wall is taken away.

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createQuestionBinder } from '#approvals/statement.ts';
import { sha256 } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { exactValue } from '#base/exact-json.ts';
import { LIMITS } from '#base/limits.ts';
import type { ApprovalQuestion } from '#domain/approval-ports.ts';
import { bea, codeOf, createWorld, question, START_MS, TTL_MS } from './world.ts';

const argsOf = (json: string) => question({ args: exactValue(json) as ApprovalQuestion['args'] });

describe('a call that a person has denied', () => {
  const named = (...actors: string[]) =>
    question({ onBehalfOf: { tokens: actors.map(() => '0123456789abcdef'), actors } });

  test('is not asked for again by a sub-agent under another name, by its agent, or after a restart', async () => {
    const world = createWorld();
    const { id } = world.approvals.request(named('one'));
    await world.approvals.deny(id, { by: { kind: 'admin' } });
    const again = [named('two'), named('one', 'three'), named(''), question()];
    for (const asked of again) expect(() => world.approvals.request(asked)).toThrow(/denied/);
    const after = world.restart();
    for (const asked of again) expect(() => after.request(asked)).toThrow(/denied/);
    expect(after.list()).toHaveLength(1);
  });

  test('in the name of a sub-agent is not asked for by the agent itself first, and then by others', async () => {
    const { approvals } = createWorld();
    await approvals.deny(approvals.request(question()).id, { by: { kind: 'admin' } });
    expect(() => approvals.request(named('one'))).toThrow(/denied/);
  });

  test('is another call with other arguments, and is asked for again later: the controls', async () => {
    const { approvals, time } = createWorld();
    const { id } = approvals.request(named('one'));
    await approvals.deny(id, { by: { kind: 'admin' } });
    expect(approvals.request({ ...named('two'), args: { replicas: 4 } }).state).toBe('pending');
    time.pass(LIMITS.approvalDenialMs);
    expect(approvals.request(named('two')).state).toBe('pending');
  });
});

describe('an approval is for exactly one call', () => {
  const { tool } = question();
  const plugin = { name: 'devops', version: '1.0.0', package: sha256('code'), manifest: sha256('manifest') };
  const other = sha256('another');
  const changed: readonly (readonly [string, Partial<ApprovalQuestion>])[] = [
    ['a value of its arguments', { args: { environment: 'production', replicas: 3 } }],
    ['one more argument', { args: { environment: 'staging', replicas: 3, force: true } }],
    ['the agent', { agent: bea }],
    ['the tool', { tool: { ...tool, name: 'devops__destroy' } }],
    ['the schema of the tool', { tool: { ...tool, schema: other } }],
    ['the code of the plugin', { tool: { ...tool, plugin: { ...plugin, package: other } } }],
    ['the manifest of the plugin', { tool: { ...tool, plugin: { ...plugin, manifest: other } } }],
    ['what the call could use', { capabilities: { store: { bytesMax: 2048 } } }],
    ['where its files are', { workspace: 'shared' }],
    ['the rule that asks', { rule: { name: 'deploys', digest: other } }],
    ['the tools that call it', { chain: ['devops__plan'] }],
  ];

  test.each(changed)('%s can not be changed after it', async (_what, more) => {
    const { approvals, approve } = createWorld();
    const honest = approvals.request(question());
    await approve(honest);
    const asked = approvals.request(question(more));
    expect(asked.id).not.toBe(honest.id);
    expect(asked.state).toBe('pending');
    expect(approvals.isFor(honest, question(more))).toBe(false);
    // An agent's id opens nothing for another agent, and nothing for another call.
    const code = await codeOf(() => approvals.request(question(more), honest.id));
    expect(code).toBe('agent' in more ? 'APPROVAL_UNKNOWN' : 'APPROVAL_MISMATCH');
    // The control: unchanged, it passes.
    expect(approvals.request(question(), honest.id).state).toBe('approved');
  });

  test('what is said beside the call can: the number of the policy, and the name of a rule that only moved', () => {
    const { approvals } = createWorld();
    const { id } = approvals.request(question());
    const policy = { version: 5, digest: sha256('another policy') };
    const rule = { name: '/agents/athena/grants/1', digest: question().rule.digest };
    expect(approvals.request(question({ policy, rule })).id).toBe(id);
  });

  test.each([
    ['the order of keys', '{"a":1,"b":{"c":2,"d":3}}', '{"b":{"d":3,"c":2},"a":1}'],
    ['a number that is spelled otherwise', '{"a":100,"b":0.5}', '{"a":1e2,"b":5e-1}'],
    ['an escape', '{"a":"é/"}', '{"a":"\\u00e9\\/"}'],
    ['white space', '{"a":[1,2]}', '{ "a" : [ 1 , 2 ] }'],
  ])('%s makes no other call', (_what, one, same) => {
    const { approvals } = createWorld();
    expect(approvals.request(argsOf(same)).id).toBe(approvals.request(argsOf(one)).id);
  });

  test.each([
    ['a digit that a double drops', '{"a":9007199254740992}', '{"a":9007199254740993}'],
    ['a number and its text', '{"a":1}', '{"a":"1"}'],
    ['composed and decomposed letters', '{"a":"\\u00e9"}', '{"a":"e\\u0301"}'],
    ['a letter that looks the same', '{"to":"bank"}', '{"to":"b\\u0430nk"}'],
    ['an invisible character', '{"to":"bank"}', '{"to":"ba\\u200bnk"}'],
    ['null and nothing', '{"a":null}', '{}'],
    ['the order of a list', '{"a":[1,2]}', '{"a":[2,1]}'],
    ['a key from a prototype', '{}', '{"__proto__":{"a":1}}'],
  ])('%s makes another call', (_what, one, other) => {
    const { approvals } = createWorld();
    expect(approvals.request(argsOf(other)).id).not.toBe(approvals.request(argsOf(one)).id);
  });

  test('half of a surrogate pair, which canonical JSON can not write, is refused: two texts could look the same', async () => {
    const { approvals } = createWorld();
    expect(await codeOf(() => approvals.request(argsOf('{"a":"\\ud800"}')))).toBe('ARGUMENTS_INVALID');
    expect(approvals.request(argsOf('{"a":"\\ud83d\\ude00"}')).state).toBe('pending');
    expect(approvals.list()).toHaveLength(1);
  });

  test('two values have one binding when they are equal, and only then', () => {
    const bind = createQuestionBinder();
    const bindingOf = (value: unknown) => bind(argsOf(JSON.stringify({ value }))).binding;
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(bindingOf(turned(one))).toBe(bindingOf(one));
        expect(bindingOf(one) === bindingOf(other)).toBe(isDeepStrictEqual(read(one), read(other)));
      }),
    );
  });
});

const read = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** The same with the keys of every object the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, turned(inner)]),
  );
}

describe('an agent that floods', () => {
  test('has a bounded number of requests wait, and the others may still ask', async () => {
    const { approvals, approve } = createWorld();
    const ask = (n: number, more: Partial<ApprovalQuestion> = {}) =>
      approvals.request(question({ args: { n }, ...more }));
    const made = Array.from({ length: LIMITS.approvalsPendingPerAgentMax }, (_, n) => ask(n));
    expect(await codeOf(() => ask(-1))).toBe('APPROVALS_FULL');
    expect(ask(0).id).toBe(made[0]?.id);
    expect(ask(0, { agent: bea }).state).toBe('pending');
    if (made[0] !== undefined) await approve(made[0]);
    expect(ask(-1).state).toBe('pending');
  });

  test('pushes out no denial that holds, whatever it asks, and leaves a bounded number of rows', async () => {
    const { approvals, store, time } = createWorld();
    const denied = approvals.request(question());
    await approvals.deny(denied.id, { by: { kind: 'admin' } });
    const terms = { ttlMs: LIMITS.approvalTtlMsMin, trustsClient: false };
    for (let n = 0; n < 2 * LIMITS.approvalsKeptPerAgentMax; n += 1) {
      approvals.request(question({ args: { n }, terms }));
      if (n % LIMITS.approvalsPendingPerAgentMax !== LIMITS.approvalsPendingPerAgentMax - 1) continue;
      time.pass(LIMITS.approvalTtlMsMin);
      approvals.list();
    }
    expect(store.list().length).toBeLessThanOrEqual(LIMITS.approvalsKeptPerAgentMax);
    expect(await codeOf(() => approvals.request(question()))).toBe('APPROVAL_DENIED');
  });

  test.each([
    ['denies', false],
    ['approves', true],
  ])('whose own client %s all that it asks is held after a while, and others are not', async (_what, isApproved) => {
    const { approvals, store, time } = createWorld();
    const terms = { ttlMs: TTL_MS, trustsClient: true };
    const ask = async (n: number, more: Partial<ApprovalQuestion> = {}) => {
      const asked = question({ args: { n }, terms, ...more });
      const { id } = approvals.request(asked);
      await approvals.assert(asked, { id, isApproved });
    };
    for (let n = 0; n < LIMITS.approvalsKeptPerAgentMax; n += 1) await ask(n);
    for (let n = 0; n < 50; n += 1) expect(await codeOf(() => ask(-1 - n))).toBe('APPROVALS_FULL');
    expect(store.list()).toHaveLength(LIMITS.approvalsKeptPerAgentMax);
    await ask(-1, { agent: bea });
    // The control: what was decided is over after a while, and makes room.
    time.pass(Math.max(TTL_MS, LIMITS.approvalDenialMs));
    approvals.list();
    await ask(-1);
    expect(store.list().length).toBeLessThanOrEqual(LIMITS.approvalsKeptPerAgentMax + 1);
  });

  test('learns nothing from ids: one of another agent is as unknown as one that nobody has', async () => {
    const { approvals } = createWorld();
    const others = approvals.request(question({ agent: bea }));
    const answers = ['0123456789abcdef', others.id].map(async (id) => {
      try {
        return approvals.request(question(), id).state;
      } catch (thrown) {
        return JSON.stringify((thrown as { toWire: () => unknown }).toWire());
      }
    });
    const [ofNobody, ofAnother] = await Promise.all(answers);
    expect(ofAnother).toBe(ofNobody);
    expect(ofAnother).toContain('APPROVAL_UNKNOWN');
  });
});

describe('a clock that is set back', () => {
  test('gives no request more time than it had', async () => {
    const { approvals, approve, time } = createWorld();
    const request = approvals.request(question());
    await approve(request);
    time.pass(TTL_MS - 1);
    time.state.nowMs = START_MS;
    expect(approvals.get(request.id).state).toBe('approved');
    time.pass(1);
    expect(await codeOf(() => approvals.use(request.id, 'call'))).toBe('APPROVAL_EXPIRED');
  });

  test('revives nothing that has expired', async () => {
    const { approvals, approve, time } = createWorld();
    const request = approvals.request(question());
    await approve(request);
    time.state.nowMs += TTL_MS;
    expect(approvals.get(request.id).state).toBe('expired');
    time.state.nowMs = START_MS;
    expect(await codeOf(() => approvals.use(request.id, 'call'))).toBe('APPROVAL_EXPIRED');
  });
});

describe('an approval that was used', () => {
  const failing = { isBroken: false };
  const around = (store: Parameters<NonNullable<Parameters<typeof createWorld>[0]>>[0]) => ({
    ...store,
    update: (request: Parameters<typeof store.update>[0]) => {
      if (failing.isBroken) throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
      store.update(request);
    },
  });

  test('stays so where that can not be kept: it is used up, and nothing begins', async () => {
    const { approvals, approve } = createWorld(around);
    const request = approvals.request(question());
    await approve(request);
    failing.isBroken = true;
    expect(await codeOf(() => approvals.use(request.id, 'call-1'))).toBe('LOG_UNAVAILABLE');
    failing.isBroken = false;
    expect(await codeOf(() => approvals.use(request.id, 'call-2'))).toBe('APPROVAL_USED');
  });

  test('the control: a row that is put back by hand would let another call begin', async () => {
    const { approvals, approve, restart, store } = createWorld();
    const request = approvals.request(question());
    await approve(request);
    const before = approvals.get(request.id);
    approvals.use(request.id, 'call-1');
    expect(await codeOf(() => restart().use(request.id, 'call-2'))).toBe('APPROVAL_USED');
    store.update(before);
    expect(restart().use(request.id, 'call-2')).toMatchObject({ id: request.id });
  });
});
