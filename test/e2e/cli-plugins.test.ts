// Existing command-line plugins, unmodified and without a manifest, through the whole server: found, listed, called.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initialize, rpc } from '#test/stdio/door.ts';
import { type CliWorld, createCliWorld, programOf } from './cli-world.ts';
import { connectSse, connectStreamable, DOORS, errorOf, receiptOf } from './clients.ts';
import { smcp, type TestServer, temporaryFolder } from './server.ts';
import { startStdio } from './stdio-process.ts';

const folder = temporaryFolder();
let world: CliWorld;
let server: TestServer;
let token: string;

type Report = {
  readonly name: string;
  readonly state: string;
  readonly runtime: string;
  readonly tools: readonly string[];
  readonly problems: readonly { readonly pointer: string; readonly code: string }[];
  readonly notes: readonly { readonly tool: string; readonly note: string }[];
};

const report = async (name: string): Promise<Report | undefined> =>
  ((await server.json('plugin', 'list')) as Report[]).find((one) => one.name === name);

const call = async (name: string, args: Record<string, unknown> = {}) => {
  const client = await connectStreamable(server.url, token);
  try {
    return await client.call(name, args);
  } finally {
    await client.close();
  }
};

/** The schema of a tool as an agent sees it. */
const schemaOf = async (name: string) => {
  const tools = (await server.json('tools', '--agent', 'demo')) as { name: string; inputSchema: object }[];
  return tools.find((tool) => tool.name === name)?.inputSchema as {
    readonly properties: { readonly [name: string]: object };
    readonly required?: readonly string[];
  };
};

beforeAll(async () => {
  world = createCliWorld(folder.path);
  for (const fixture of ['mail', 'idioms', 'by-hand', 'lying', 'one-parser', 'partial']) world.link(fixture);
  world.write(
    'ends',
    programOf(`
sys.stderr.write("on the way\\n")
raise RuntimeError("deep inside")`),
  );
  world.write('half', programOf('print("begun")\nsys.stderr.write("the disk is full\\n")\nsys.exit(3)'));
  world.write('bytes', programOf('sys.stdout.buffer.write(b"caf\\xe9")'));
  world.write('env', programOf('print(json.dumps(dict(os.environ)))'));
  world.write('reach', programOf('import urllib.request\nurllib.request.urlopen("http://example.org/x")'));
  world.write('secret', programOf(`print(open(${JSON.stringify(join(world.home, 'admin.token'))}).read())`));
  const beside = 'open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "state.json"), "w")';
  world.write('beside', programOf(beside));
  const adopted = world.write('adopted', programOf('open("/etc/shadow").read()'));
  const runtime = { kind: 'process', command: ['python3', 'cli.py'], protocol: 'smcp-cli' };
  const manifest = { manifest: 1, name: 'adopted', version: '1.0.0', description: 'Has one', runtime, tools: [] };
  writeFileSync(join(adopted, 'plugin.json'), JSON.stringify(manifest));
  world.write('slow', programOf('time.sleep(600)'));
  server = await world.start({ MCP_PLUGIN_TIMEOUT: '15', A_SECRET: 'of the server' }, ['mail__list']);
  token = ((await server.json('agent', 'token', 'demo')) as { token: string }).token;
});

afterAll(async () => {
  await server?.stop();
  folder.remove();
});

describe('a directory with cli.py and no plugin.json', () => {
  test('is found at the start, through a link too, and says that it is a program that asks for nothing', async () => {
    expect(await report('mail')).toMatchObject({
      state: 'ready',
      runtime: 'process',
      version: '2.1.0',
      tools: ['mail__list', 'mail__send'],
      capabilities: [],
      problems: [],
    });
  });

  test.each(DOORS)('is listed and called over %s', async (_door, connect) => {
    const client = await connect(server.url, token);
    expect(await client.listNames()).toEqual(expect.arrayContaining(['mail__send', 'idioms__remote_add']));
    const answer = await client.call('mail__send', { to: ['a@x', 'b@x'], subject: 'hi', message: 'text' });
    expect(answer.structuredContent).toMatchObject({ to: ['a@x', 'b@x'], subject: 'hi', text: 'text', is_html: false });
    await client.close();
  });

  test('is listed and called over stdio', async () => {
    const stdio = startStdio(['--agent', 'demo', '--home', world.home]);
    await stdio.ask(initialize('2025-06-18'));
    const listed = (await stdio.ask(rpc(2, 'tools/list'))) as { result: { tools: { name: string }[] } };
    expect(listed.result.tools.map(({ name }) => name)).toContain('by-hand__note');
    const args = { text: 'hi', loud: true };
    const answer = await stdio.ask(rpc(3, 'tools/call', { name: 'by-hand__note', arguments: args }));
    expect(answer).toMatchObject({ result: { structuredContent: { command: 'note', text: ['hi'], loud: [] } } });
    await stdio.end();
  });

  test('shows an agent only what it was granted', async () => {
    const client = await connectStreamable(server.url, token);
    expect(await client.listNames()).not.toContain('mail__list');
    expect(errorOf(await client.call('mail__list'))).toMatchObject({ code: 'DENIED' });
    await client.close();
  });

  test('runs as a program of its own kind, behind the layers that its record names', async () => {
    const { invocation } = receiptOf(await call('partial__open', { url: 'x' }));
    const { record } = (await server.json('log', 'show', invocation)) as { record: { predicate: object } };
    expect(record.predicate).toMatchObject({
      sandbox: { tier: 'process', layers: expect.arrayContaining(['clean-environment', 'keeper', 'work-folder']) },
    });
  });
});

describe('where the original fails:', () => {
  test('a boolean that is a flag is listed as one, whatever --describe says of values, and works', async () => {
    expect((await schemaOf('mail__send')).properties['is_html']).toMatchObject({ type: 'boolean' });
    const answer = await call('mail__send', { to: ['a'], subject: 's', message: 'm', is_html: true, cache: false });
    expect(answer.structuredContent).toMatchObject({ is_html: true, cache: false });
  });

  test('recipients of nargs="+" all arrive', async () => {
    const answer = await call('mail__send', { to: ['a', 'b', 'c'], subject: 's', message: 'm' });
    expect(answer.structuredContent).toMatchObject({ to: ['a', 'b', 'c'] });
  });

  test('a value that looks like an option stays a value', async () => {
    const args = { to: ['a'], subject: '--help', message: '-1e-5', header: ['--cwd=/etc'] };
    expect((await call('mail__send', args)).structuredContent).toMatchObject({
      subject: '--help',
      text: '-1e-5',
      header: ['--cwd=/etc'],
    });
  });

  test('a plugin that is found by its --help takes arguments: the help is its schema', async () => {
    const schema = await schemaOf('idioms__values');
    expect(schema).toMatchObject({ additionalProperties: false, required: ['mode'] });
    expect(schema.properties).toMatchObject({ mode: { enum: ['fast', 'slow'] }, count: {}, tag: { type: 'array' } });
    const answer = await call('idioms__values', { mode: 'slow', tag: ['x', 'y'] });
    expect(answer.structuredContent).toMatchObject({ mode: 'slow', tag: ['x', 'y'] });
  });

  test('an unknown tool is an error, and names no tool', async () => {
    const client = await connectSse(server.url, token);
    const failed = await client.call('mail__nothing').then(
      () => 'answered',
      (thrown: Error) => thrown.message,
    );
    expect(failed).not.toBe('answered');
    expect(failed).not.toMatch(/mail__send|idioms__/);
    await client.close();
  });

  test('a name that breaks the rules is reported and skipped; the sound commands are listed', async () => {
    const lying = await report('lying');
    expect(lying).toMatchObject({ state: 'ready', tools: ['lying__work'] });
    expect(lying?.problems.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      'DESCRIPTION_INVALID /commands/1/name',
      'DESCRIPTION_INVALID /commands/2/name',
      'DESCRIPTION_INVALID /commands/3/name',
      'DESCRIPTION_INVALID /commands/4/name',
      'DESCRIPTION_INVALID /commands/5/parameters/0/type',
      'DESCRIPTION_INVALID /commands/6/parameters/1/name',
      'DESCRIPTION_INVALID /commands/7',
    ]);
    expect(lying?.notes).toContainEqual({ tool: 'lying__work', note: expect.stringContaining('shows a flag') });
    const { stdout } = await server.smcp('plugin', 'list');
    expect(stdout).toContain('note: lying__work: force: described as string, the help shows a flag');
    expect(stdout).toContain('lying: DESCRIPTION_INVALID: cli.py --describe/commands/1/name');
  });

  test('the end of stderr is in the error of a call that failed', async () => {
    const answer = await call('ends__run');
    expect(answer.isError).toBe(true);
    expect(answer.content[0]?.text).toContain('RuntimeError: deep inside');
  });

  test('so it is after something was printed', async () => {
    const answer = await call('half__run');
    expect(answer.content[0]?.text).toBe('begun\nthe disk is full\n(exit code 3)');
  });

  test('output that is no UTF-8 is an answer, and what was done to it is said', async () => {
    const answer = await call('bytes__run');
    expect(answer.isError ?? false).toBe(false);
    expect(answer.content[0]?.text).toContain('not UTF-8');
  });

  test('the environment of the server reaches no plugin', async () => {
    const { structuredContent = {} } = await call('env__run');
    expect(Object.keys(structuredContent)).toEqual(
      expect.arrayContaining(['HOME', 'LANG', 'PATH', 'PYTHONNOUSERSITE', 'TMPDIR']),
    );
    expect(JSON.stringify(structuredContent)).not.toMatch(/of the server|MCP_|SMCP/);
    expect(readFileSync(`/proc/${server.pid}/environ`, 'latin1')).toContain('of the server');
  });
});

test('a call ends after the time that the environment gives to plugins without a manifest', async () => {
  expect(errorOf(await call('slow__run'))).toMatchObject({ code: 'TIMEOUT' });
});

test('a connection that is refused is told with the line that asks for it', async () => {
  const error = errorOf(await call('reach__run'));
  expect(error.details).toMatchObject({
    remedy: expect.stringMatching(/connection to example\.org.*smcp plugin adopt.*"net": \[\{"host":"example\.org"/),
  });
});

test('a file that is refused is told as the program named it, and no other', async () => {
  const { details } = errorOf(await call('secret__run')) as { details: { remedy: string } };
  expect(details.remedy).toContain(`the file ${JSON.stringify(join(world.home, 'admin.token'))}`);
  expect(details.remedy).toMatch(/smcp plugin adopt.*"files": \[\{ "path": "workspace"/);
  // Without the sandbox the same program reads it.
  const bare = spawnSync('python3', [join(world.plugins, 'secret', 'cli.py'), 'run'], { encoding: 'utf8' });
  expect(bare.stdout.trim()).toBe(readFileSync(join(world.home, 'admin.token'), 'utf8').trim());
});

test('a plugin with a manifest is told what that may ask for, and how it gets it', async () => {
  const { details } = errorOf(await call('adopted__run')) as { details: { remedy: string } };
  expect(details.remedy).toMatch(
    /the file "\/etc\/shadow".*"files": \[\{ "path": "workspace".*by host calls .protocol `json`., and still opens no file/,
  );
  expect(details.remedy).not.toContain('plugin adopt');
});

test('a program that keeps its state beside its code is told where it may write', async () => {
  const { details } = errorOf(await call('beside__run')) as { details: { remedy: string } };
  expect(details.remedy).toMatch(/"state\.json" beside its code.*read-only.*write to \$HOME/);
});

describe('smcp plugin adopt', () => {
  test('writes a manifest under which the plugin lists the same tools and answers the same', async () => {
    const mine = createCliWorld(join(folder.path, 'adopted'));
    const program = readFileSync(join(world.plugins, 'mail', 'cli.py'), 'utf8');
    const directory = mine.write('mail', program);
    const args = { to: ['a', 'b'], subject: '--x', message: 'm', is_html: true };
    const seen = async () => {
      const started = await mine.start();
      // What was adopted is another plugin than the one that was pinned at the first start.
      await started.smcp('plugin', 'approve', 'mail', '--yes');
      const called = await started.smcp('call', 'mail__send', '--args', JSON.stringify(args), '--agent', 'demo');
      const tools = (await started.json('tools', '--agent', 'demo')) as { name: string }[];
      const [plugin] = ((await started.json('plugin', 'list')) as { name: string }[]).filter(
        ({ name }) => name === 'mail',
      );
      await started.stop();
      return { tools, plugin, stdout: called.stdout };
    };
    const before = await seen();
    const adopted = await smcp(['plugin', 'adopt', directory]);
    expect(adopted).toMatchObject({ code: 0, stdout: expect.stringContaining('2 tools\n  mail__list\n  mail__send') });
    expect(JSON.parse(readFileSync(join(directory, 'plugin.json'), 'utf8'))).toMatchObject({
      manifest: 1,
      name: 'mail',
      version: '2.1.0',
      runtime: { kind: 'process', protocol: 'smcp-cli' },
    });
    const after = await seen();
    expect(JSON.parse(after.stdout)).toMatchObject({ to: ['a', 'b'], subject: '--x', is_html: true });
    expect(after.stdout).toBe(before.stdout);
    expect(after.tools).toEqual(before.tools);
    expect(after.plugin).toMatchObject({ state: 'ready', problems: [] });
  });

  test('never writes over a manifest, and writes none where nothing can be listed', async () => {
    const mine = createCliWorld(join(folder.path, 'not-adopted'));
    const directory = mine.write('mail', programOf(''));
    writeFileSync(join(directory, 'plugin.json'), '{}');
    const refused = await smcp(['plugin', 'adopt', directory, '--json']);
    expect(refused.code).not.toBe(0);
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'PLUGIN_ADOPTED' } });
    expect(readFileSync(join(directory, 'plugin.json'), 'utf8')).toBe('{}');
    const silent = mine.write('silent', 'import missing_module\n');
    const nothing = await smcp(['plugin', 'adopt', silent]);
    expect(nothing.code).toBe(2);
    expect(nothing.stdout).toMatch(/No module named 'missing_module'.*\n.*\nnothing was written/);
    expect(readdirSync(silent)).toEqual(['cli.py']);
  });

  test('is not needed to check a plugin: its program is asked in the sandbox, without a server', async () => {
    const checked = await smcp(['plugin', 'check', join(world.plugins, 'mail')]);
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('mail 2.1.0 is sound: mail__list') });
    const lying = await smcp(['plugin', 'check', join(world.plugins, 'lying'), '--json']);
    expect(lying.code).toBe(2);
    expect(JSON.parse(lying.stdout)).toMatchObject({ ok: false, state: 'ready', tools: ['lying__work'] });
  });
});
