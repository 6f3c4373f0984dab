// Keeps the secrets of an invocation out of what its guest sends on and of what comes back to it. One per session; called by the broker
// only. **Trust:** params are the guest's, answers are whatever an effect brought back.

import { asSmcpError, SmcpError } from '#base/errors.ts';
import type { Json, JsonObject } from '#base/json.ts';
import { denied } from '#domain/refusal.ts';
import type { ExactTranscript } from '#domain/transcript.ts';
import type { CallContext } from './call-handler.ts';

export type Masking = {
  /** The value without secrets; the same where it has none in it. */
  readonly hidden: <Value>(value: Value) => Value;
  /** @throws `CAPABILITY_DENIED` for params with the value of a secret in them: it goes where the server puts it, and nowhere else */
  readonly checkParams: (name: string, params: Json) => void;
  /** What was thrown, without secrets. */
  readonly error: (thrown: unknown) => unknown;
  /** Its texts as they are, but for those with a secret in them: what a guest sent is in it although it was refused. */
  readonly transcript: (transcript: ExactTranscript | undefined) => ExactTranscript | undefined;
};

export function createMasking({ secrets, capabilities }: CallContext): Masking {
  const hidden: Masking['hidden'] = (value) => {
    const mask = secrets?.mask();
    return mask === undefined ? value : (mask.json(value as Json) as typeof value);
  };
  const hiddenText = (json: string): string => {
    const value = JSON.parse(json) as Json;
    const masked = hidden(value);
    return masked === value ? json : JSON.stringify(masked);
  };
  return {
    hidden,
    checkParams: (name, params) => {
      if (hidden(params) === params) return;
      const given = capabilities.secrets ?? [];
      const places = given.flatMap(({ hosts = [], header }) =>
        header === undefined ? [] : hosts.map((host) => `the header ${header} of requests to ${host}`),
      );
      throw denied({
        capability: 'secrets',
        asked: `${name} with the value of a secret in it`,
        allowed: [...new Set(places)],
        message: `${name}: what it was given holds the value of a secret, which a plugin can't send on`,
        remedy:
          'leave it out: name hosts and header in plugin.json, and the server puts it into requests to these hosts',
      });
    },
    transcript: (transcript) => {
      if (transcript === undefined || secrets?.mask() === undefined) return transcript;
      return { events: transcript.events.map((event) => ({ ...event, text: hiddenText(event.text) })) };
    },
    error: (thrown) => {
      const error = asSmcpError(thrown);
      const message = hidden(error.message);
      const details: JsonObject = hidden(error.details);
      if (message === error.message && details === error.details) return thrown;
      // Without the cause: it may have the value in it.
      return new SmcpError(error.code, message, { details });
    },
  };
}
