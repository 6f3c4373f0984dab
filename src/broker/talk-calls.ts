// The host calls that need no capability: log and progress. Called by the broker only.

import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { visibleText } from '#base/visible.ts';
import type { Progress } from '#domain/invocation.ts';
import type { CallContext, CallHandlers } from './call-handler.ts';
import { fieldsOf, invalid } from './params.ts';

type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
const NO_TARGET = '';

export function createTalkCalls({ logger }: { readonly logger: Logger }): CallHandlers {
  return {
    log: (params, context) => {
      const { level, message } = readLog(params);
      // The text is a field, not the message: a plugin's words are never taken for the server's own.
      const perform = () => {
        logger[level]('plugin log', { ...tagsOf(context), text: shown(message) });
        return null;
      };
      return { target: NO_TARGET, perform };
    },
    progress: (params, context) => {
      const progress = readProgress(params);
      return { target: NO_TARGET, perform: () => report(logger, context, progress) };
    },
  };
}

function readLog(params: Json): { readonly level: LogLevel; readonly message: string } {
  const { level, message } = fieldsOf('log', params, ['level', 'message']);
  const known = LOG_LEVELS.find((name) => name === level);
  if (known === undefined) throw invalid(`log: level is none of ${LOG_LEVELS.join(', ')}`);
  if (typeof message !== 'string') throw invalid('log: message is no text');
  return { level: known, message };
}

function readProgress(params: Json): Progress {
  const { progress, total, message } = fieldsOf('progress', params, ['progress', 'total', 'message']);
  if (typeof progress !== 'number' || !Number.isFinite(progress))
    throw invalid('progress: progress is no finite number');
  if (total !== undefined && (typeof total !== 'number' || !Number.isFinite(total))) {
    throw invalid('progress: total is no finite number');
  }
  if (message !== undefined && typeof message !== 'string') throw invalid('progress: message is no text');
  return { progress, ...(total === undefined ? {} : { total }), ...(message === undefined ? {} : { message }) };
}

/** A door that can't take it is no fault of the guest, and no reason to end the call. */
function report(logger: Logger, context: CallContext, { message, ...numbers }: Progress): null {
  try {
    context.onProgress?.({ ...numbers, ...(message === undefined ? {} : { message: shown(message) }) });
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown.message : 'unknown';
    logger.warn('progress could not be told', { ...tagsOf(context), error });
  }
  return null;
}

const shown = (text: string): string => visibleText(text, LIMITS.logMessageLengthMax);

export const tagsOf = ({ plugin, tool, agent, invocation }: CallContext) => ({ plugin, tool, agent, invocation });
