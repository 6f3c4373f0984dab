import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileStarPattern } from '#base/star-pattern.ts';
import type { Capabilities, NetEntry } from '#domain/capability.ts';
import { narrow } from '#domain/narrow.ts';

const api = 'api.example.org';

describe('what a grant leaves of what a plugin asks', () => {
  test.each<[string, Capabilities, Capabilities | undefined, Capabilities]>([
    ['all of it where the grant says nothing', { clock: true }, undefined, { clock: true }],
    ['nothing where it gives nothing', { clock: true, net: [{ host: api }], store: { bytesMax: 9 } }, {}, {}],
    ['no kind that was not asked', {}, { clock: true, net: [{ host: api }], tools: ['*'] }, {}],
    [
      'the ports that both name, with the methods and paths that were asked',
      { net: [{ host: api, ports: [443, 8443], methods: ['GET', 'POST'], paths: ['/a/*'] }] },
      { net: [{ host: api, ports: [443] }] },
      { net: [{ host: api, ports: [443], methods: ['GET', 'POST'], paths: ['/a/*'] }] },
    ],
    [
      'the defaults of what was asked, cut down',
      { net: [{ host: api }] },
      { net: [{ host: api, ports: [443, 80], methods: ['GET', 'DELETE'] }] },
      { net: [{ host: api, ports: [443], methods: ['GET'], paths: ['/*'] }] },
    ],
    ['no host beside the one asked', { net: [{ host: api }] }, { net: [{ host: 'example.org' }] }, {}],
    ['no place whose ports differ', { net: [{ host: api, ports: [80] }] }, { net: [{ host: api, ports: [443] }] }, {}],
    [
      'the narrower of two path patterns',
      { net: [{ host: api, paths: ['/a/*', '/b'] }] },
      { net: [{ host: api, paths: ['/a/x/*', '/*b'] }] },
      { net: [{ host: api, ports: [443], methods: ['GET'], paths: ['/a/x/*', '/b'] }] },
    ],
    [
      'the folder within the other, and only reading unless both say writing',
      { files: [{ path: 'workspace', access: 'write' }] },
      { files: [{ path: 'workspace/notes', access: 'read' }] },
      { files: [{ path: 'workspace/notes', access: 'read' }] },
    ],
    [
      'no folder whose name only begins alike',
      { files: [{ path: 'workspace/notes', access: 'read' }] },
      { files: [{ path: 'workspace/note', access: 'read' }] },
      {},
    ],
    [
      'a secret for the hosts that both name',
      { secrets: [{ name: 'KEY', hosts: [api, 'b.example.org'], header: 'X-Key', prefix: 'Bearer ' }] },
      { secrets: [{ name: 'KEY', hosts: [api] }] },
      { secrets: [{ name: 'KEY', hosts: [api], header: 'X-Key', prefix: 'Bearer ' }] },
    ],
    [
      'a secret with no exposure where the grant names hosts only',
      { secrets: [{ name: 'KEY', hosts: [api], header: 'X-Key', expose: 'env' }] },
      { secrets: [{ name: 'KEY', hosts: [api] }] },
      { secrets: [{ name: 'KEY', hosts: [api], header: 'X-Key' }] },
    ],
    [
      'no secret in another header',
      { secrets: [{ name: 'KEY', hosts: [api], header: 'X-Key' }] },
      { secrets: [{ name: 'KEY', header: 'X-Other' }] },
      {},
    ],
    [
      'the smaller store',
      { store: { bytesMax: 9 } },
      { store: { bytesMax: 5 } },
      { store: { bytesMax: 5, access: 'write' } },
    ],
    [
      'a store to read where one of them says so',
      { store: { bytesMax: 9 } },
      { store: { bytesMax: 9, access: 'read' } },
      { store: { bytesMax: 9, access: 'read' } },
    ],
    [
      'the program with the arguments that both allow',
      { run: [{ program: 'git', args: ['log', '*'] }] },
      { run: [{ program: 'git', args: ['*', 'n*'] }] },
      { run: [{ program: 'git', args: ['log', 'n*'] }] },
    ],
    [
      'no program with another number of arguments',
      { run: [{ program: 'git', args: ['log'] }] },
      { run: [{ program: 'git', args: [] }] },
      {},
    ],
    [
      'the tools that a pattern of the grant covers',
      { tools: ['a__b', 'c__d'] },
      { tools: ['a__*'] },
      { tools: ['a__b'] },
    ],
  ])('is %s', (_title, asked, granted, left) => {
    expect(narrow(asked, granted)).toEqual(left);
  });

  const piece = fc.constantFrom('/', '*', 'a', 'b');
  const pattern = fc.array(piece, { maxLength: 5 }).map((pieces) => `/${pieces.join('')}`);
  const entry: fc.Arbitrary<NetEntry> = fc.record(
    {
      host: fc.constantFrom('a.b', 'c.d'),
      ports: fc.uniqueArray(fc.constantFrom(80, 443), { minLength: 1 }),
      methods: fc.uniqueArray(fc.constantFrom('GET', 'POST'), { minLength: 1 }),
      paths: fc.uniqueArray(pattern, { minLength: 1, maxLength: 3 }),
    },
    { requiredKeys: ['host'] },
  );
  const text = fc.array(fc.constantFrom('/', 'a', 'b'), { maxLength: 6 }).map((pieces) => `/${pieces.join('')}`);

  test('allows no request that one of the two would not allow by itself', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 3 }),
        fc.array(entry, { maxLength: 3 }),
        text,
        (asked, granted, path) => {
          for (const left of narrow({ net: asked }, { net: granted }).net ?? []) {
            if (!left.paths?.some((one) => compileStarPattern(one)(path))) continue;
            for (const entries of [asked, granted]) {
              const covers = entries.some(
                ({ host, paths }) =>
                  host === left.host && (paths === undefined || paths.some((one) => compileStarPattern(one)(path))),
              );
              expect(covers).toBe(true);
            }
          }
        },
      ),
    );
  });
});
