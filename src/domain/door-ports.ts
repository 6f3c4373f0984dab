// What a feature adds to the door: requests and routes in plain terms. Features import this file, never each other.

import type { Json } from '#base/json.ts';
import type { Principal } from './agent.ts';

/** A request that passed the door's guards: host, origin, token, size. **Trust:** params, query and body are the caller's. */
export type HttpRequest = {
  /** Undefined only on routes for anyone. */
  readonly principal: Principal | undefined;
  readonly params: { readonly [name: string]: string };
  readonly query: { readonly [name: string]: string };
  /** Parsed JSON; undefined when there was no body. */
  readonly body: Json | undefined;
  /** The headers of these names; undefined: not sent. */
  readonly headers: {
    readonly host: string | undefined;
    readonly origin: string | undefined;
    readonly cookie: string | undefined;
    /** `x-smcp-page`: what a page of the console keeps for itself. */
    readonly page: string | undefined;
  };
  /** Where the connection comes from. */
  readonly address: string;
  /** Aborted when the client goes away before its answer. */
  readonly signal: AbortSignal;
  /** Whether the token that it came with still stands for the principal; true where there was none. */
  readonly mayStillAct: () => boolean;
};

export type HttpAnswer = {
  readonly status: number;
  /** JSON unless `contentType` says otherwise, then text or bytes. */
  readonly body: Json | Uint8Array;
  readonly contentType?: string;
  /** More headers, or others than the door's own. */
  readonly headers?: { readonly [name: string]: string };
};

/** A route that a feature adds to the door. `path` as Fastify writes it (`/admin/v1/agents/:name`, `*` at its end). */
export type HttpRoute = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** `anyone` needs no token · `admin` the home's own · `principal` any that is good: what an agent may do there is the route's to ask. */
  readonly access: 'anyone' | 'admin' | 'principal';
  /** Bytes of a body, where that is fewer than for others. */
  readonly bodyBytesMax?: number;
  /** Its body may come as a form (`application/x-www-form-urlencoded`), which is then an object of texts. Absent: JSON only. */
  readonly takesForm?: true;
  /** What it throws leaves as `{error: {code, message, details}}` with the status of the error table. */
  readonly handle: (request: HttpRequest) => Promise<HttpAnswer> | HttpAnswer;
};
