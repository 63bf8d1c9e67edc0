import { fileURLToPath } from 'node:url';

/** Something the person at the keyboard can put right; printed as one line, without a stack. */
export class SetupError extends Error {}

/** A path inside the clone. */
export function clonePath(...parts) {
  return fileURLToPath(new URL(['../..', ...parts].join('/'), import.meta.url));
}

export function tell(line) {
  process.stderr.write(`slotwright: ${line}\n`);
}
