// A recorded call as it can be run again: what was signed for, and what is kept of it. Reads the log only.

import { canonicalEvidence } from '#base/canonical-evidence.ts';
import type { Digest } from '#base/digest.ts';
import { SmcpError } from '#base/errors.ts';
import { type ExactJson, parseExactJson } from '#base/exact-json.ts';
import type { RecordReader } from '#domain/ports.ts';
import type { InvocationPredicate } from '#domain/record.ts';
import type { KeptTranscript } from '#domain/transcript.ts';
import { createDocumentReader, type DocumentReader, type KeptDocument } from './kept-documents.ts';
import type { TranscriptReader } from './read-transcript.ts';
import { statementIn } from './statement-in.ts';

/** What a record says, whether or not the call can be run again. */
export type RecordedEnd = { readonly index: number; readonly predicate: InvocationPredicate };

export type RecordedCall = RecordedEnd & {
  readonly sandbox: NonNullable<InvocationPredicate['sandbox']>;
  readonly package: Digest;
  /** As the guest got them. */
  readonly argsJson: string;
  readonly events: KeptTranscript['events'];
  readonly result: KeptDocument;
  /** The code of an ending that was not of its own code; undefined: it came to its end, or it may have. */
  readonly endedBy: string | undefined;
};

export type Reading =
  | { readonly kind: 'call'; readonly call: RecordedCall }
  | { readonly kind: 'impossible'; readonly end: RecordedEnd; readonly reason: string };

export type RecordedCallReader = (invocation: string) => Reading;

/**
 * The call that the invocation's last record is about.
 *
 * **Trust:** nothing that is stored: the record is proven under the log's checkpoint, each document held against its digest.
 * @throws `RECORD_UNKNOWN` · `LOG_TAMPERED`
 */
export function createRecordedCallReader(log: RecordReader, readTranscript: TranscriptReader): RecordedCallReader {
  return (invocation) => {
    const index = log.findInvocation(invocation).at(-1);
    const stored = index === undefined ? undefined : log.record(index);
    if (index === undefined || stored === undefined || log.prove(index) === undefined) {
      throw new SmcpError('RECORD_UNKNOWN', 'the log has no invocation of this name', {
        details: { remedy: 'use an invocation; smcp log tail shows the newest' },
      });
    }
    const { predicate, subjects } = statementIn(stored.envelope);
    const end: RecordedEnd = { index, predicate };
    const parts = partsOf(end, { log, reader: createDocumentReader(index, subjects), readTranscript });
    return typeof parts === 'string' ? { kind: 'impossible', end, reason: parts } : { kind: 'call', call: parts };
  };
}

type Sources = {
  readonly log: RecordReader;
  readonly reader: DocumentReader;
  readonly readTranscript: TranscriptReader;
};

/** The parts of a call, or why one of them is missing. */
function partsOf(end: RecordedEnd, { log, reader, readTranscript }: Sources): RecordedCall | string {
  const { index, predicate } = end;
  const { sandbox, tool } = predicate;
  const never = neverRan(predicate);
  if (never !== undefined) return never;
  if (sandbox === undefined) return "it was carried out by the server itself: there is no plugin's code to run";
  if (sandbox.tier !== 'isolate') return PROCESS_TIER;
  if (tool.package === undefined) return 'its record names no code';

  const documents = log.record(index)?.disclosed ?? {};
  const intent = predicate.intent === undefined ? undefined : log.record(predicate.intent.index);
  const args = reader.read('args', intent?.disclosed ?? documents);
  const result = reader.read('result', documents);
  if (args?.content.kind !== 'value') return missing('arguments', args);
  if (result === undefined || result.content.kind === 'unreadable') return missing('result', result);

  const kept = reader.read('transcript', documents);
  const transcript = kept === undefined ? whereNone(predicate, reader) : playedOf(kept, readTranscript);
  if (typeof transcript === 'string') return transcript;
  const endedBy = endedFromOutside(predicate, transcript.events);
  if (endedBy !== undefined && transcript.events.length === 0) {
    return `it was ended from outside of its code (${endedBy}), and had asked for nothing that could be compared`;
  }
  const argsJson = transcript.args ?? JSON.stringify(args.content.value);
  if (!isSameValue(argsJson, args.content.value)) return 'the arguments in its transcript are not those of its record';
  return { ...end, sandbox, package: tool.package, argsJson, events: transcript.events, result, endedBy };
}

const PROCESS_TIER =
  "runs of process plugins can't be repeated: a program has a clock, chance and files of its own, which nobody recorded";

function neverRan({ phase, replayOf, sandbox, result }: InvocationPredicate): string | undefined {
  switch (phase) {
    case 'outcome':
      return undefined;
    case 'denied':
    case 'cancelled':
      return `it never ran: it was ${phase}`;
    case 'replayed':
      return `it never ran: it was given the answer of record ${replayOf?.index}; replay that one`;
    case 'intent':
      return 'it has not ended yet';
    case 'unknown':
      // With a result the server ended it, and knows no more than that.
      return sandbox !== undefined && result !== undefined
        ? undefined
        : 'nobody saw its end: there is nothing to compare with';
  }
}

function missing(what: string, kept: KeptDocument | undefined): string {
  if (kept === undefined) return `its ${what} ${what.endsWith('s') ? 'are' : 'is'} no longer kept`;
  return kept.content.kind === 'digest' ? `its ${what} were too large to be kept` : `its ${what} can't be read`;
}

type Played = Pick<KeptTranscript, 'events' | 'args'>;

/** Where nothing was asked, and the arguments say all, no transcript is kept. */
function whereNone({ capabilities, sandbox }: InvocationPredicate, { isNamed }: DocumentReader): Played | string {
  if (isNamed('transcript')) return 'what it asked and was answered is no longer kept';
  const isBefore = sandbox?.engine === undefined || capabilities?.used === undefined || capabilities.used.length > 0;
  return isBefore ? 'it was recorded before transcripts were kept' : { events: [] };
}

function playedOf({ content }: KeptDocument, readTranscript: TranscriptReader): Played | string {
  switch (content.kind) {
    case 'value':
      return readTranscript(content.value);
    case 'digest':
      return 'what it asked and was answered was too large to be kept';
    case 'unreadable':
      return "its transcript can't be read";
  }
}

/** Codes of endings that the guest's own code comes to, at the same place each time. */
const OWN_ENDINGS: ReadonlySet<string> = new Set([
  ...['value', 'TOOL_FAILED', 'RESULT_INVALID', 'OUTPUT_TOO_LARGE', 'HOST_CALLS_EXCEEDED', 'PLUGIN_LOAD_FAILED'],
]);

/** The code of an ending that is not one of its own code; undefined: it is, or it may be a refusal that it did not catch. */
function endedFromOutside({ phase, result }: InvocationPredicate, events: Played['events']): string | undefined {
  const code = result?.class ?? '';
  if (phase === 'unknown') return code;
  if (OWN_ENDINGS.has(code)) return undefined;
  const isRefusal = events.some(({ kind, text }) => kind === 'refused' && text.includes(`"${code}"`));
  return isRefusal ? undefined : code;
}

function isSameValue(text: string, value: ExactJson): boolean {
  const parsed = parseExactJson(text);
  return parsed !== undefined && canonicalEvidence(parsed) === canonicalEvidence(value);
}
