import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '#base/clock.ts';
import { sha256 } from '#base/digest.ts';
import { ERRORS } from '#base/error-table.ts';
import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import type { CallOutcome } from '#domain/invocation.ts';
import type { AdminTool } from '#domain/tool.ts';
import { callResult } from '#gateway/call-result.ts';
import { describeTool, visibleTools } from '#gateway/catalog.ts';
import { checkHost, checkOrigin } from '#gateway/guards.ts';
import { asDoorError, codedMessage, httpRefusal, rpcError } from '#gateway/wire-errors.ts';
import { ATHENA, fakeCatalog, fakePolicy, fakeTool, memoryLogger } from './fakes.ts';

const bound = { host: '192.0.2.7', port: 8000, names: ['smcp.example.org'] };
const passes = (check: () => void) => {
  try {
    check();
    return true;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(SmcpError);
    return false;
  }
};
const hostPasses = (host: string | undefined, localAddress = '10.1.2.3') =>
  passes(() => checkHost({ host, origin: undefined, localAddress }, bound));
const originPasses = (origin: string, host = '192.0.2.7:8000') =>
  passes(() => checkOrigin({ host, origin, localAddress: '10.1.2.3' }));

describe('the Host guard', () => {
  test.each([
    'localhost',
    '127.0.0.1:9',
    '[::1]:8000',
    '192.0.2.7:8000',
    '10.1.2.3:8000',
    'smcp.example.org',
    'SMCP.example.org:443',
  ])('passes %s', (host) => {
    expect(hostPasses(host)).toBe(true);
  });
  test.each([
    undefined,
    '192.0.2.7',
    '192.0.2.7:8001',
    '10.1.2.4:8000',
    'example.org:8000',
    'www.smcp.example.org',
    'smcp.example.org.evil.example',
    '[::2]:8000',
    'localhost,x',
  ])('refuses %s', (host) => {
    expect(hostPasses(host)).toBe(false);
  });
  test('knows the address of a connection in IPv6 spelling', () => {
    expect(hostPasses('10.9.9.9:8000', '::ffff:10.9.9.9')).toBe(true);
    expect(hostPasses('[fd00::1]:8000', 'fd00::1')).toBe(true);
  });
  test('passes no name around or beside a loopback name', () => {
    const part = fc.string({ minLength: 1, maxLength: 20 });
    const name = fc.constantFrom('localhost', '127.0.0.1', '[::1]');
    fc.assert(
      fc.property(name, part, fc.boolean(), (loopback, more, isBefore) => {
        const host = isBefore ? `${more}${loopback}` : `${loopback}${more}`;
        fc.pre(!/^:\d{1,5}$/.test(more));
        expect(hostPasses(host)).toBe(false);
      }),
    );
  });
});

describe('the Origin guard', () => {
  test.each(['http://192.0.2.7:8000', 'http://localhost:1', 'https://127.0.0.1', 'HTTP://[::1]:5'])(
    'passes %s',
    (origin) => {
      expect(originPasses(origin)).toBe(true);
    },
  );
  test.each(['http://192.0.2.7', 'http://192.0.2.7:8001', 'http://evil.example', 'null', 'http://', 'ws://localhost'])(
    'refuses %s',
    (origin) => {
      expect(originPasses(origin)).toBe(false);
    },
  );
  test('takes the default port as the same origin', () => {
    expect(originPasses('http://example.org', 'example.org:80')).toBe(true);
    expect(originPasses('https://example.org', 'example.org')).toBe(true);
    expect(originPasses('https://example.org', 'example.org:80')).toBe(false);
  });
});

describe('a tool on the wire', () => {
  const hints = (more: Parameters<typeof fakeTool>[1]) => describeTool(fakeTool('x', more), true).annotations;

  test.each([
    ['pure', {}, [true, false, true, false]],
    ['read', { files: [] }, [true, false, true, false]],
    ['write', { store: { bytesMax: 1024 } }, [false, true, false, false]],
    ['write', { net: [] }, [false, true, false, true]],
    ['write', { run: [] }, [false, true, false, true]],
  ] as const)('of effect %s with %j is hinted by them', (effect, capabilities, expected) => {
    const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = hints({ effect, capabilities }) ?? {};
    expect([readOnlyHint, destructiveHint, idempotentHint, openWorldHint]).toEqual(expected);
  });

  test('that writes is idempotent only where its author says so and a person approved', () => {
    expect(hints({ effect: 'write', idempotent: true })?.idempotentHint).toBe(true);
  });

  test.each([
    ['read', [true, false, true, false]],
    ['write', [false, true, false, false]],
  ] as const)(
    'of the server itself, of effect %s, is hinted by that, and reaches nothing outside',
    (effect, expected) => {
      const tool: AdminTool = {
        kind: 'admin',
        operation: 'queue_flush',
        isForPeople: false,
        isStop: false,
        name: 'smcp__queue_flush',
        description: 'Empties the queue',
        inputSchema: {},
        schemaDigest: sha256(''),
        effect,
        idempotent: false,
        checkInput: () => [],
      };
      const { name, annotations } = describeTool(tool, true);
      const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = annotations ?? {};
      expect([name, [readOnlyHint, destructiveHint, idempotentHint, openWorldHint]]).toEqual([tool.name, expected]);
    },
  );

  test('always has an input schema of type object, which some clients insist on', () => {
    expect(describeTool(fakeTool('x', { inputSchema: {} }), true).inputSchema).toEqual({ type: 'object' });
  });

  test('shows an output schema only for objects', () => {
    expect(describeTool(fakeTool('x', { outputSchema: { type: 'array' } }), true)).not.toHaveProperty('outputSchema');
    expect(describeTool(fakeTool('x', { outputSchema: { type: 'object' } }), false)).not.toHaveProperty('outputSchema');
    expect(describeTool(fakeTool('x', { outputSchema: { type: 'object' } }), true)).toHaveProperty('outputSchema');
  });

  test('is listed only to who may call it, at the time of asking', () => {
    const seen: number[] = [];
    const policy = {
      ...fakePolicy(),
      mayCall: (_agent: unknown, name: string, nowMs: number) => {
        seen.push(nowMs);
        return name === 'demo__text';
      },
    };
    const clock = { ...systemClock, nowMs: () => 42 };
    const tools = visibleTools({ catalog: fakeCatalog(), policy, clock }, { agent: ATHENA, showsOutputSchema: true });
    expect([tools.map(({ name }) => name), new Set(seen)]).toEqual([['demo__text'], new Set([42])]);
  });
});

describe('the answer to a call', () => {
  const outcome = (value: Json): CallOutcome => ({
    invocation: 'i',
    answer: { kind: 'value', value },
    receipt: { index: 3, leaf: 'x' },
  });

  test.each([
    ['a text as it is', 'a "b"', 'a "b"', undefined],
    ['an object', { a: [1, 'é'] }, '{"a":[1,"é"]}', { a: [1, 'é'] }],
    ['an array', [1, 2], '[1,2]', undefined],
    ['null', null, 'null', undefined],
    ['a number', 0.1, '0.1', undefined],
  ])('gives %s', (_what, value, text, structured) => {
    const result = callResult(outcome(value));
    expect(result.content).toEqual([{ type: 'text', text }]);
    expect(result.structuredContent).toEqual(structured);
    expect(result._meta).toEqual({ 'smcp/receipt': { invocation: 'i', index: 3, leaf: 'x' } });
  });

  test('that a program wrote itself has its text as it is, and its object beside', () => {
    const answer = { kind: 'value', value: { n: 5 }, text: '{ "n": 5.0 }' } as const;
    const result = callResult({ invocation: 'i', answer });
    expect(result.content).toEqual([{ type: 'text', text: '{ "n": 5.0 }' }]);
    expect(result.structuredContent).toEqual({ n: 5 });
    expect(result.isError).toBeUndefined();
  });

  test('of a failure that a program told of is what it said, and what to do about it', () => {
    const told = (remedy?: string) =>
      callResult({
        invocation: 'i',
        answer: {
          kind: 'error',
          error: {
            code: 'TOOL_FAILED',
            message: 'no such repo',
            ...(remedy === undefined ? {} : { details: { remedy } }),
          },
          text: 'no such repo',
        },
      });
    expect(told()).toMatchObject({ isError: true, content: [{ type: 'text', text: 'no such repo' }] });
    expect(told().structuredContent).toEqual({
      error: { code: 'TOOL_FAILED', message: 'no such repo', details: {} },
    });
    expect(told('ask for net').content).toEqual([{ type: 'text', text: 'no such repo\nask for net' }]);
  });

  test('that is an earlier one says so in its receipt', () => {
    const result = callResult({ ...outcome(1), isReplayed: true });
    expect(result._meta).toEqual({ 'smcp/receipt': { invocation: 'i', index: 3, leaf: 'x', replayed: true } });
  });

  test('of a failure without details or record says code and message, and has the invocation still', () => {
    const error = { code: 'TIMEOUT', message: 'too slow' } as const;
    expect(callResult({ invocation: 'i', answer: { kind: 'error', error } })).toEqual({
      content: [{ type: 'text', text: 'TIMEOUT: too slow' }],
      structuredContent: { error: { ...error, details: {} } },
      isError: true,
      _meta: { 'smcp/receipt': { invocation: 'i' } },
    });
  });
});

describe('an error on the wire', () => {
  test('has the status and the JSON-RPC code of the table, for every code', () => {
    for (const code of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
      const error = new SmcpError(code, 'a sentence', { details: { remedy: 'do', code: 'FORGED' } });
      expect(httpRefusal(error)).toMatchObject({
        status: ERRORS[code].http,
        body: { error: { code, message: 'a sentence' } },
      });
      expect(rpcError(error)).toMatchObject({ code: ERRORS[code].rpc, data: { code } });
    }
  });

  test('has no code that the SDK changes on its way out or MCP gives another meaning to', () => {
    const taken = [-32002, -32020, -32021, -32022, -32042, -32700];
    expect(Object.values(ERRORS).filter(({ rpc }) => taken.includes(rpc))).toEqual([]);
  });

  test("of the SDK's own has a code of ours and none of its texts", () => {
    const codes = [-32700, -32600, -32601, -32602, -32603].map((code) => {
      const leaving = codedMessage({ jsonrpc: '2.0', id: 1, error: { code, message: 'quotes a secret' } });
      expect(JSON.stringify(leaving)).not.toContain('secret');
      const { error } = leaving as { error: { code: number; data: { code: string } } };
      return [error.code, error.data.code];
    });
    const invalid = 'REQUEST_INVALID';
    expect(codes).toEqual([
      [-32700, invalid],
      [-32600, invalid],
      [-32601, 'NOT_FOUND'],
      [-32602, invalid],
      [-32602, invalid],
    ]);
    const failed = codedMessage({ jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'Internal error' } });
    expect(failed).toMatchObject({ error: { code: -32603, data: { code: 'INTERNAL' } } });
  });

  test('is INTERNAL without its text when it is a bug, and the text is logged', () => {
    const logger = memoryLogger();
    for (const bug of [
      new Error('secret'),
      new SmcpError('INTERNAL', 'secret', { cause: new Error('secret') }),
      'secret',
    ]) {
      expect(JSON.stringify(asDoorError(bug, logger).toWire())).toBe('{"code":"INTERNAL","message":"internal error"}');
    }
    expect(logger.lines.map(({ fields }) => String(fields['error']).includes('secret'))).toEqual([true, true, false]);
  });
});
