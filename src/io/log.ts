import { pino } from 'pino';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** Fields that a line may carry: ids, counts and codes, never what a person typed. */
export interface LogFields {
  component?: string;
  request_id?: string;
  appointment_id?: string;
  command_id?: string;
  saga_id?: string;
  task_id?: number;
  tenant?: string;
  region?: string;
  [detail: string]: unknown;
}

export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Log;
}

/** JSON lines on standard output; errors are reduced to class, message and stack. */
export function createLog(level: LogLevel, release: string): Log {
  return pino({
    level,
    base: { service: 'slotwright', release },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorFields },
  });
}

function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  return { name, message, code: (error as { code?: unknown }).code, stack };
}
