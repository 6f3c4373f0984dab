import { describe, expect, test } from 'vitest';
import { SmcpError } from '#base/errors.ts';
import { LIMITS } from '#base/limits.ts';
import type { AgentName } from '#domain/agent.ts';
import type { LabelledPlace, LabelStore } from '#domain/label-ports.ts';
import type { SeenLabel } from '#domain/labels.ts';
import type { WorkspaceName } from '#domain/workspace-path.ts';
import { createLabelBook } from '#labels/label-book.ts';
import { createLabelStore } from '#store/label-rows.ts';
import { migrate } from '#store/migrations.ts';
import { openDatabase } from '#store/sqlite.ts';

const a = 'a' as AgentName;

function openLabels(around: (store: LabelStore) => LabelStore = (store) => store) {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  const open = () => createLabelBook(around(createLabelStore(database)));
  return { book: open(), reopen: open };
}

const one = (label: string, more: Partial<SeenLabel> = {}): SeenLabel => ({
  ...{ label, agent: a, session: '', invocation: 'i', tool: 'p__t', sinceMs: 1 },
  ...more,
});
const names = (seen: readonly { readonly label: string }[]) => seen.map(({ label }) => label).toSorted();
const file = (...path: readonly string[]): LabelledPlace => ({
  kind: 'file',
  workspace: 'w' as WorkspaceName,
  names: path,
});

describe('what an agent has seen', () => {
  test('is told with the first call that brought it, before and after it is opened anew', () => {
    const { book, reopen } = openLabels();
    book.join({ agent: a, session: 's' }, [one('private', { invocation: 'first' })]);
    book.join({ agent: a, session: 's' }, [
      one('private', { invocation: 'second' }),
      one('untrusted', { from: 'a file' }),
    ]);
    for (const opened of [book, reopen()]) {
      expect(opened.list(a)).toMatchObject([
        { label: 'private', session: 's', invocation: 'first' },
        { label: 'untrusted', from: 'a file' },
      ]);
    }
  });

  test('of more sessions than are kept apart is seen by all of them', () => {
    const { book } = openLabels();
    for (let session = 0; session < LIMITS.labelSessionsPerAgentMax; session += 1) {
      book.join({ agent: a, session: `s${session}` }, [one(`l${session}`)]);
    }
    expect(names(book.seen({ agent: a, session: 's0' }).session)).toEqual(['l0']);
    book.join({ agent: a, session: 'one more' }, [one('private')]);
    expect(names(book.seen({ agent: a, session: 's0' }).session)).toEqual(['l0', 'private']);
    expect(names(book.seen({ agent: a, session: 'never named before' }).session)).toEqual(['private']);
  });

  test('counts although it could not be kept, and is kept with the next', () => {
    let isFull = true;
    const { book, reopen } = openLabels((store) => ({
      ...store,
      putSeen: (labels) => {
        if (isFull) throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
        store.putSeen(labels);
      },
    }));
    expect(() => book.join({ agent: a }, [one('private')])).toThrow('the disk is full');
    expect(names(book.seen({ agent: a }).agent)).toEqual(['private']);
    isFull = false;
    book.join({ agent: a }, [one('private')]);
    expect(names(reopen().seen({ agent: a }).agent)).toEqual(['private']);
  });

  test('stays where it can’t be cleared on disk', () => {
    const { book } = openLabels((store) => ({
      ...store,
      removeSeen: () => {
        throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
      },
    }));
    book.join({ agent: a }, [one('private')]);
    expect(() => book.clear({ of: { kind: 'agent', agent: a } })).toThrow('the disk is full');
    expect(names(book.seen({ agent: a }).agent)).toEqual(['private']);
  });
});

describe('what files carry', () => {
  test('is of the path, of folders above it and of all below it, whatever signs of SQL its names have', () => {
    const { book } = openLabels();
    book.mark(file('a%', '_b'), [one('private')]);
    for (const place of [file('a%', '_b'), file('a%', '_b', 'c'), file('a%'), file()]) {
      expect(names(book.carriedBy(place))).toEqual(['private']);
    }
    for (const place of [file('ab', '_b'), file('a%', 'bb'), file('a%', '_bc'), file('a')]) {
      expect(book.carriedBy(place)).toEqual([]);
    }
  });

  test('of more paths than are told apart is carried by the whole workspace, and by no other', () => {
    const { book } = openLabels();
    for (let at = 0; at < LIMITS.labelledPathsPerOwnerMax; at += 1) book.mark(file(`f${at}`), [one('untrusted')]);
    expect(book.carriedBy(file('elsewhere'))).toEqual([]);
    book.mark(file('one more'), [one('private')]);
    expect(names(book.carriedBy(file('elsewhere')))).toEqual(['private']);
    expect(book.carriedBy({ kind: 'file', workspace: 'other' as WorkspaceName, names: ['one more'] })).toEqual([]);
  });
});

describe('one place that a person clears', () => {
  const w = 'w' as WorkspaceName;
  const value = (key: string): LabelledPlace => ({ kind: 'value', plugin: 'p', agent: a, key });
  const at = (...path: readonly string[]) => ({ kind: 'files', workspace: w, names: path }) as const;

  test('carries nothing afterwards, before and after it is opened anew; its neighbours do', () => {
    const { book, reopen } = openLabels();
    for (const path of [
      ['n', 'a'],
      ['n', 'ab'],
      ['n%', 'a'],
    ])
      book.mark(file(...path), [one('private')]);
    expect(book.clear({ of: at('n', 'a') })).toBe(1);
    for (const opened of [book, reopen()]) {
      expect(opened.carriedBy(file('n', 'a'))).toEqual([]);
      expect(names(opened.carriedBy(file('n', 'ab')))).toEqual(['private']);
      expect(names(opened.carriedBy(file('n%', 'a')))).toEqual(['private']);
    }
  });

  test('is a folder with all in it, however its name is written', () => {
    const { book } = openLabels();
    for (const path of [['Notes', 'a'], ['notes', 'deep', 'b'], ['notes2']]) book.mark(file(...path), [one('private')]);
    expect(book.clear({ of: at('NOTES') })).toBe(2);
    expect(book.places(9).map(({ place }) => place)).toEqual(['workspace w: notes2']);
  });

  test('still carries what the folder above it carries, and that is told', () => {
    const { book } = openLabels();
    book.mark(file('n'), [one('untrusted')]);
    book.mark(file('n', 'a'), [one('private')]);
    expect(book.clear({ of: at('n', 'a') })).toBe(1);
    expect(book.places(9, at('n', 'a'))).toMatchObject([{ label: 'untrusted', at: at('n') }]);
  });

  test('loses one label only where one is named', () => {
    const { book } = openLabels();
    book.mark(file('a'), [one('private'), one('untrusted')]);
    expect(book.clear({ of: at('a'), label: 'private' })).toBe(1);
    expect(names(book.carriedBy(file('a')))).toEqual(['untrusted']);
  });

  test('is one key, and no key that begins so', () => {
    const { book } = openLabels();
    for (const key of ['k', 'k/x', 'kk', 'K']) book.mark(value(key), [one('private')]);
    const of = { kind: 'values', plugin: 'p', agent: a, key: 'k' } as const;
    expect(book.clear({ of })).toBe(1);
    expect(book.carriedBy(value('k'))).toEqual([]);
    expect(book.places(9).flatMap((place) => (place.at.kind === 'values' ? [place.at.key] : []))).toEqual([
      ...['K', 'k/x', 'kk'],
    ]);
    expect(book.places(9, { kind: 'values', plugin: 'q', agent: a })).toEqual([]);
  });

  test('is labelled again by what is written there next', () => {
    const { book } = openLabels();
    book.mark(file('a'), [one('private')]);
    book.clear({ of: at('a') });
    book.mark(file('a'), [one('private', { invocation: 'later' })]);
    expect(book.carriedBy(file('a'))).toMatchObject([{ label: 'private', invocation: 'later' }]);
  });

  test('stays as it was where that can’t be kept', () => {
    const { book } = openLabels((store) => ({
      ...store,
      removePlaces: () => {
        throw new SmcpError('LOG_UNAVAILABLE', 'the disk is full');
      },
    }));
    book.mark(file('a'), [one('private')]);
    expect(() => book.clear({ of: at('a') })).toThrow('the disk is full');
    expect(names(book.carriedBy(file('a')))).toEqual(['private']);
  });
});
