// The host calls of a program of the protocol `json`: one line of JSON each way on its descriptor 3, so that any language can
// make them. They are counted, bounded and answered as those of an isolate are. **Trust:** every byte is the program's.
//
//   {"id": 1, "call": "now", "params": {}}     ids grow; 0: no answer is wanted
//   {"id": 1, "ok": true, "value": …}          or {"id": 1, "ok": false, "error": {code, message, details}}

import type { Readable, Writable } from 'node:stream';
import { parseBoundedJson } from '#base/bounded-json.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { OVERWORKED } from '#sandbox/host/host-work.ts';
import type { AnswerHostCall, RunningCall } from '#sandbox/host/running-call.ts';
import type { Stop } from './supervise.ts';

const LINE_FEED = 0x0a;
/** Besides the parameters: the id and the name. */
const ENVELOPE_BYTES_MAX = 512;
const LINE_BYTES_MAX = LIMITS.hostCallBytesMax + ENVELOPE_BYTES_MAX;
const BROKEN: Stop = { code: 'PLUGIN_CRASHED', message: 'broke the protocol of host calls' };

/**
 * Serves the descriptor until the call is over. `stop` is called when the program asks what can't be asked. To be called when
 * the program has ended: what of it was held back is thrown away then, since nobody is there to be answered.
 */
export function serveHostCalls(channel: Readable & Writable, call: RunningCall, stop: (why: Stop) => void): () => void {
  /** From here on what comes is read to its end, without which the pipe would stay open, and is not looked at. */
  let isStopped = false;
  let hasEnded = false;
  let count = 0;
  let underWay = 0;
  const lines = createLineReader();
  const drop = () => {
    isStopped = true;
    channel.resume();
  };
  const halt = (why: Stop) => {
    drop();
    stop(why);
  };

  /** What it does not read waits in the host: so long no further call of it is taken. */
  const isFull = () =>
    underWay >= LIMITS.hostCallsUnderWayMax || channel.writableLength > LIMITS.hostAnswersWaitingBytesMax;

  const pump = () => {
    while (!isStopped && !isFull()) {
      const line = lines.next();
      if (line === 'too-long') return halt(BROKEN);
      if (line === undefined) return void channel.resume();
      take(line);
    }
    // Nothing that makes room comes any more.
    if (hasEnded) drop();
  };

  call.onOverworked = () => halt(OVERWORKED);

  const answer: AnswerHostCall = (id, ok, body, left) => {
    underWay -= 1;
    channel.write(`{"id":${id},"ok":${ok},"${ok ? 'value' : 'error'}":${body}}\n`, (error) => {
      // Nobody is there to read: it has not left, so no call of it is begun in its place.
      if (error) return drop();
      left();
      pump();
    });
  };

  const take = (line: Buffer) => {
    count += 1;
    const { hostCalls } = call.request.limits;
    if (count > hostCalls)
      return halt({ code: 'HOST_CALLS_EXCEEDED', message: `made more than ${hostCalls} host calls` });
    const asked = parseLine(line);
    if (asked === undefined) return halt(BROKEN);
    const { id, name, params } = asked;
    if (id !== 0) underWay += 1;
    if (!call.takeHostCall({ t: 'call', id: call.id, call: id, name }, params, answer)) halt(BROKEN);
  };

  channel.on('data', (chunk: Buffer) => {
    if (isStopped) return;
    channel.pause();
    lines.feed(chunk);
    pump();
  });
  channel.on('error', () => {});
  return () => {
    hasEnded = true;
    if (channel.isPaused()) drop();
  };
}

/** Undefined when it is no host call. */
function parseLine(line: Buffer): { readonly id: number; readonly name: string; readonly params: string } | undefined {
  const parsed = parseBoundedJson(line.toString('utf8'));
  if (parsed.kind !== 'value' || !isJsonObject(parsed.value)) return undefined;
  const { id, call, params = {}, ...more }: JsonObject = parsed.value;
  if (!Number.isSafeInteger(id) || Number(id) < 0 || typeof call !== 'string' || Object.keys(more).length > 0)
    return undefined;
  return { id: Number(id), name: call, params: JSON.stringify(params) };
}

/** Holds one chunk and one line at most, and takes linear time however the bytes come. */
function createLineReader() {
  const held = Buffer.alloc(LINE_BYTES_MAX);
  let length = 0;
  let chunk: Buffer = Buffer.alloc(0);
  return {
    /** Only when `next` has found no more. */
    feed: (more: Buffer): void => {
      chunk = more;
    },
    /** The next line that is whole and not empty; good until the next call. */
    next: (): Buffer | 'too-long' | undefined => {
      while (chunk.length > 0) {
        const end = chunk.indexOf(LINE_FEED);
        const part = end === -1 ? chunk : chunk.subarray(0, end);
        if (length + part.length > held.length) return 'too-long';
        length += part.copy(held, length);
        chunk = chunk.subarray(end === -1 ? chunk.length : end + 1);
        if (end === -1 || length === 0) continue;
        const line = held.subarray(0, length);
        length = 0;
        return line;
      }
      return undefined;
    },
  };
}
