// Signatures of one person are checked and recorded one after the other.

import { expect, test } from 'vitest';
import { createTurns } from '#console/turns.ts';

test('what one person signs ends in the order in which it came, and holds up nobody else', async () => {
  const turns = createTurns();
  const done: string[] = [];
  const slow = Promise.withResolvers<void>();
  const first = turns('ana', async () => {
    await slow.promise;
    done.push('ana signs for an act');
  });
  const second = turns('ana', async () => void done.push('ana approves'));
  await turns('ben', async () => void done.push('ben approves'));
  slow.resolve();
  await Promise.all([first, second]);
  expect(done).toEqual(['ben approves', 'ana signs for an act', 'ana approves']);
});

test('one that fails fails alone', async () => {
  const turns = createTurns();
  const first = turns('ana', () => Promise.reject(new Error('refused')));
  const second = turns('ana', async () => 'done');
  await expect(first).rejects.toThrow('refused');
  expect(await second).toBe('done');
});
