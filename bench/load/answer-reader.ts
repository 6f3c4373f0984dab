// Reads HTTP/1.1 answers from one connection: status and body, by length or in chunks. As little as a client needs that
// must not be what is measured. Trusts the server that the bench started.

const HEAD_END = '\r\n\r\n';
const LINE_END = '\r\n';

export type Answer = { readonly status: number; readonly body: string };

export type AnswerReader = {
  /** Takes what came; the answer when it is whole. @throws for what is no answer of a known length */
  readonly push: (bytes: Buffer) => Answer | undefined;
};

type Head = { readonly status: number; readonly bodyStart: number; readonly bodyBytes: number | undefined };

/** For one answer after the other, never two under way. */
export function createAnswerReader(): AnswerReader {
  let held: Buffer = Buffer.alloc(0);
  let head: Head | undefined;
  return {
    push: (bytes) => {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      head ??= parseHead(held);
      if (head === undefined) return undefined;
      const body = head.bodyBytes === undefined ? chunkedBody(held, head.bodyStart) : sizedBody(held, head);
      if (body === undefined) return undefined;
      const answer = { status: head.status, body };
      held = Buffer.alloc(0);
      head = undefined;
      return answer;
    },
  };
}

function parseHead(held: Buffer): Head | undefined {
  const end = held.indexOf(HEAD_END);
  if (end === -1) return undefined;
  const text = held.toString('latin1', 0, end).toLowerCase();
  const status = Number(/^http\/1\.1 (\d{3})/.exec(text)?.[1]);
  const length = /\r\ncontent-length: *(\d+)/.exec(text)?.[1];
  const isChunked = /\r\ntransfer-encoding: *chunked/.test(text);
  if (!(status >= 200) || (length === undefined && !isChunked)) throw new Error(`no answer of a known length: ${text}`);
  return { status, bodyStart: end + HEAD_END.length, bodyBytes: length === undefined ? undefined : Number(length) };
}

function sizedBody(held: Buffer, { bodyStart, bodyBytes = 0 }: Head): string | undefined {
  const end = bodyStart + bodyBytes;
  return held.length < end ? undefined : held.toString('utf8', bodyStart, end);
}

function chunkedBody(held: Buffer, bodyStart: number): string | undefined {
  const chunks: Buffer[] = [];
  let at = bodyStart;
  for (;;) {
    const lineEnd = held.indexOf(LINE_END, at);
    if (lineEnd === -1) return undefined;
    const bytes = Number.parseInt(held.toString('latin1', at, lineEnd), 16);
    if (!(bytes >= 0)) throw new Error('a chunk without a length');
    const start = lineEnd + LINE_END.length;
    const end = start + bytes + LINE_END.length;
    if (held.length < end) return undefined;
    if (bytes === 0) return Buffer.concat(chunks).toString('utf8');
    chunks.push(held.subarray(start, start + bytes));
    at = end;
  }
}
