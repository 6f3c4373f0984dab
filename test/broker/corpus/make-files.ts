// Writes files.jsonl anew: `node test/broker/corpus/make-files.ts`.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesSpellings } from './files-spellings.ts';

const lines = [...filesSpellings()].map((spelling) => JSON.stringify(spelling));
writeFileSync(join(import.meta.dirname, 'files.jsonl'), `${lines.join('\n')}\n`);
