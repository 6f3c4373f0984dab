// Commands of operations against a server that only listens: what each sends, and what it makes of the answer.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { COMMANDS } from '#cli/commands.ts';
import { runCommandLine } from '#cli/run-command.ts';
import { OPERATIONS } from '#operations/table.ts';
import { memoryTerminal } from './memory-terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'smcp-commands-'));
const file = join(folder, 'policy.yaml');
const heard: string[] = [];
let answer: { status: number; body: Json } = { status: 200, body: {} };

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString('utf8');
  heard.push(`${request.method} ${request.url}${body === '' ? '' : ` ${body}`}`);
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
});

beforeAll(async () => {
  writeFileSync(file, 'version: 1\n');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

beforeEach(() => {
  heard.length = 0;
  answer = { status: 200, body: {} };
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

async function smcp(...argv: readonly string[]) {
  const { terminal, written } = memoryTerminal({
    SMCP_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    SMCP_TOKEN: 'smcp_x',
  });
  const input = Readable.from([Buffer.from('from standard input\n')]);
  return { code: await runCommandLine(COMMANDS, argv, { terminal: { ...terminal, input }, version: '1' }), ...written };
}

const SENDS: readonly (readonly [readonly string[], string])[] = [
  [['status'], 'GET /admin/v1/status'],
  [['labels', 'list', '--agent', 'athena'], 'GET /admin/v1/labels?agent=athena'],
  [['labels', 'places'], 'GET /admin/v1/labels/places'],
  [
    ['labels', 'places', '--workspace', 'athena', '--path', 'notes/a b.txt'],
    'GET /admin/v1/labels/places?workspace=athena&path=notes%2Fa+b.txt',
  ],
  [
    ['labels', 'clear', '--agent', 'athena', '--label', 'private', '--why', 'started anew'],
    'POST /admin/v1/labels/clear {"agent":"athena","label":"private","why":"started anew"}',
  ],
  [['person', 'invite', 'ana'], 'POST /admin/v1/people/ana/invites {}'],
  [['person', 'list'], 'GET /admin/v1/people'],
  [['person', 'revoke', 'ana'], 'DELETE /admin/v1/people/ana/passkeys'],
  [['person', 'revoke', 'ana', 'Cr_3'], 'DELETE /admin/v1/people/ana/passkeys?credential=Cr_3'],
  [['notify', 'list'], 'GET /admin/v1/notices'],
  [['notify', 'test'], 'POST /admin/v1/notices/test {}'],
  [['notify', 'test', 'ops'], 'POST /admin/v1/notices/test {"target":"ops"}'],
  [['freeze'], 'POST /admin/v1/freezes {}'],
  [['freeze', '--agent', 'ana'], 'POST /admin/v1/freezes {"agent":"ana"}'],
  [['freeze', '--plugin', 'paint'], 'POST /admin/v1/freezes {"plugin":"paint"}'],
  [['freeze', '--writes'], 'POST /admin/v1/freezes {"writes":true}'],
  [['unfreeze'], 'DELETE /admin/v1/freezes'],
  [['unfreeze', '--writes'], 'DELETE /admin/v1/freezes?writes=true'],
  [['unfreeze', '--agent', 'a&b'], 'DELETE /admin/v1/freezes?agent=a%26b'],
  [['queue'], 'GET /admin/v1/queue'],
  [['queue', 'cancel', 'a/b?c'], 'DELETE /admin/v1/queue/calls/a%2Fb%3Fc'],
  [['approvals'], 'GET /admin/v1/approvals'],
  [['approvals', '--all', '--agent', 'ana'], 'GET /admin/v1/approvals?agent=ana&all=true'],
  [['approvals', 'show', 'a1'], 'GET /admin/v1/approvals/a1'],
  [['approvals', 'deny', 'a1', '--why', 'no'], 'POST /admin/v1/approvals/a1/deny {"why":"no"}'],
  [['person', 'list'], 'GET /admin/v1/people'],
  [['person', 'invite', 'ana'], 'POST /admin/v1/people/ana/invites {}'],
  [['person', 'revoke', 'ana'], 'DELETE /admin/v1/people/ana/passkeys'],
  [['person', 'revoke', 'ana', 'AbC-_1'], 'DELETE /admin/v1/people/ana/passkeys?credential=AbC-_1'],
  [['queue', 'flush'], 'POST /admin/v1/queue/flush {}'],
  [['queue', 'flush', '--agent', 'ana'], 'POST /admin/v1/queue/flush {"agent":"ana"}'],
  [['queue', 'pause'], 'POST /admin/v1/queue/pause {}'],
  [['queue', 'resume', '--lane', 'main'], 'POST /admin/v1/queue/resume {"lane":"main"}'],
  [['agent', 'list'], 'GET /admin/v1/agents'],
  [['agent', 'add', 'ana'], 'POST /admin/v1/agents {"name":"ana"}'],
  [['agent', 'token', 'ana', '--expires', '1h'], 'POST /admin/v1/agents/ana/tokens {"expires":"1h"}'],
  [
    ['agent', 'token', 'ana', '--scope', 'tools:a__*', '--scope', 'doors:mcp'],
    'POST /admin/v1/agents/ana/tokens {"scope":["tools:a__*","doors:mcp"]}',
  ],
  [['agent', 'revoke', 'id1'], 'DELETE /admin/v1/tokens/id1'],
  [
    ['token', 'revoke', '--issuer', 'https://a.example', '--subject', 'u1', '--before', 'now'],
    'POST /admin/v1/tokens/revocations {"issuer":"https://a.example","subject":"u1","before":"now"}',
  ],
  [['token', 'revoke', '--jti', 'J-1'], 'POST /admin/v1/tokens/revocations {"jti":"J-1"}'],
  [['token', 'revocations'], 'GET /admin/v1/tokens/revocations'],
  [['policy', 'show'], 'GET /admin/v1/policy'],
  [['policy', 'show', '--version', '3'], 'GET /admin/v1/policy?version=3'],
  [['policy', 'apply'], 'POST /admin/v1/policy {}'],
  [['policy', 'apply', file], 'POST /admin/v1/policy {"text":"version: 1\\n"}'],
  [['policy', 'diff'], 'POST /admin/v1/policy/diff {}'],
  [['policy', 'diff', file], 'POST /admin/v1/policy/diff {"text":"version: 1\\n"}'],
  [['policy', 'history', '--count', '2'], 'GET /admin/v1/policy/versions?count=2'],
  [['policy', 'rollback', '2'], 'POST /admin/v1/policy/rollback {"version":2}'],
  [['can', 'ana', 'x__y', '--args', '{"a":1}'], 'POST /admin/v1/can {"agent":"ana","tool":"x__y","args":{"a":1}}'],
  [['policy', 'simulate', file, '--last', '5'], 'POST /admin/v1/policy/simulate {"text":"version: 1\\n","last":5}'],
  [['policy', 'who-can', 'x__y', '--args', '{"a":1}'], 'POST /admin/v1/policy/who-can {"tool":"x__y","args":{"a":1}}'],
  [['policy', 'suggest', '--agent', 'ana', '--since', '7d'], 'GET /admin/v1/policy/suggestion?agent=ana&since=7d'],
  [['policy', 'unused', '--since', '7d'], 'GET /admin/v1/policy/unused?since=7d'],
  [['plugin', 'list'], 'GET /admin/v1/plugins'],
  [['plugin', 'enable', 'paint'], 'POST /admin/v1/plugins/paint/enable {}'],
  [['plugin', 'disable', 'paint'], 'POST /admin/v1/plugins/paint/disable {}'],
  [['plugin', 'reload'], 'POST /admin/v1/plugins/reload {}'],
  [['secret', 'list'], 'GET /admin/v1/secrets'],
  [['secret', 'set', 'TOKEN'], 'POST /admin/v1/secrets/TOKEN {"value":"from standard input"}'],
  [['secret', 'rm', 'TOKEN'], 'DELETE /admin/v1/secrets/TOKEN'],
  [['log', 'show', '0'], 'GET /admin/v1/log/records/0'],
  [['log', 'disclose', '7'], 'GET /admin/v1/log/disclosures/7'],
  [['log', 'checkpoint'], 'GET /admin/v1/log/checkpoint'],
  [['config', 'show'], 'GET /admin/v1/config'],
  [['config', 'set', 'logging.level', 'debug'], 'POST /admin/v1/config/logging.level {"value":"debug"}'],
  [['log', 'replay', '7'], 'POST /admin/v1/log/replays/7 {}'],
  [['log', 'tail', '--count', '2', '--from', '1'], 'GET /admin/v1/log/records?count=2&from=1'],
];

describe('a command of an operation', () => {
  test.each(SENDS)('%j sends %s', async (argv, request) => {
    await smcp(...argv, '--json');
    expect(heard).toEqual([request]);
  });

  test('is one of the table above, for each operation that has one', () => {
    const tried = new Set(SENDS.map(([argv]) => argv.filter((word) => /^[a-z-]+$/.test(word)).join(' ')));
    for (const { command } of OPERATIONS) {
      if (command === undefined) continue;
      const words = command.join(' ');
      expect([words, [...tried].some((line) => line === words || line.startsWith(`${words} `))]).toEqual([words, true]);
    }
  });

  test('without an option that it can not do without says which, and asks nobody', async () => {
    const { code, err } = await smcp('labels', 'clear', '--agent', 'athena');
    expect([code, err, heard]).toEqual([2, 'USAGE: smcp labels clear needs --why\nsee smcp labels clear --help\n', []]);
    expect((await smcp('labels', 'clear', '--help')).out).toMatch(/--why WHY .*[(]needed[)]/);
  });

  test('prints with --json the answer as it came', async () => {
    answer = { status: 200, body: [{ name: 'x', text: 'a\u202eb' }] };
    const { out, code } = await smcp('plugin', 'list', '--json');
    expect([code, out]).toEqual([0, '[{"name":"x","text":"a\\u202eb"}]\n']);
  });

  test.each([
    ['FROZEN', 403, 1],
    ['PERSON_NEEDED', 403, 1],
    ['POLICY_WIDENS', 403, 1],
    ['CALL_UNKNOWN', 404, 2],
    ['POLICY_INVALID', 400, 2],
    ['LOG_UNAVAILABLE', 503, 3],
    ['LOG_TAMPERED', 500, 4],
  ])('that is answered %s ends with code %i → %i', async (code, status, exit) => {
    answer = { status, body: { error: { code, message: 'why', details: { remedy: 'what to do' } } } };
    expect(await smcp('freeze')).toEqual({ code: exit, out: '', err: `${code}: why\nwhat to do\n` });
  });

  test.each([
    [['policy', 'apply', join(folder, 'nothing')], /can't be read/],
    [['policy', 'rollback', 'two'], /VERSION must be a whole number, not "two"/],
    [['policy', 'rollback'], /needs VERSION/],
    [['log', 'tail', '--count', '-1'], /USAGE/],
    [['freeze', '--writes=yes'], /USAGE/],
    [['queue', 'cancel'], /needs ID/],
    [['secret', 'set', 'TOKEN', 'a value'], /takes no argument "a value"/],
    [['secret', 'set', 'TOKEN', '--value', 'a value'], /USAGE/],
    [['queue', 'pause', 'now'], /takes no argument "now"/],
    [['call', 'notes__list', 'x'], /takes no argument "x"\nsee smcp call --help/],
    [['call', 'notes__list', '{"a":1}'], /arguments of the tool are given with --args/],
  ])('%j sends nothing and is wrong usage', async (argv, message) => {
    const { code, err } = await smcp(...argv);
    expect([code, heard]).toEqual([2, []]);
    expect(err).toMatch(message);
  });

  test.each([
    ['is too large to be one', 'x'.repeat(1024 * 1024 + 1), 'has more than 1048576 bytes'],
    ['is no text', Buffer.from([0x76, 0xff]), 'is no text in UTF-8'],
  ])('refuses a policy file that %s', async (_why, bytes, what) => {
    const file = join(folder, 'bad.yaml');
    writeFileSync(file, bytes);
    expect(await smcp('policy', 'apply', file)).toMatchObject({ code: 2, err: expect.stringContaining(what) });
    expect(heard).toEqual([]);
  });

  test('reads a policy from a pipe', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writing = spawn('sh', ['-c', 'printf "version: 1\\n" > "$1"', 'sh', pipe]);
    const { code } = await smcp('policy', 'apply', pipe);
    if (writing.exitCode === null) await once(writing, 'exit');
    expect([code, heard]).toEqual([0, ['POST /admin/v1/policy {"text":"version: 1\\n"}']]);
  });
});

describe('without a server', () => {
  test.each([['freeze'], ['queue'], ['unfreeze']])(
    'smcp %s says that none runs, and how to start one',
    async (word) => {
      const { terminal, written } = memoryTerminal();
      const argv = [word, '--home', join(folder, 'no-home')];
      expect(await runCommandLine(COMMANDS, argv, { terminal, version: '1' })).toBe(3);
      expect(written.err).toMatch(/^SERVER_UNAVAILABLE: no server runs on .*\n.*smcp serve/);
    },
  );
});

describe('a file that a command makes', () => {
  const bundle = { bundle: 1, vkey: 'v', checkpoint: 'c', keys: [], record: {}, opening: {} };

  test('log prove: is canonical JSON, readable by others, and never written over another', async () => {
    answer = { status: 200, body: bundle };
    const out = join(folder, 'proof.json');
    expect(await smcp('log', 'prove', '7', '--out', out)).toMatchObject({ code: 0, out: expect.stringContaining(out) });
    expect(heard).toEqual(['GET /admin/v1/log/proofs/7']);
    const text = '{"bundle":1,"checkpoint":"c","keys":[],"opening":{},"record":{},"vkey":"v"}\n';
    expect(readFileSync(out, 'utf8')).toBe(text);
    expect(statSync(out).mode & 0o200).toBe(0o200);
    answer = { status: 200, body: { ...bundle, vkey: 'other' } };
    expect(await smcp('log', 'prove', '7', '--out', out)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/is there already\nnothing was overwritten/),
    });
    expect(readFileSync(out, 'utf8')).toBe(text);
    expect((await smcp('log', 'prove', '7')).out).toBe(text.replace('"v"', '"other"'));
  });

  test('log prove: is not made of an answer that is no proof', async () => {
    answer = { status: 200, body: { hello: 'world' } };
    const out = join(folder, 'no-proof.json');
    expect((await smcp('log', 'prove', '7', '--out', out)).code).toBe(3);
    expect(existsSync(out)).toBe(false);
  });

  test('docs: is the page as it came', async () => {
    answer = { status: 200, body: 'a page' };
    const out = join(folder, 'docs.html');
    expect((await smcp('docs', '--out', out)).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe('"a page"');
    expect((await smcp('docs', '--out', join(folder, 'none', 'x.html'))).err).toMatch(/can't be written/);
    expect((await smcp('docs')).out).toBe('"a page"');
  });
});
