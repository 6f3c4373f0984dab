// The host calls that need no capability: log, progress and cost. Called by the broker only.

import { SmcpError } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import { visibleText } from '#base/visible.ts';
import type { Progress } from '#domain/invocation.ts';
import { COST_MICROS } from '#domain/usage.ts';
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
    cost: (params, { cost }) => {
      const micros = readCost(params);
      return { target: NO_TARGET, perform: () => addCost(micros, cost) };
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

function readCost(params: Json): number {
  const { amount } = fieldsOf('cost', params, ['amount']);
  const isAmount = typeof amount === 'number' && amount >= 0 && amount <= LIMITS.costReportMax;
  if (isAmount) return Math.ceil(amount * COST_MICROS);
  throw invalid(
    `cost: amount is a number from 0 to ${LIMITS.costReportMax}`,
    'tell what this part of the call has cost',
  );
}

/** It was spent, whatever the manifest says: so all that may be told counts, and the author hears that it is too little. */
function addCost(micros: number, cost: CallContext['cost']): null {
  if (cost === undefined || cost.add(micros)) return null;
  if (cost.microsMax === 0)
    throw invalid('cost: this tool tells no cost', 'name `costMax` for the tool in plugin.json');
  throw new SmcpError('QUOTA_EXCEEDED', 'cost: the call has cost more than its plugin.json says it may', {
    details: { costMax: cost.microsMax / COST_MICROS, remedy: 'raise `costMax` for the tool in plugin.json' },
  });
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
