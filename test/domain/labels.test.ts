import { describe, expect, test } from 'vitest';
import { labelsOfTool } from '#domain/labels.ts';

describe('what a tool carries and sends to', () => {
  test.each([
    ['a host out there', [{ host: 'api.example.org' }]],
    ['one of several', [{ host: 'localhost' }, { host: 'api.example.org' }]],
    ['a name that only looks like this machine', [{ host: 'localhost.example.org' }]],
    ['a private address', [{ host: '10.0.0.1' }]],
  ])('follows from requests to %s, whatever it declares', (_, net) => {
    expect(labelsOfTool({ labels: [] }, { net })).toEqual({ labels: ['untrusted'], sinks: ['external'] });
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
    expect(labelsOfTool(declared, { net: [{ host: 'a.example' }] })).toEqual({
      labels: ['private', 'untrusted'],
      sinks: ['external', 'paper'],
    });
  });
});
