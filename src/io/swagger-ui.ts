import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

export interface SwaggerUiFile {
  contentType: string;
  bytes: Buffer;
}

const contentTypes: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const files = new Map<string, Promise<SwaggerUiFile>>();

/** A file of the documentation's viewer as its package has it; undefined for any other name. */
export function swaggerUiFile(name: string): Promise<SwaggerUiFile> | undefined {
  if (!Object.hasOwn(contentTypes, name)) return undefined;
  let file = files.get(name);
  if (file === undefined) {
    file = read(name);
    files.set(name, file);
    file.catch(() => files.delete(name));
  }
  return file;
}

async function read(name: string): Promise<SwaggerUiFile> {
  const path = fileURLToPath(import.meta.resolve(`swagger-ui-dist/${name}`));
  return { contentType: contentTypes[name] ?? '', bytes: await readFile(path) };
}
