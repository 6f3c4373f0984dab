// The host calls of a program of the protocol `json`: one line of JSON each way on its descriptor 3, so that any language can
// make them. They are counted, bounded and answered as those of an isolate are. **Trust:** every byte is the program's.
//
//   {"id": 1, "call": "now", "params": {}}     ids grow; 0: no answer is wanted
//   {"id": 1, "ok": true, "value": …}          or {"id": 1, "ok": false, "error": {code, message, details}}

import type { Readable, Writable } from 'node:stream';
import { parseBoundedJson } from '#base/bounded-json.ts';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { RunningCall } from '#sandbox/host/running-call.ts';
import type { Stop } from './supervise.ts';

const LINE_FEED = 0x0a;
/** Besides the parameters: the id and the name. */
const ENVELOPE_BYTES_MAX = 512;
const LINE_BYTES_MAX = LIMITS.hostCallBytesMax + ENVELOPE_BYTES_MAX;
const BROKEN: Stop = { code: 'PLUGIN_CRASHED', message: 'broke the protocol of host calls' };

/** Serves the descriptor until the call is over. `stop` is called when the program asks what can't be asked. */
export function serveHostCalls(channel: Readable & Writable, call: RunningCall, stop: (why: Stop) => void): void {
  let isStopped = false;
  let count = 0;
  let underWay = 0;
  const halt = (why: Stop) => {
    isStopped = true;
    stop(why);
  };

  /** What it does not read waits in the host: so long none of its calls is read. */
  const pace = () => {
    const isFull =
      underWay >= LIMITS.hostCallsUnderWayMax || channel.writableLength > LIMITS.hostAnswersWaitingBytesMax;
    if (isFull) channel.pause();
    else if (channel.isPaused()) channel.resume();
  };

  const answer = (id: number, ok: boolean, body: string) => {
    underWay -= 1;
    channel.write(`{"id":${id},"ok":${ok},"${ok ? 'value' : 'error'}":${body}}\n`, pace);
    pace();
  };

  const take = (line: Buffer) => {
    if (isStopped) return;
    count += 1;
    if (count > call.request.limits.hostCalls) {
      return halt({
        code: 'HOST_CALLS_EXCEEDED',
        message: `made more than ${call.request.limits.hostCalls} host calls`,
      });
    }
    const asked = parseLine(line);
    if (asked === undefined) return halt(BROKEN);
    const { id, name, params } = asked;
    if (id !== 0) underWay += 1;
    const isTaken = call.takeHostCall({ t: 'call', id: call.id, call: id, name }, params, answer);
    if (!isTaken) return halt(BROKEN);
    pace();
  };

  const lines = createLineReader(take, () => halt(BROKEN));
  channel.on('data', (chunk: Buffer) => {
    if (!isStopped) lines(chunk);
  });
  channel.on('error', () => {});
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

/** Holds one line at most, and takes linear time however the bytes come. */
function createLineReader(onLine: (line: Buffer) => void, onTooLong: () => void): (chunk: Buffer) => void {
  const held = Buffer.alloc(LINE_BYTES_MAX);
  let length = 0;
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      const end = chunk.indexOf(LINE_FEED, at);
      const stop = end === -1 ? chunk.length : end;
      if (length + stop - at > held.length) return onTooLong();
      length += chunk.copy(held, length, at, stop);
      at = stop + 1;
      if (end === -1) return;
      const line = held.subarray(0, length);
      length = 0;
      if (line.length > 0) onLine(line);
    }
  };
}
