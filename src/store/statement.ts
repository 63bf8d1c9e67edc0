import type { Statement } from '../io/postgres.ts';

const registered = new Map<string, Statement<unknown>>();

/**
 * Declares one SQL statement. All of them are prepared against the real schema by a test, and
 * names are unique because servers know prepared statements by name.
 */
export function statement<Row>(name: string, text: string): Statement<Row> {
  if (registered.has(name)) throw new Error(`two statements are named ${name}`);
  const declared: Statement<Row> = { name, text };
  registered.set(name, declared);
  return declared;
}

/** Every statement declared so far: those of the modules that have been imported. */
export function declaredStatements(): Statement<unknown>[] {
  return [...registered.values()];
}
