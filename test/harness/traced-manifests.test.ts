// What `smcp plugin trace` says of the bundled plugins is what their authors wrote by hand: they ask for all that their tools
// need, and for nothing else.

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import { kindsOf } from '#domain/capability.ts';
import { keptCapabilities } from '#domain/kept-capabilities.ts';
import type { Transcript } from '#domain/transcript.ts';
import { startPlugin } from '#sandbox/harness/start-plugin.ts';
import { traceTool } from '#sandbox/harness/trace-tool.ts';
import type { World } from '#sandbox/harness/world.ts';

const PLUGINS = fileURLToPath(new URL('../../plugins', import.meta.url));

type Use = { readonly world: World; readonly runs: { readonly [tool: string]: readonly JsonObject[] } };

/** How each is used, so that every tool does all that it can. */
const USES: { readonly [plugin: string]: Use } = {
  demo_math: {
    world: {},
    runs: { calculate: [{ operation: 'add', a: 1, b: 2 }], coin_flip: [{}], format_bytes: [{ value: 1 }] },
  },
  demo_text: {
    world: {},
    runs: {
      echo: [{ message: 'hi' }],
      slugify: [{ title: 'Hi there' }],
      word_count: [{ text: 'one two' }],
      hash_preview: [{ text: 'a' }],
    },
  },
  http_fetch: {
    world: { http: [{ url: '*', text: 'words' }] },
    runs: {
      get: [
        ...['api.weather.gov/points/1', 'api.weather.gov/gridpoints/1', 'api.weather.gov/alerts/1'],
        ...['developer.mozilla.org/en-US/docs/Web', 'docs.python.org/3/library/json.html'],
        ...['en.wikipedia.org/wiki/X', 'en.wikipedia.org/api/rest_v1/page/summary/X'],
        ...['nodejs.org/api/fs.html', 'nodejs.org/docs/x', 'www.rfc-editor.org/rfc/rfc9110.txt'],
      ].map((place) => ({ url: `https://${place}` })),
    },
  },
  notes: {
    world: {},
    runs: {
      write: [{ name: 'a', text: 'one', tags: ['tag'] }],
      append: [{ name: 'a', text: 'two' }],
      read: [{ name: 'a' }],
      list: [{}],
      search: [{ words: 'one', tag: 'tag' }],
      remove: [{ name: 'a' }],
    },
  },
  shell: {
    world: { run: ({ program }) => ({ stdout: program === 'sha256sum' ? `${'0'.repeat(64)}  -\n` : '1 2 3\n' }) },
    runs: {
      date: [{}],
      system: [{}],
      count: [{ text: 'a' }],
      checksum: [{ text: 'a' }],
      sort: [{ text: 'a' }, { text: '1', isNumeric: true }],
      search: [{ text: 'a', words: 'a' }],
    },
  },
};

test('every bundled plugin is traced', () => {
  const bundled = readdirSync(PLUGINS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(Object.keys(USES).sort()).toEqual(bundled.map(({ name }) => name).sort());
});

describe.each(Object.entries(USES))('a trace of every tool of %s', (name, { world, runs }) => {
  test('gives the capabilities of its plugin.json, and the kinds of each tool', async () => {
    await using plugin = await startPlugin(`${PLUGINS}/${name}`, { world, givesAll: true });
    const asked = plugin.manifest.capabilities ?? {};
    expect(Object.keys(runs).sort()).toEqual(plugin.manifest.tools.map((tool) => tool.name).sort());
    const transcripts: Transcript[] = [];
    for (const [tool, given] of Object.entries(runs)) {
      const trace = await traceTool(plugin, tool, given);
      expect(trace.runs.filter(({ ok }) => !ok)).toEqual([]);
      const own = plugin.manifest.tools.find((one) => one.name === tool)?.capabilities ?? kindsOf(asked);
      expect({ tool, kinds: [...trace.kinds].sort() }).toEqual({ tool, kinds: [...own].sort() });
      for (const args of given) {
        const { transcript } = await plugin.call(tool, args);
        if (transcript !== undefined) transcripts.push(transcript);
      }
    }
    expect(keptCapabilities(transcripts, asked)).toEqual(asked);
  });
});
