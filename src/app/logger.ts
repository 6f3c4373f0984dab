// pino behind the product's Logger. Messages go to stderr as JSON lines; they are not the signed log.

import { destination, pino } from 'pino';
import type { LogFields, Logger } from '#base/log.ts';
import type { Config } from '#config/config.ts';

/** A logger on stderr. Writes synchronously, so that nothing is lost when the process ends. */
export function createLogger(level: Config['logging']['level']): Logger {
  const target = pino({ level, base: null }, destination({ fd: 2, sync: true }));
  const at = (name: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: LogFields) =>
    target[name](fields ?? {}, message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
