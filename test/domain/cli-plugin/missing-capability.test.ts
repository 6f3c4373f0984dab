// Hints at what the sandbox refused: from texts as programs print them, never more than they name.

import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { missingCapability, refusalRemedy } from '#domain/cli-plugin/missing-capability.ts';
import { bareManifest } from '#registry/discovered.ts';
import { createManifestReader } from '#registry/read-manifest.ts';

describe('a connection that was refused is seen in what is printed by', () => {
  test.each<[string, string, object]>([
    ['a resolver of Python', 'socket.gaierror: [Errno -3] Temporary failure in name resolution', { kind: 'net' }],
    [
      'urllib, with the address in sight',
      'urlopen("https://api.example.org/v1")\nurllib.error.URLError: <urlopen error [Errno 1] Operation not permitted>',
      { kind: 'net', host: 'api.example.org', port: 443 },
    ],
    [
      'requests',
      "HTTPConnectionPool(host='api.example.org', port=8080): Max retries exceeded: NewConnectionError: [Errno 13]",
      { kind: 'net', host: 'api.example.org', port: 8080 },
    ],
    ['curl', 'curl: (6) Could not resolve host: example.org', { kind: 'net' }],
    ['Node', 'Error: getaddrinfo EAI_AGAIN example.org', { kind: 'net' }],
    [
      'a program that named its address without TLS',
      'connect to http://Example.ORG/x: Operation not permitted',
      { kind: 'net', host: 'example.org', port: 80 },
    ],
    [
      'a socket that may not be made',
      'sock = socket.socket(AF_INET)\nPermissionError: [Errno 1] Operation not permitted',
      { kind: 'net' },
    ],
  ])('%s', (_by, text, missing) => {
    expect(missingCapability(text)).toEqual(missing);
  });
});

describe('a file that was refused is seen in what is printed by', () => {
  test.each<[string, string, object]>([
    ['Python', "PermissionError: [Errno 13] Permission denied: '/etc/shadow'", { kind: 'files', path: '/etc/shadow' }],
    ['Node', "Error: EACCES: permission denied, open '/root/x y'", { kind: 'files', path: '/root/x y' }],
    ['a shell', 'cat: /root/.ssh/id: Permission denied', { kind: 'files', path: '/root/.ssh/id' }],
    ['a program that does not name it', 'it failed: Permission denied', { kind: 'files' }],
  ])('%s', (_by, text, missing) => {
    expect(missingCapability(text)).toEqual(missing);
  });

  test('a real Python', () => {
    const program =
      'import os\ntry: raise PermissionError(13, os.strerror(13), "/a/b")\nexcept OSError as e: print(repr(e), e)';
    const text = execFileSync('python3', ['-c', program], { encoding: 'utf8' });
    expect(missingCapability(text)).toEqual({ kind: 'files', path: '/a/b' });
  });
});

test.each([
  'ValueError: no such page',
  'FileNotFoundError: [Errno 2] No such file or directory: "/x"',
  'OSError: [Errno 1] Operation not permitted',
  'see https://example.org/help',
  '',
])('nothing is guessed from %j', (text) => {
  expect(missingCapability(text)).toBeUndefined();
});

test('a host that no manifest takes is not named', () => {
  const text = 'https://-bad-.example/ <urlopen error [Errno 1] Operation not permitted>';
  expect(missingCapability(text)).toEqual({ kind: 'net' });
});

test('what is named stands in the text, whatever the text', () => {
  const piece = fc.constantFrom(
    ...[
      "[Errno 13] Permission denied: '",
      '/a/b',
      "'",
      'EACCES',
      'https://',
      'x.org',
      ':80',
      "host='y.org', port=1",
      '\n',
    ],
    ...['gaierror', 'Operation not permitted', 'connect', ': Permission denied'],
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 8 })), { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const missing = missingCapability(text);
      const named = missing?.kind === 'net' ? missing.host : missing?.path;
      expect(text.toLowerCase()).toContain((named ?? '').toLowerCase());
    }),
  );
});

describe('the remedy', () => {
  const options = { plugin: 'old', hasManifest: false, codeFolder: '/work/code-1', available: [] };
  const adopted = { ...options, hasManifest: true };

  test('is the line that asks for the host, how to get a manifest, and that this version gives no such thing', () => {
    const text = refusalRemedy({ kind: 'net', host: 'x.org', port: 80 }, options);
    expect(text).toContain('a connection to x.org');
    expect(text).toContain('`"net": [{"host":"x.org","ports":[80]}]`');
    expect(text).toContain('smcp plugin adopt DIR');
    expect(text).toContain('can not give `net` yet');
    const given = refusalRemedy({ kind: 'net' }, { ...options, available: ['net'] });
    expect(given).not.toContain('yet');
    expect(given).toContain('by host calls (protocol `json`), and still opens no connection of its own');
  });

  test('names a file as it was named, made visible, and asks for the workspace: no manifest asks for a path', () => {
    const text = refusalRemedy({ kind: 'files', path: '/a\u001b[2J' }, options);
    expect(text).toContain('/a\\\\u{1b}[2J');
    expect(text).toContain('"files": [{ "path": "workspace", "access": "read" }]');
  });

  test('is the same line where there is a manifest, and adopts nothing', () => {
    const net = refusalRemedy({ kind: 'net', host: 'x.org' }, adopted);
    expect(net).toContain('`"net": [{"host":"x.org","ports":[443]}]`');
    expect(net).toContain('can not give `net` yet');
    expect(refusalRemedy({ kind: 'net' }, adopted)).not.toContain('HOST');
    const files = refusalRemedy({ kind: 'files', path: '/etc/shadow' }, adopted);
    expect(files).toContain('"files": [{ "path": "workspace", "access": "read" }]');
    for (const text of [net, files]) expect(text).not.toMatch(/adopt|no plugin\.json/);
  });

  test.each([options, adopted])('of a file beside the code is $HOME, whether or not there is a manifest', (given) => {
    const text = refusalRemedy({ kind: 'files', path: '/work/code-1/data/state.json' }, given);
    expect(text).toContain('"data/state.json" beside its code');
    expect(text).toMatch(/read-only.*write to \$HOME/);
    expect(text).not.toMatch(/"files"|\/work/);
  });

  test.each(['/work/code-12/x', '/work/code-1', '/work/code-1/../x', '/x/work/code-1/y'])(
    'of %s, which is not beside the code, is a line of the manifest',
    (path) => {
      expect(refusalRemedy({ kind: 'files', path }, adopted)).toContain('"files"');
    },
  );

  test('comes from the end of a text, and not from far before it', () => {
    const refusal = "PermissionError: [Errno 13] Permission denied: '/x'";
    expect(missingCapability(`${'noise\n'.repeat(50_000)}${refusal}`)).toBeDefined();
    expect(missingCapability(`${refusal}${'\nnoise'.repeat(50_000)}`)).toBeUndefined();
  });

  test.each(['$HOME', 'x.org'])('asks for nothing that the format of a manifest does not take: %s', (named) => {
    const missing = named === 'x.org' ? { kind: 'net' as const, host: named } : { kind: 'files' as const, path: named };
    const [, line = ''] = /`("(?:net|files)": .*?\])`/.exec(refusalRemedy(missing, adopted)) ?? [];
    const made = { ...bareManifest('p'), capabilities: JSON.parse(`{${line}}`) };
    expect(createManifestReader()(new TextEncoder().encode(JSON.stringify(made))).problems).toEqual([]);
  });
});
