// pino behind the product's Logger. Messages go to stderr as JSON lines; they are not the signed log.

import { destination, pino } from 'pino';
import type { LogFields, Logger } from '#base/log.ts';
import type { Config } from '#config/config.ts';

export type LeveledLogger = Logger & { readonly setLevel: (level: Config['logging']['level']) => void };

/** A logger on stderr, or with `write`. On stderr it writes synchronously, so that nothing is lost when the process ends. */
export function createLogger(level: Config['logging']['level'], write?: (line: string) => void): LeveledLogger {
  const target = pino({ level, base: null }, write === undefined ? destination({ fd: 2, sync: true }) : { write });
  const at = (name: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: LogFields) =>
    target[name](fields ?? {}, message);
  return {
    ...{ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    setLevel: (next) => {
      target.level = next;
    },
  };
}
