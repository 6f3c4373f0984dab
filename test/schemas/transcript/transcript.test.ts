// What is taken for a transcript that can be played: files that must be, and files that must not.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exactValue } from '#base/exact-json.ts';
import { createTranscriptReader } from '#replay/read-transcript.ts';

const files = (name: string) => readdirSync(join(import.meta.dirname, name)).map((file) => [join(name, file)] as const);
const read = createTranscriptReader();
const readFile = (file: string) => read(exactValue(readFileSync(join(import.meta.dirname, file), 'utf8')));

/** Files whose shape is right, and that can't be played. */
const CUT = 'it asked and was answered more than is kept';

describe('the schema of a transcript, and its order', () => {
  test.each(files('accepted'))('takes %s', (file) => {
    const taken = readFile(file);
    if (file.endsWith('cut.json')) expect(taken).toBe(CUT);
    else expect(taken).toMatchObject({ format: 1 });
  });

  test.each(files('refused'))('refuses %s, with a reason', (file) => {
    const reason = readFile(file);
    expect(reason).toEqual(expect.any(String));
    expect(reason).not.toBe(CUT);
  });
});
