import { describe, expect, test } from 'vitest';
import type { Capabilities } from '#domain/capability.ts';
import { labelsGiven, labelsOfTool, type ToolLabels } from '#domain/labels.ts';

describe('what a tool carries and sends to', () => {
  test.each([
    ['a host out there', [{ host: 'api.example.org' }]],
    ['one of several', [{ host: 'localhost' }, { host: 'api.example.org' }]],
    ['a name that only looks like this machine', [{ host: 'localhost.example.org' }]],
    ['a private address', [{ host: '10.0.0.1' }]],
  ])('follows from requests to %s, whatever it declares', (_, net) => {
    expect(labelsOfTool({ labels: [] }, { net })).toMatchObject({ labels: ['untrusted'], sinks: ['external'] });
  });

  test.each([['localhost'], ['db.localhost'], ['127.0.0.1'], ['127.8.9.10']])('does not follow from %s', (host) => {
    expect(labelsOfTool({}, { net: [{ host }] })).toEqual({ labels: [], sinks: [] });
  });

  test('does not follow from programs, tools, files and values', () => {
    const asked = {
      run: [{ program: 'git' }],
      tools: ['a__b'],
      store: { bytesMax: 1 },
      files: [{ path: 'workspace', access: 'write' as const }],
    };
    expect(labelsOfTool({}, asked)).toEqual({ labels: [], sinks: [] });
  });

  test('is what it declares, too', () => {
    const declared = { labels: ['private', 'untrusted'], sink: 'paper' };
    expect(labelsOfTool(declared, { net: [{ host: 'a.example' }] })).toMatchObject({
      labels: ['private', 'untrusted'],
      sinks: ['external', 'paper'],
    });
  });
});

describe('what a grant leaves of it', () => {
  const OUT = { host: 'a.example', methods: ['GET', 'POST'], paths: ['/v1/*'] };
  const HERE = { host: 'localhost', ports: [8080] };
  const asked = { net: [OUT, HERE] };
  const nothing = { labels: [], sinks: [] };
  const all = { labels: ['untrusted'], sinks: ['external'] };

  test.each<[string, Capabilities | undefined, ToolLabels]>([
    ['a grant that narrows nothing', undefined, all],
    ['the same host', { net: [{ host: 'a.example' }] }, all],
    ['one path of it', { net: [{ host: 'a.example', paths: ['/v1/a'] }] }, all],
    ['one of its methods', { net: [{ host: 'a.example', methods: ['POST'] }] }, all],
    ['no power at all', {}, nothing],
    ['other powers', { clock: true, files: [{ path: 'workspace', access: 'write' }] }, nothing],
    ['this machine alone', { net: [{ host: 'localhost' }] }, nothing],
    ['a host that it does not ask', { net: [{ host: 'b.example' }] }, nothing],
    ['another port', { net: [{ host: 'a.example', ports: [8443] }] }, nothing],
    ['another method', { net: [{ host: 'a.example', methods: ['DELETE'] }] }, nothing],
    ['another path', { net: [{ host: 'a.example', paths: ['/v2/*'] }] }, nothing],
  ])('under %s', (_, given, expected) => {
    expect(labelsGiven(labelsOfTool({}, asked), given)).toEqual(expected);
  });

  test('is never less than what its author declares', () => {
    const tool = labelsOfTool({ labels: ['untrusted'], sink: 'external' }, asked);
    expect(labelsGiven(tool, {})).toEqual(all);
    expect(labelsGiven(labelsOfTool({ labels: ['private'], sink: 'paper' }, asked), {})).toEqual({
      labels: ['private'],
      sinks: ['paper'],
    });
  });
});
