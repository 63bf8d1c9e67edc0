import { pino } from 'pino';
import { errorFields, withoutValues } from './error-fields.ts';
import { onlyListed, type LogField } from './log-fields.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export type LogFields = Partial<Record<LogField, unknown>>;

export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Log;
}

/** JSON lines on standard output, of listed fields only. */
export function createLog(level: LogLevel, release: string): Log {
  return pino({
    level,
    base: { service: 'slotwright', release },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: onlyListed },
    serializers: { err: errorFields, reason: textWithoutValues, why: textWithoutValues },
  });
}

function textWithoutValues(value: unknown): unknown {
  return typeof value === 'string' ? withoutValues(value) : value;
}
