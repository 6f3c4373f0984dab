// The world that a plugin's test makes up: what answers its host calls. Written by a plugin's author, as a value in a test or as
// a JSON file for `smcp plugin trace`. Read by the harness only.

import { readFileSync } from 'node:fs';
import { SmcpError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { compileOwnSchema } from '#base/schema.ts';
import { WORLD_SCHEMA } from './world-schema.ts';

/** An answer of the network to every request that fits. */
export type HttpAnswer = {
  /** A pattern in which `*` stands for any run of characters; the whole URL, query and all. */
  readonly url: string;
  /** Absent: any. */
  readonly method?: string;
  /** 200 if absent. */
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  /** One of the three, or an empty body. */
  readonly text?: string;
  readonly json?: Json;
  readonly base64?: string;
  /** The request fails like this; the code is one that the server could answer with. */
  readonly error?: WorldError;
};

/** A request as it would have left: with the secrets in its headers. */
export type HttpRequest = {
  readonly url: string;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string };
  readonly body: Uint8Array;
};

export type RunAnswer = {
  readonly program: string;
  /** Patterns with `*`, one for each argument. Absent: any arguments. */
  readonly args?: readonly string[];
  /** 0 if absent. */
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
};

export type ProgramRun = { readonly program: string; readonly args: readonly string[]; readonly stdin: string };

/** What another tool answers; without `error`, `value` (null if absent). */
export type ToolReply = { readonly tool: string; readonly value?: Json; readonly error?: WorldError };

export type WorldError = { readonly code: string; readonly message: string };

export type World = {
  /** What the clock shows, as RFC 3339 or milliseconds since the epoch: 2026-01-01T00:00:00Z if absent. It stands still. */
  readonly now?: string | number;
  /** The same seed gives the same random bytes; '' if absent. */
  readonly seed?: string | number;
  /** What the plugin's store holds at the start. */
  readonly store?: JsonObject;
  /** The first that fits answers; none: the request fails as if nobody were there. */
  readonly http?: readonly HttpAnswer[] | ((request: HttpRequest) => Omit<HttpAnswer, 'url'>);
  /** Hosts that an operator has listed: with one of them `http` may be spoken. */
  readonly privateHosts?: readonly string[];
  /** Files of the workspace by path, `workspace/…`. */
  readonly files?: { readonly [path: string]: string | { readonly base64: string } };
  /** By the names in the manifest; put into headers of requests to their hosts. */
  readonly secrets?: { readonly [name: string]: string };
  readonly run?: readonly RunAnswer[] | ((run: ProgramRun) => Omit<RunAnswer, 'program'>);
  readonly tools?: readonly ToolReply[] | ((tool: string, args: Json) => Omit<ToolReply, 'tool'>);
};

/** 2026-01-01T00:00:00Z */
const NOW_MS_DEFAULT = 1_767_225_600_000;

/** A world's file holds answers of the network; what is longer is no world that a person wrote. */
const WORLD_BYTES_MAX = 16 * 1024 * 1024;

/**
 * A world from JSON.
 *
 * @throws `USAGE` with the pointer of what is wrong
 */
export function parseWorld(value: unknown): World {
  const problem = compileOwnSchema(WORLD_SCHEMA)(value)[0];
  if (problem === undefined) return value as World;
  throw new SmcpError('USAGE', `no world of a plugin's test: ${problem.pointer} ${problem.message}`, {
    details: { remedy: problem.remedy ?? 'see docs/plugin-kit.md for what a world may hold' },
  });
}

/** @throws `USAGE` when it can't be read or holds no world */
export function loadWorld(file: string): World {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SmcpError('USAGE', `the world ${JSON.stringify(file)} can't be read`, { cause });
  }
  if (text.length > WORLD_BYTES_MAX) throw new SmcpError('USAGE', `the world is over ${WORLD_BYTES_MAX} bytes`);
  try {
    return parseWorld(JSON.parse(text));
  } catch (cause) {
    if (cause instanceof SmcpError) throw cause;
    throw new SmcpError('USAGE', `the world ${JSON.stringify(file)} is no JSON`, { cause });
  }
}

/** @throws `USAGE` for a time that is none */
export function nowMsOf({ now = NOW_MS_DEFAULT }: World): number {
  const nowMs = typeof now === 'number' ? now : Date.parse(now);
  if (Number.isFinite(nowMs)) return nowMs;
  throw new SmcpError('USAGE', `now is no time: ${JSON.stringify(now)}`);
}
