import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { COMMANDS } from '#cli/commands.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { writeNewPlugin } from '#sandbox/harness/new-plugin.ts';
import { startPlugin } from '#sandbox/harness/start-plugin.ts';
import { memoryTerminal } from '#test/cli/memory-terminal.ts';
import { workspace } from './plugins.ts';

const space = workspace();
afterAll(() => space.remove());

async function smcp(...argv: readonly string[]) {
  const { terminal, written } = memoryTerminal({ SMCP_HOME: join(space.path, 'home') });
  const code = await runCommandLine(COMMANDS, argv, { terminal, version: '0' });
  return { code, ...written };
}

describe('smcp plugin new', () => {
  test.each([
    ['an isolate', 'new_isolate', ['--runtime', 'isolate']],
    ['a program in Python', 'new_python', ['--runtime', 'process']],
    ['a program in Bash', 'new_bash', ['--runtime', 'process', '--language', 'bash']],
    ['a program in Node', 'new_node', ['--runtime', 'process', '--language', 'node']],
  ])('writes %s that is sound, and passes its own tests in the sandbox', async (_, name, words) => {
    const made = await smcp('plugin', 'new', name, ...words, '--dir', space.path, '--json');
    expect(made.code).toBe(0);
    const { directory } = JSON.parse(made.out) as { readonly directory: string };
    expect(await smcp('plugin', 'check', directory)).toMatchObject({
      code: 0,
      out: `${name} 0.1.0 is sound: ${name}__greet\n`,
    });
    expect(await smcp('plugin', 'test', directory)).toMatchObject({ code: 0, out: '3 tests passed, 0 failed\n' });
  });

  test('makes the directory of plugins with the first of them, and no more than that', async () => {
    const dir = join(space.path, 'my-plugins');
    const words = ['plugin', 'new', 'first', '--runtime', 'isolate', '--dir'];
    expect(await smcp(...words, join(dir, 'not', 'there'))).toMatchObject({ code: 2 });
    expect(readdirSync(space.path)).not.toContain('my-plugins');
    expect(await smcp(...words, dir)).toMatchObject({ code: 0 });
    expect(readdirSync(dir)).toEqual(['first']);
  });

  test('changes nothing that is there, file, directory or link', async () => {
    mkdirSync(join(space.path, 'taken'));
    writeFileSync(join(space.path, 'taken_too'), 'mine');
    for (const name of ['taken', 'taken_too']) {
      const ended = await smcp('plugin', 'new', name, '--runtime', 'isolate', '--dir', space.path);
      expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('there already; nothing was changed') });
    }
    expect(readdirSync(join(space.path, 'taken'))).toEqual([]);
    expect(readFileSync(join(space.path, 'taken_too'), 'utf8')).toBe('mine');
  });

  test.each(['../out', 'a/b', 'smcp', 'a__b', '', '.', 'a b', '-x"y'])('refuses the name %j', async (name) => {
    const ended = await smcp('plugin', 'new', '--runtime', 'isolate', '--dir', space.path, '--', name);
    expect(ended.code).toBe(2);
    expect(readdirSync(space.path)).not.toContain(name);
  });

  test.each([
    [[]],
    [['--runtime', 'wasm']],
    [['--runtime', 'process', '--language', 'perl']],
    [['--runtime', 'isolate', '--language', 'python']],
  ])('refuses %j', async (words) => {
    expect((await smcp('plugin', 'new', 'x', ...words, '--dir', space.path)).code).toBe(2);
  });
});

const WORLD = {
  now: 7,
  seed: 'a',
  store: { kept: { list: [1, 'é"\\', null] } },
  http: [{ url: 'https://a.org/*', json: { hot: true } }],
  files: { 'workspace/a': 'one' },
  run: [{ program: 'git', stdout: 'abc' }],
  tools: [{ tool: 'other__greet', value: 'hi' }],
};
const CAPABILITIES = {
  ...{ clock: true, random: true, store: { bytesMax: 1000 }, tools: ['other__greet'] },
  net: [{ host: 'a.org' }],
  files: [{ path: 'workspace', access: 'write' }],
  run: [{ program: 'git', args: ['log'] }],
};

const PYTHON = `import smcp_host
def greet(args, host):
    host.log("a line", level="warn"); host.progress(1, total=2)
    host.store.set("a", args)
    response = host.fetch("https://a.org/x", headers={"a": "b"})
    host.files.write("workspace/b", b"\\xff")
    try:
        host.fetch("https://b.org/")
    except smcp_host.HostError as error:
        code, capability = error.code, error.details["capability"]
    print("this is no answer")
    return {"now": host.now(), "random": len(host.random(4)), "kept": host.store.get("kept"), "back": host.store.get("a"),
            "keys": host.store.list()["keys"], "hot": response.json()["hot"], "file": host.files.read("workspace/a")["text"],
            "run": host.run("git", ["log"])["stdout"], "tool": host.tools.call("other__greet"), "code": [code, capability]}
smcp_host.serve({"greet": greet})
`;

const NODE = `import { serve } from './smcp-host.mjs';
await serve({ greet: async (args, host) => {
  host.log('warn', 'a line'); host.progress({ progress: 1, total: 2 });
  await host.store.set('a', args);
  await host.files.write({ path: 'workspace/b', base64: '/w==' });
  const refused = await host.fetch('https://b.org/').catch((error) => error);
  console.log('this is no answer');
  const [now, bytes, kept, back, { keys }, response] = await Promise.all([host.now(), host.random(4), host.store.get('kept'),
    host.store.get('a'), host.store.list(), host.fetch('https://a.org/x', { headers: { a: 'b' } })]);
  return { now, random: bytes.length, kept, back, keys, hot: (await response.json()).hot,
    file: (await host.files.read({ path: 'workspace/a' })).text, run: (await host.run('git', ['log'])).stdout,
    tool: await host.tools.call('other__greet'), code: [refused.code, refused.details.capability] };
} });
`;

const BASH = `source "\${BASH_SOURCE[0]%/*}/smcp-host.sh"
tool_greet() {
  smcp_log 'a line' warn; smcp_progress 1 2
  smcp_call store.set "{\\"key\\":\\"a\\",\\"value\\":\${ARGS[/]}}"
  smcp_call files.write '{"path":"workspace/b","base64":"/w=="}'
  smcp_call fetch '{"url":"https://b.org/"}' || code=$SMCP_CODE
  smcp_call now && now=$REPLY
  smcp_call random '{"bytes":3}' && smcp_text && random=\${#REPLY}
  smcp_call store.get '{"key":"kept"}' && kept=$REPLY
  smcp_call store.get '{"key":"a"}' && back=$REPLY
  smcp_call store.list && declare -A FOUND=() KINDS=() && smcp_parse "$REPLY" && keys=\${FOUND[/keys]}
  smcp_call fetch '{"url":"https://a.org/x","headers":{"a":"b"}}' && smcp_parse "$REPLY" && smcp_parse "\${FOUND[/body/text]}" && hot=\${FOUND[/hot]}
  smcp_call files.read '{"path":"workspace/a"}' && smcp_parse "$REPLY" && file=\${FOUND[/text]}
  smcp_call run '{"program":"git","args":["log"]}' && smcp_parse "$REPLY" && run=\${FOUND[/stdout]}
  smcp_call tools.call '{"tool":"other__greet","args":{}}' && tool=$REPLY
  smcp_result '{"now":%s,"random":%d,"kept":%s,"back":%s,"keys":%s,"hot":%s,"file":%s,"run":%s,"tool":%s,"code":[%s,"net"]}' \\
    "$now" "$random" "$kept" "$back" "$keys" "$hot" "$(smcp_json "$file")" "$(smcp_json "$run")" "$tool" "$(smcp_json "$code")"
}
smcp_serve
`;

test.each([
  ['python', 'main.py', PYTHON],
  ['node', 'main.mjs', NODE],
  ['bash', 'main.sh', BASH],
] as const)(
  'the library for %s makes every host call, and hears errors with their code',
  async (kind, file, source) => {
    const args = { name: 'Zoë 😀 "q" \\ / \n\t\u0001 $(id) `id` %s', list: [1.5, true, null, { 'a/b~c': [] }] };
    await using plugin = await startPlugin(writeWith(kind, file, source), { world: WORLD });
    const call = await plugin.call('greet', args);
    const value: Json = {
      ...{
        now: 7,
        random: 4,
        kept: WORLD.store.kept,
        back: args,
        keys: ['a', 'kept'],
        hot: true,
        file: 'one',
        run: 'abc',
      },
      ...{ tool: 'hi', code: ['CAPABILITY_DENIED', 'net'] },
    };
    expect(call).toMatchObject({ ok: true, value, log: [{ level: 'warn', text: 'a line' }] });
    expect(call.progress).toEqual([{ progress: 1, total: 2 }]);
    expect(plugin.files()).toMatchObject({ 'workspace/b': { base64: '/w==' } });
  },
);

test('no argument is run as a command by the library for Bash, whatever its keys and texts', async () => {
  const command = 'a[$(echo >pwned)]';
  // The control: the same text does run where Bash takes it for arithmetic.
  const source = `source "\${BASH_SOURCE[0]%/*}/smcp-host.sh"
tool_greet() {
  [[ -e pwned ]] && before=true
  control=\${ARGS[/control]}
  ((control)) 2>/dev/null
  [[ -e pwned ]] && after=true
  smcp_result '{"before":%s,"after":%s,"count":%d}' "\${before-false}" "\${after-false}" "\${#ARGS[@]}"
}
smcp_serve
`;
  const evil = [command, '$(echo >pwned)', '`echo >pwned`', "'];echo >pwned;'", '@', '*', ''];
  const args = { control: command, list: evil, ...Object.fromEntries(evil.map((key) => [key, { [key]: key }])) };
  await using plugin = await startPlugin(writeWith('bash', 'main.sh', source));
  // The arguments, both named ones, seven elements, and seven keys twice, of which the empty one at the top has no place of its own.
  const count = 1 + 2 + 7 + 14 - 1;
  expect(await plugin.call('greet', args)).toMatchObject({ value: { before: false, after: true, count } });
});

test('the library for Bash reads what it writes, and takes no broken JSON', () => {
  const library = join(import.meta.dirname, '../../sandbox/guest/bash/smcp-host.sh');
  const script = `source ${library}; declare -A FOUND=() KINDS=(); smcp_parse "$1" && smcp_json "\${FOUND[/]}" || echo broken`;
  const read = (text: string) => execFileSync('bash', ['--norc', '-c', script, 'x', text], { encoding: 'utf8' });
  for (const text of ['', 'a', '"', '\\', '\n\r\t\u0001\u001f', 'é😀', '%s$(id)']) {
    expect(JSON.parse(read(JSON.stringify(text)))).toBe(text);
  }
  expect(JSON.parse(read('"\\u00e9\\ud83d\\ude00\\/"'))).toBe('é😀/');
  for (const broken of ['', '"', '{', '{"a"}', '[1,]x', '"\\u12', '"\\ua[$(id)]"', 'nul', '1 2', '{"a":1,}']) {
    expect(read(broken).trim()).toBe('broken');
  }
});

let count = 0;
/** A new plugin of this kind, whose one tool takes anything. */
function writeWith(kind: 'python' | 'node' | 'bash', file: string, source: string): string {
  count += 1;
  const { directory } = writeNewPlugin(space.path, `made_${count}`, kind);
  const manifest = JSON.parse(readFileSync(join(directory, 'plugin.json'), 'utf8'));
  const tools = [{ name: 'greet', description: 'Takes anything.', input: { type: 'object' } }];
  writeFileSync(join(directory, 'plugin.json'), JSON.stringify({ ...manifest, capabilities: CAPABILITIES, tools }));
  writeFileSync(join(directory, file), source);
  return directory;
}
