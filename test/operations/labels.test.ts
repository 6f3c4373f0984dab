// What a person shows and clears of labels, by the table of operations and a real book.

import { describe, expect, test } from 'vitest';
import type { JsonObject } from '#base/json.ts';
import type { AgentName } from '#domain/agent.ts';
import type { LabelledPlace } from '#domain/label-ports.ts';
import type { WorkspaceName } from '#domain/workspace-path.ts';
import { createOperationRunner } from '#operations/runner.ts';
import { asBea, createWorld, operation, person } from './world.ts';

const ana = 'ana' as AgentName;
const CALL = { label: 'private', agent: ana, session: '', invocation: 'call-1', tool: 'notes__read', sinceMs: 1 };
const file = (...names: readonly string[]): LabelledPlace => ({
  kind: 'file',
  workspace: 'house' as WorkspaceName,
  names,
});
const value = (key: string): LabelledPlace => ({ kind: 'value', plugin: 'notes', agent: ana, key });

function createLabelled() {
  const world = createWorld();
  const { labels } = world.services;
  for (const place of [file('notes', 'a.txt'), file('notes', 'b.txt'), value('a'), value('b')]) {
    labels.mark(place, [CALL]);
  }
  const run = createOperationRunner(world.services);
  return {
    ...world,
    clear: async (input: JsonObject) => run(operation('labels_clear'), { why: 'it is gone', ...input }, person),
    places: async (input: JsonObject = {}) =>
      ((await run(operation('labels_places'), input, person)) as JsonObject[]).map(({ place }) => place),
    run,
  };
}

describe('labels of one place', () => {
  test('are listed with the call that wrote them, and named so that they can be cleared', async () => {
    const { run } = createLabelled();
    expect(await run(operation('labels_places'), { workspace: 'house', path: 'notes/a.txt' }, person)).toEqual([
      {
        ...{ place: 'workspace house: notes/a.txt', workspace: 'house', path: 'notes/a.txt' },
        ...{ plugin: null, owner: null, key: null, label: 'private', agent: 'ana', tool: 'notes__read' },
        ...{ invocation: 'call-1', since: '1970-01-01T00:00:00.001Z' },
      },
    ]);
    expect(await run(operation('labels_places'), { agent: 'ana', plugin: 'notes', key: 'b' }, person)).toMatchObject([
      { place: 'store of notes for ana: b', owner: 'ana', plugin: 'notes', key: 'b', path: null },
    ]);
  });

  test('are cleared of one file, and who, what and why is recorded before', async () => {
    const { clear, places, drafts } = createLabelled();
    expect(await clear({ workspace: 'house', path: 'notes/a.txt' })).toEqual({ cleared: 1, left: [], leftThere: [] });
    expect(await places({ workspace: 'house' })).toEqual(['workspace house: notes/b.txt']);
    expect(drafts.at(-1)).toMatchObject({
      kind: 'admin',
      predicate: {
        ...{ operation: 'labels_clear', by: 'admin', why: 'it is gone' },
        subject: 'all labels of "notes/a.txt" in the workspace house',
      },
    });
  });

  test('are cleared of one key', async () => {
    const { clear, places, drafts } = createLabelled();
    expect(await clear({ agent: 'ana', plugin: 'notes', key: 'a', label: 'private' })).toMatchObject({ cleared: 1 });
    expect(await places({ agent: 'ana', plugin: 'notes' })).toEqual(['store of notes for ana: b']);
    expect(drafts.at(-1)).toMatchObject({
      predicate: { subject: 'private of "a" in the store of notes for ana' },
    });
  });

  test('that come from the folder above stay, and the answer says so', async () => {
    const { clear, services } = createLabelled();
    services.labels.mark(file('notes'), [{ ...CALL, label: 'untrusted' }]);
    expect(await clear({ workspace: 'house', path: 'notes/a.txt' })).toMatchObject({
      cleared: 1,
      leftThere: [{ place: 'workspace house: notes', label: 'untrusted' }],
    });
  });

  test('are cleared by no agent', async () => {
    const { run, places } = createLabelled();
    const asked = { workspace: 'house', path: 'notes/a.txt', why: 'I would like to' };
    await expect(run(operation('labels_clear'), asked, asBea)).rejects.toThrow(/person/);
    expect(await places()).toHaveLength(4);
  });

  test('under a key that would fake a line of the record are recorded as what they are', async () => {
    const { clear, services, drafts } = createLabelled();
    const key = 'a\u202e" in the store of other for bea\n';
    services.labels.mark(value(key), [CALL]);
    expect(await clear({ agent: 'ana', plugin: 'notes', key })).toMatchObject({ cleared: 1 });
    expect(drafts.at(-1)).toMatchObject({
      predicate: {
        subject: 'all labels of "a\\u{202e}\\" in the store of other for bea\\n" in the store of notes for ana',
      },
    });
  });
});

describe('what names no place', () => {
  test.each<[string, JsonObject]>([
    ['a path without its workspace', { agent: 'ana', path: 'notes/a.txt' }],
    ['a path out of the workspace', { workspace: 'house', path: '../a' }],
    ['a path from the root', { workspace: 'house', path: '/notes/a.txt' }],
    ['a path with a name twice empty', { workspace: 'house', path: 'notes//a.txt' }],
    ['a path that turns the direction of reading', { workspace: 'house', path: 'a\u202eb' }],
    ['a key without its plugin', { agent: 'ana', key: 'a' }],
    ['a plugin without its agent', { plugin: 'notes', key: 'a' }],
    ['a workspace and an agent', { workspace: 'house', agent: 'ana' }],
    ['a workspace and a key', { workspace: 'house', key: 'a' }],
    ['a session of files', { workspace: 'house', session: 's' }],
    ['a session of a store', { agent: 'ana', plugin: 'notes', session: 's' }],
    ['nobody', {}],
  ])('clears nothing: %s', async (_, input) => {
    const { clear, places, drafts } = createLabelled();
    await expect(clear(input)).rejects.toMatchObject({ code: 'USAGE' });
    expect(await places()).toHaveLength(4);
    expect(drafts).toEqual([]);
  });

  test('lists nothing either', async () => {
    const { places } = createLabelled();
    await expect(places({ agent: 'ana' })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(places({ workspace: 'house', path: '..' })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
