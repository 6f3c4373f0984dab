// The body of an answer, read no further than a bound. Pure but for the reading. **Trust:** its length and bytes are whoever answers'.

/**
 * All of it; empty where there is none. Undefined when it has more than `bytesMax`: then its stream is cancelled, and no more is read.
 *
 * @throws what the stream fails with
 */
export async function readBody({ body }: Pick<Response, 'body'>, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
