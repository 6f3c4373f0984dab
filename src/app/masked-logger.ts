// The server's logger, with the values of secrets that it knows masked in every line: what an error of elsewhere quotes, too. What
// plugins log is masked by the broker before it comes here.

import type { Json } from '#base/json.ts';
import type { LogFields, Logger } from '#base/log.ts';
import type { SecretMask } from '#domain/secret-ports.ts';

export type MaskedLogger = Logger & {
  /** From here on; asked for at each line. */
  readonly maskWith: (mask: () => SecretMask | undefined) => void;
};

export function createMaskedLogger(logger: Logger): MaskedLogger {
  let maskOf: () => SecretMask | undefined = () => undefined;
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error'): Logger['debug'] =>
    (message, fields) => {
      const mask = maskOf();
      if (mask === undefined) return logger[level](message, fields);
      // What has no value is left out of a line, and is no JSON.
      const masked = fields === undefined ? undefined : (mask.json(fields as unknown as Json) as LogFields);
      logger[level](mask.text(message), masked);
    };
  return {
    ...{ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    maskWith: (mask) => {
      maskOf = mask;
    },
  };
}
