/** Paths of the project's own programs, in TypeScript or plain JavaScript. */
export function isCode(path: string): boolean {
  return /^((src|test|bench|scripts|bin|console)\/.*|[^/]+)\.([cm]?js|tsx?)$/.test(path);
}
