// fetch whose answers can't fill memory: neither one long document nor one long event of a stream. Used by the bridge to
// a server elsewhere. **Trust:** the answers are that server's.

const LINE_FEED = 0x0a;

/** `fetch` that fails while it reads, once an answer has had `bytesMax` bytes without an empty line, which ends an event. */
export function createBoundedFetch(bytesMax: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (response.body === null) return response;
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(boundedStream(bytesMax)), { status, statusText, headers });
  };
}

function boundedStream(bytesMax: number): TransformStream<Uint8Array, Uint8Array> {
  let length = 0;
  let endsWithLineFeed = false;
  return new TransformStream({
    transform: (chunk, controller) => {
      for (let from = 0; from < chunk.length; ) {
        const at = chunk.indexOf(LINE_FEED, from);
        const end = at === -1 ? chunk.length : at;
        const isEmptyLine = at !== -1 && end === from && endsWithLineFeed;
        length = isEmptyLine ? 0 : length + end - from + 1;
        endsWithLineFeed = at !== -1;
        from = end + 1;
        if (length > bytesMax) throw new Error(`the answer has more than ${bytesMax} bytes`);
      }
      controller.enqueue(chunk);
    },
  });
}
