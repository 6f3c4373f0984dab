// The logging interface. pino is plugged in by app.ts; arguments, results and secrets are never logged.

export type LogFields = { readonly [key: string]: string | number | boolean | null | undefined | readonly string[] };

export type Logger = {
  readonly debug: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly warn: (message: string, fields?: LogFields) => void;
  readonly error: (message: string, fields?: LogFields) => void;
};

const nothing = () => {};
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
