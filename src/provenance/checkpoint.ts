// The text of a checkpoint: which log, how many records, which root. **Source:** c2sp.org/tlog-checkpoint v1.0.0.

import { base64, parseBase64 } from './base64.ts';
import { type NoteKey, verifyNote } from './signed-note.ts';

export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Uint8Array };

/** The three lines that are signed. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${base64(root)}\n`;
}

/** The checkpoint of three lines; undefined when there is anything else. **Trust:** `text` is evidence. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, origin = '', sizeText = '', rootText = ''] = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([^\n]+)\n$/.exec(text) ?? [];
  const root = parseBase64(rootText);
  const size = Number(sizeText);
  if (origin === '' || root?.length !== 32 || !Number.isSafeInteger(size)) return undefined;
  return { origin, size, root };
}

/** The checkpoint of a note signed by the log's key, whose name is the origin; undefined when anything is not so. **Trust:** `note` is evidence. */
export function verifyCheckpoint(note: string, logKey: NoteKey): Checkpoint | undefined {
  const text = verifyNote(note, logKey);
  const checkpoint = text === undefined ? undefined : parseCheckpoint(text);
  return checkpoint?.origin === logKey.name ? checkpoint : undefined;
}

/** The size that a note claims, unverified: only to know where to look. */
export function claimedSize(note: string): number | undefined {
  const split = note.lastIndexOf('\n\n');
  return split < 0 ? undefined : parseCheckpoint(note.slice(0, split + 1))?.size;
}
