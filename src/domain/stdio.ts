// What the door of the home's socket (gateway) and `smcp stdio` (cli) share: the first line each way, which says which
// agent asks and whether it is known. What follows is JSON-RPC. Pure.

import type { WireError } from '#base/errors.ts';

/** The form of these lines; both ends refuse another one. */
export const STDIO_PROTOCOL = 1;

/** From `smcp stdio`. Without an agent it asks which ones there are, and is refused with their names. */
export type StdioHello = { readonly smcp: typeof STDIO_PROTOCOL; readonly agent?: string };

/** `command`: what serves the home. A `serve` is stopped by a person; a `stdio` ends with the client that started it. */
export type StdioWelcome = {
  readonly smcp: typeof STDIO_PROTOCOL;
  readonly agent: string;
  readonly version: string;
  readonly command: 'serve' | 'stdio';
};

/** In place of a welcome; the connection ends after it. */
export type StdioRefusal = { readonly smcp: typeof STDIO_PROTOCOL; readonly error: Required<WireError> };

/** The requests that last. They are cancelled when the client's input ends; the others are answered at once, even then. */
export const LASTING_METHODS: ReadonlySet<string> = new Set(['tools/call', 'subscriptions/listen']);
