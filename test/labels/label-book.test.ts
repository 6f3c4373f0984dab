import { describe, expect, test } from 'vitest';
import type { AgentName } from '#domain/agent.ts';
import type { LabelStore } from '#domain/label-ports.ts';
import type { SeenLabel } from '#domain/labels.ts';
import { createLabelBook } from '#labels/label-book.ts';
import { createLabelStore } from '#store/label-rows.ts';
import { migrate } from '#store/migrations.ts';
import { openDatabase } from '#store/sqlite.ts';

const a = 'a' as AgentName;

const seen = (label: string): SeenLabel => ({
  ...{ label, agent: a, session: '', invocation: `call of ${label}`, tool: 'p__t', sinceMs: 1 },
});

/** A real store, whose disk can be full. */
function openBook() {
  const database = openDatabase(':memory:', { readOnly: false, busyMs: 0 });
  migrate(database, { readOnly: false });
  const store = createLabelStore(database);
  const disk = { isFull: false };
  const failing: LabelStore = {
    ...store,
    putSeen: (labels) => {
      if (disk.isFull) throw new Error('no space left');
      store.putSeen(labels);
    },
  };
  return { disk, store, book: createLabelBook(failing), restarted: () => createLabelBook(store) };
}

const labels = (list: readonly SeenLabel[]) => list.map(({ label }) => label);

describe('a label that could not be kept', () => {
  test('is in force nevertheless, and is kept with the next one', () => {
    const { disk, book, restarted } = openBook();
    disk.isFull = true;
    expect(() => book.join({ agent: a }, [seen('private')])).toThrow('no space left');
    expect(labels(book.seen({ agent: a }).agent)).toEqual(['private']);
    expect(labels(restarted().list())).toEqual([]);
    disk.isFull = false;
    book.join({ agent: a }, [seen('untrusted')]);
    expect(labels(restarted().list())).toEqual(['private', 'untrusted']);
  });

  test('and that a person has cleared meanwhile is not kept afterwards; others that wait are', () => {
    const { disk, book, restarted } = openBook();
    disk.isFull = true;
    expect(() => book.join({ agent: a }, [seen('private'), seen('untrusted')])).toThrow('no space left');
    book.clear({ of: { kind: 'agent', agent: a }, label: 'private' });
    expect(labels(book.list())).toEqual(['untrusted']);
    disk.isFull = false;
    book.join({ agent: a }, [seen('medical')]);
    expect(labels(restarted().list())).toEqual(['untrusted', 'medical']);
  });
});
