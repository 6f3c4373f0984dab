// The world of a plugin's test answers as a server does: the same host calls, one after the other, against both.

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { compareNames } from '#effects/files/files-effect.ts';
import { createWorldFiles } from '#sandbox/harness/world-files.ts';
import { type Ended, type FilesPlace, openPlace, openSession } from '#test/broker/files-world.ts';

let place: FilesPlace | undefined;
afterEach(() => place?.[Symbol.dispose]());

type Call = readonly [name: string, params: Json];

/** How each call ended against a server's files, and against a world's. */
async function both(calls: readonly Call[]): Promise<readonly (readonly [server: Ended, world: Ended])[]> {
  place?.[Symbol.dispose]();
  place = openPlace();
  const [server, world] = [openSession(place.effect), openSession(createWorldFiles({}).effect)];
  const ends: [Ended, Ended][] = [];
  for (const [name, params] of calls) ends.push([await server.ended(name, params), await world.ended(name, params)]);
  expect(world.used()).toEqual(server.used());
  return ends;
}

const at = (path: string) => `workspace${path === '' ? '' : `/${path}`}`;
const write = (path: string, text: string, mode = 'replace'): Call => ['files.write', { path: at(path), text, mode }];
const read = (path: string, more: object = {}): Call => ['files.read', { path: at(path), ...more } as Json];
const move = (from: string, to: string): Call => ['files.move', { from: at(from), to: at(to) }];
const only = (verb: string, path: string): Call => [`files.${verb}`, { path: at(path) }];

describe('a made-up world', () => {
  test('ends every kind of call as a server does, in the same words', async () => {
    const calls: readonly Call[] = [
      ...['', 'a', 'a/b'].flatMap((path) => ['stat', 'list', 'remove'].map((verb) => only(verb, path))),
      ...[write('a/b/c', 'één'), write('a/b/c', 'x', 'create'), write('a/b/c', 'y', 'append'), write('a/b', 'x')],
      ...[write('a/b/c/d', 'x'), write('', 'x'), write('n', '', 'append'), write('z', 'x', 'create')],
      ...[
        read('a/b/c'),
        read('a/b'),
        read(''),
        read('a/b/c/d'),
        read('no'),
        read('no/no'),
        read('a/b/c', { offset: 1 }),
      ],
      ...[read('a/b/c', { length: 2 }), read('a/b/c', { offset: 2 }), read('a/b/c', { as: 'base64', length: 1 })],
      ...['a', 'a/b', 'a/b/c', 'a/b/c/d', 'no', ''].flatMap((path) => ['list', 'stat'].map((verb) => only(verb, path))),
      ...[
        only('makeFolder', 'f/g'),
        only('makeFolder', 'f/g'),
        only('makeFolder', 'a/b/c'),
        only('makeFolder', 'a/b/c/d'),
      ],
      ...[
        only('makeFolder', ''),
        only('remove', ''),
        only('remove', 'a'),
        only('remove', 'a/b/c/d'),
        only('remove', 'no'),
      ],
      ...[move('a', 'a'), move('a', 'a/x'), move('a/b/c', 'a/b/c/d'), move('', 'x'), move('a', ''), move('no', 'x')],
      ...[
        move('a/b', 'f/g'),
        move('a/b', 'n'),
        move('a/b', 'n/x'),
        move('n', 'a'),
        move('a/b', 'f/new/b'),
        move('n', 'm/n'),
      ],
      ...[only('list', ''), only('list', 'f/new/b'), read('f/new/b/c'), only('stat', 'a/b/c'), read('m/n')],
      ...[only('remove', 'f/g'), only('remove', 'f/new/b/c'), only('remove', 'f/new/b'), only('list', 'f/new')],
      ['files.list', { path: 'workspace', after: 'f' }],
      ['files.read', { path: 'workspace/../x' }],
      ['files.read', { path: 'workspace/x.' }],
      ['files.write', { path: 'workspace/bytes', base64: '/w==' }],
      read('bytes'),
      read('bytes', { as: 'base64' }),
    ];
    for (const [server, world] of await both(calls)) expect(world).toEqual(server);
  });

  test('has the bounds of a server', async () => {
    const deep = Array.from({ length: LIMITS.filePathDepthMax }, () => 'd').join('/');
    const calls = [
      ...[
        only('makeFolder', deep),
        move('d', 'e/d'),
        move('d', 'e'),
        write('big', 'x'.repeat(LIMITS.fileReadBytesMax + 1)),
      ],
      ...[read('big'), read('big', { offset: LIMITS.fileReadBytesMax })],
    ];
    for (const [server, world] of await both(calls)) expect(world).toEqual(server);
  });

  test('ends any calls as a server does', async () => {
    const path = fc.constantFrom('', 'a', 'b', 'a/a', 'a/b', 'b/a', 'a/b/c', 'ä', 'z\ud83d\ude00', 'z\uff5e');
    const text = fc.constantFrom('', 'x', 'é');
    const call = fc.oneof(
      fc.tuple(path, text, fc.constantFrom('replace', 'create', 'append')).map((all) => write(...all)),
      fc.tuple(path, path).map(([from, to]) => move(from, to)),
      fc.tuple(fc.constantFrom('stat', 'list', 'remove', 'makeFolder', 'read'), path).map((all) => only(...all)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 25 }), async (calls) => {
        for (const [server, world] of await both(calls)) expect(world).toEqual(server);
      }),
      { numRuns: 30 },
    );
  });

  test('lists in the order of the names’ bytes, whatever they are written in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(Math.sign(compareNames(one, other))).toBe(Buffer.compare(Buffer.from(one), Buffer.from(other)));
      }),
    );
  });

  test('refuses a file at what is no path of one', () => {
    for (const path of ['workspace', 'etc/passwd', 'workspace/../x', 'workspace/a.', '/workspace/a']) {
      expect(() => createWorldFiles({ files: { [path]: '' } })).toThrow(expect.objectContaining({ code: 'USAGE' }));
    }
  });

  test('gives each agent files of its own, that begin as the world says', async () => {
    const files = createWorldFiles({ files: { 'workspace/a': 'x' } });
    await openSession(files.effect, { agent: 'tester' }).call('files.remove', { path: 'workspace/a' });
    expect([files.read(), files.read('hermes')]).toEqual([{}, { 'workspace/a': 'x' }]);
  });
});
