// What a person sees of a plugin before they approve it. Everything in it is the author's text.

import { expect, test } from 'vitest';
import { reviewText } from '#cli/plugin-approve.ts';

const review = {
  name: 'weather',
  state: 'waiting',
  digest: 'sha256:abc',
  before: { digest: 'sha256:def', by: 'first start', time: '2026-11-30T00:00:00Z' },
  without: ['run'],
  differences: [
    { kind: 'capability', subject: 'net', approved: null, present: [{ host: 'a.example' }] },
    { kind: 'tool', subject: 'go', approved: { description: 'goes' }, present: { description: 'g\u202eo\u0007es' } },
    { kind: 'file', subject: 'a\u001b[2J.js', approved: 'aa -', present: null },
  ],
};

test('a review says what is added, changed and removed, as it was and as it is, with nothing invisible in it', () => {
  expect(reviewText(review)).toMatchInlineSnapshot(`
    "plugin weather: WAITS to be approved
    approved before by first start at 2026-11-30T00:00:00Z (sha256:def)
    left out of what it asks: run
    added: capability net
      +[
      +  {
      +    "host": "a.example"
      +  }
      +]
    changed: tool go
       {
      -  "description": "goes"
      +  "description": "g\\u202eo\\u0007es"
       }
    removed: file a\\u{1b}[2J.js
      -aa -
    digest sha256:abc
    "
  `);
});

test('a name or a description can not fake a line of the review', () => {
  const lines = (name: string) => reviewText({ ...review, name, differences: [] }).split('\n').length;
  expect(lines('weather\ndigest sha256:fake\u2028x')).toBe(lines('weather'));
});

test('a review says loudly which secrets its program gets to see, unless they were left out', () => {
  const line = 'ITS PROGRAM GETS TO SEE THE VALUE OF: TOKEN, KEY; it could keep or pass it on';
  expect(reviewText({ ...review, exposed: ['TOKEN', 'KEY'] })).toContain(line);
  expect(reviewText({ ...review, exposed: ['TOKEN'], without: ['secrets'] })).not.toContain('GETS TO SEE');
  expect(reviewText({ ...review, exposed: [] })).not.toContain('GETS TO SEE');
});
