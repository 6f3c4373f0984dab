// What fails elsewhere with a `cli.py`, or is lost: each as a call through the dispatcher to a real program.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ExactJsonObject, parseExactJson } from '#base/exact-json.ts';
import type { Capabilities } from '#domain/capability.ts';
import { openCliWorld } from './cli-program.ts';

/** Says with which values argparse understood it; `raw` says the words themselves. */
const SOURCE = `
import argparse, json, sys
T = lambda name, type, **more: dict(name=name, type=type, **more)
DESCRIPTION = {"plugin": {"name": "p"}, "commands": [
  {"name": "send", "description": "Sends", "parameters": [
    T("to", "array", items={"type": "string"}), T("new_tab", "boolean"), T("count", "integer"), T("ratio", "number"),
    T("text", "string"), T("meta", "object"), T("tag", "array"), T("sizes", "array", items={"type": "integer"})]},
  {"name": "end", "parameters": [T("how", "string", required=True)]},
]}
p = argparse.ArgumentParser()
p.add_argument("--describe", action="store_true")
sub = p.add_subparsers(dest="command")
send = sub.add_parser("send")
send.add_argument("--to", nargs="+")
send.add_argument("--new-tab", action="store_true")
send.add_argument("--count")
send.add_argument("--ratio")
send.add_argument("--text")
send.add_argument("--meta", type=json.loads)
send.add_argument("--tag", action="append")
send.add_argument("--sizes", nargs="*", type=int)
end = sub.add_parser("end")
end.add_argument("--how", required=True)
args = p.parse_args()
if args.describe:
    print(json.dumps(DESCRIPTION))
elif args.command == "send":
    print(json.dumps({k: v for k, v in vars(args).items() if k not in ("describe", "command") and v not in (None, False)}))
elif args.how == "object":
    print('\\n{"b": 9007199254740993, "a": 1.50}\\n')
elif args.how == "text":
    print("  two\\nlines \\n")
elif args.how == "list":
    print("[1, 2]")
elif args.how == "bytes":
    sys.stdout.buffer.write(b"caf\\xe9")
elif args.how == "flood":
    print("x" * 5000)
elif args.how == "error-json":
    print(json.dumps({"error": "no such repo", "hint": "x"})); print("why", file=sys.stderr); sys.exit(3)
elif args.how == "error-text":
    print("went wrong"); print("why", file=sys.stderr); sys.exit(1)
elif args.how == "error-silent":
    print("Traceback: only here", file=sys.stderr); sys.exit(2)
elif args.how == "error-nothing":
    sys.exit(9)
`;

let cli: Awaited<ReturnType<typeof openCliWorld>>;
let p: Awaited<ReturnType<(typeof cli)['install']>>;
beforeAll(async () => {
  cli = await openCliWorld();
  p = await cli.install(SOURCE, { outputBytes: 4096 });
});
afterAll(() => cli.close());

const exact = (text: string): ExactJsonObject => parseExactJson(text) as ExactJsonObject;
/** What argparse gave the program. */
const understood = async (text: string) => JSON.parse(await p.textOf('send', exact(text)));
const lastRecord = () => p.world.records.at(-1);

describe('arguments that a `cli.py` gets', () => {
  test('a boolean is a flag, given when true and left out when false', async () => {
    expect(await understood('{"new_tab":true}')).toEqual({ new_tab: true });
    expect(await understood('{"new_tab":false}')).toEqual({});
  });

  test('all values of a list arrive, with nargs and with append', async () => {
    expect(await understood('{"to":["a@b","c@d","e@f"]}')).toEqual({ to: ['a@b', 'c@d', 'e@f'] });
    expect(await understood('{"tag":["x","y"]}')).toEqual({ tag: ['x', 'y'] });
  });

  test.each(['--help', '-1e-5', '--text=/etc', '-', 'a b\nc', '=', "'; id; '"])(
    'the value %j is a value, and never an option',
    async (text) => {
      expect(await understood(JSON.stringify({ text }))).toEqual({ text });
      expect(await understood(JSON.stringify({ tag: [text] }))).toEqual({ tag: [text] });
    },
  );

  test.each([
    ['{"count":9007199254740993}', { count: '9007199254740993' }],
    ['{"count":-123456789012345678901234567890}', { count: '-123456789012345678901234567890' }],
    ['{"ratio":0.1000000000000000055}', { ratio: '0.1000000000000000055' }],
    ['{"ratio":5.0}', { ratio: '5.0' }],
    ['{"ratio":0.0000001}', { ratio: '1e-07' }],
    ['{"sizes":[9007199254740993,1]}', { sizes: expect.anything() }],
  ])('the number in %s has the digits that were sent', async (text, expected) => {
    expect(await understood(text)).toEqual(expected);
    if (text.includes('sizes')) expect(await p.textOf('send', exact(text))).toContain('[9007199254740993, 1]');
  });

  test('an object is JSON, with the digits that were sent', async () => {
    expect(await p.textOf('send', exact('{"meta":{"id":9007199254740993,"s":"ü"}}'))).toContain(
      '"id": 9007199254740993',
    );
  });

  test('one that is longer than a word of a command line can be is refused, and said which', async () => {
    const { isError, structuredContent } = await p.call('send', { text: 'x'.repeat(140 * 1024) });
    expect(isError).toBe(true);
    expect(structuredContent).toMatchObject({
      error: { code: 'ARGUMENTS_UNPASSABLE', details: { pointer: '/text', remedy: expect.any(String) } },
    });
  });
});

describe('arguments as agents send them', () => {
  test.each<[string, string, object, readonly object[]]>([
    ['a name with dashes', '{"new-tab":true}', { new_tab: true }, [{ pointer: '/new_tab', kind: 'renamed', count: 1 }]],
    [
      'a list in an item',
      '{"to":{"item":"a@b"}}',
      { to: ['a@b'] },
      [{ pointer: '/to', kind: 'item-unwrapped', count: 1 }],
    ],
    [
      'a list as text',
      '{"to":"[\\"a@b\\",\\"c@d\\"]"}',
      { to: ['a@b', 'c@d'] },
      [{ pointer: '/to', kind: 'json-parsed', count: 1 }],
    ],
    [
      'an object as text',
      '{"meta":"{\\"a\\":1}"}',
      { meta: { a: 1 } },
      [{ pointer: '/meta', kind: 'json-parsed', count: 1 }],
    ],
    ['null for what is optional', '{"text":null}', {}, [{ pointer: '/text', kind: 'null-dropped', count: 1 }]],
    [
      'texts for numbers',
      '{"count":"9007199254740993","sizes":["1","2"]}',
      { count: '9007199254740993', sizes: [1, 2] },
      [
        { pointer: '/count', kind: 'number-parsed', count: 1 },
        { pointer: '/sizes/*', kind: 'number-parsed', count: 2 },
      ],
    ],
    [
      'a text for a truth',
      '{"new_tab":"true"}',
      { new_tab: true },
      [{ pointer: '/new_tab', kind: 'boolean-parsed', count: 1 }],
    ],
    [
      'a number for a text',
      '{"text":9007199254740993}',
      { text: '9007199254740993' },
      [{ pointer: '/text', kind: 'integer-spelled', count: 1 }],
    ],
  ])('%s are taken, and the record says what was changed', async (_, sent, arrived, changes) => {
    expect(await understood(sent)).toEqual(arrived);
    expect(lastRecord()?.normalised).toEqual(changes);
  });

  test('what is decided, recorded and run are the same arguments', async () => {
    await p.call('send', exact('{"count":"9007199254740993","new-tab":"true"}'));
    const text = '{"count":9007199254740993,"new_tab":true}';
    expect(JSON.stringify(p.world.drafts.at(-1)?.args)).toBe(text);
    expect(p.world.runs.at(-1)?.argsJson).toBe(text);
  });

  test('arguments that fit are recorded without a change', async () => {
    await p.call('send', { count: 2 });
    expect(lastRecord()).not.toHaveProperty('normalised');
  });

  test.each([
    '{"meta":"{\\"__proto__\\":{\\"x\\":1}}"}',
    '{"meta":"{\\"x\\":1e999}"}',
    '{"meta":"{\\"x\\":\\"\\\\ud800\\"}"}',
  ])('no text brings in what no body may hold: %s', async (sent) => {
    const runs = p.world.runs.length;
    const { structuredContent } = await p.call('send', exact(sent));
    expect(structuredContent).toMatchObject({ error: { code: 'ARGUMENTS_INVALID' } });
    expect(p.world.runs).toHaveLength(runs);
  });

  test('a key finds its call again, however the same arguments are spelled', async () => {
    const keyed = { idempotencyKey: 'spelled' };
    const first = await p.world.call('p__send', { args: { count: '2' }, ...keyed });
    expect(await p.world.call('p__send', { args: { count: 2 }, ...keyed })).toMatchObject({
      invocation: first.invocation,
      isReplayed: true,
    });
    expect((await p.world.call('p__send', { args: { count: 3 }, ...keyed })).answer).toMatchObject({
      error: { code: 'IDEMPOTENCY_CONFLICT' },
    });
  });
});

describe('the answer of a `cli.py`', () => {
  test('that is an object is the text that it printed, and the object', async () => {
    const { content, structuredContent, isError } = await p.call('end', { how: 'object' });
    expect(content).toEqual([{ type: 'text', text: '{"b": 9007199254740993, "a": 1.50}' }]);
    expect(JSON.stringify(structuredContent)).toBe('{"b":9007199254740993,"a":1.50}');
    expect(isError).toBeUndefined();
  });

  test('that is no object is the text alone', async () => {
    expect(await p.call('end', { how: 'text' })).toMatchObject({ content: [{ type: 'text', text: 'two\nlines' }] });
    const list = await p.call('end', { how: 'list' });
    expect(list).toMatchObject({ content: [{ type: 'text', text: '[1, 2]' }] });
    expect(list).not.toHaveProperty('structuredContent');
  });

  test('with bytes that are no UTF-8 has them replaced, and says so', async () => {
    expect(await p.textOf('end', { how: 'bytes' })).toMatch(/^caf\ufffd\n\[.*not UTF-8.*replaced\]$/);
  });

  test('that is too large is cut, and says so', async () => {
    const text = await p.textOf('end', { how: 'flood' });
    expect(text).toMatch(/^x+\n\[the output was cut after \d+ bytes\]$/);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096);
  });

  test.each([
    ['error-json', 'no such repo', { exitCode: 3, stderr: 'why' }],
    ['error-text', 'went wrong\nwhy\n(exit code 1)', { exitCode: 1, stderr: 'why' }],
    ['error-silent', 'Traceback: only here', { exitCode: 2 }],
    ['error-nothing', 'the program ended with exit code 9', { exitCode: 9 }],
  ])('that failed (%s) is its own words, and the error beside', async (how, message, details) => {
    expect(await p.call('end', { how })).toMatchObject({
      isError: true,
      content: [{ type: 'text', text: message }],
      structuredContent: { error: { code: 'TOOL_FAILED', message, details } },
    });
  });
});

describe('a `cli.py` without --describe', () => {
  test('takes the arguments that its help shows', async () => {
    const { textOf, world } = await cli.install(
      'import argparse, json\np = argparse.ArgumentParser()\ns = p.add_subparsers(dest="command", help="Available commands")\n' +
        'g = s.add_parser("go", help="Goes")\ng.add_argument("--far", type=int)\ng.add_argument("--quick", action="store_true")\n' +
        'print(json.dumps(vars(p.parse_args())))\n',
    );
    expect(world.tools.get('p__go')?.inputSchema).toMatchObject({ additionalProperties: false });
    expect(JSON.parse(await textOf('go', { far: '3', quick: true }))).toEqual({ command: 'go', far: 3, quick: true });
  });
});

describe('what the record says of the sandbox', () => {
  test('is the profile of the program under what the call was granted', async () => {
    const profileOf = (granted: Capabilities) => cli.sandbox.runtime.profile(p.plugin, granted).digest;
    const tool = p.world.tools.get('p__send');
    if (tool?.kind !== 'plugin') throw new Error('no tool');
    p.world.tools.set(tool.name, { ...tool, capabilities: { clock: true, random: true } });
    await p.call('send', {});
    expect(lastRecord()).toMatchObject({
      capabilities: { granted: { clock: true, random: true } },
      sandbox: { tier: 'process', profile: profileOf({ clock: true, random: true }) },
    });
    p.world.state.allow = { capabilities: { clock: true } };
    await p.call('send', {});
    expect(lastRecord()).toMatchObject({ sandbox: { profile: profileOf({ clock: true }) } });
    expect(new Set([profileOf({}), profileOf({ clock: true }), profileOf({ clock: true, random: true })]).size).toBe(3);
    p.world.state.allow = {};
    p.world.tools.set(tool.name, tool);
  });
});
