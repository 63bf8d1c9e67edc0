import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** An answer as any of the suites' clients has it; a query in `path` is not looked at. */
export interface Observed {
  method: string;
  path: string;
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  /** Its text, or parsed where it is JSON; undefined or empty for none. */
  body: unknown;
}

export interface ExampleMap {
  [name: string]: { summary?: string; value: unknown };
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: JsonSchema;
  examples?: ExampleMap;
}

export type JsonSchema = Record<string, unknown>;

interface Content {
  [mediaType: string]: { schema: JsonSchema; examples?: ExampleMap };
}

interface HeaderObject {
  required?: boolean;
  schema: JsonSchema;
}

export interface Operation {
  operationId: string;
  summary: string;
  security: object[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<
    string,
    {
      headers?: Record<string, HeaderObject>;
      content?: Content;
      links?: Record<string, { operationId: string; parameters: Record<string, string> }>;
    }
  >;
  'x-example-status'?: Record<string, number>;
}

export interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
}

// Headers that tell a client something: where one of them is sent it must be documented.
const telling = [
  ...['etag', 'location', 'command-id', 'idempotency-replayed', 'preference-applied'],
  ...['retry-after', 'ratelimit', 'ratelimit-policy', 'www-authenticate', 'accept-encoding'],
];

/** Holds real answers against the service's own description of itself. */
export class OpenApiCheck {
  readonly document: OpenApiDocument;
  /** How often each `operationId status` was seen. */
  readonly seen = new Map<string, number>();
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    this.document = document;
    this.#ajv.addSchema(document, 'openapi');
  }

  static async of(serviceUrl: string): Promise<OpenApiCheck> {
    const answer = await fetch(`${serviceUrl}/openapi.json`);
    return new OpenApiCheck((await answer.json()) as OpenApiDocument);
  }

  assert(observed: Observed): void {
    const faults = this.faults(observed);
    const { method, path, status } = observed;
    assert.deepEqual(faults, [], `${method} ${path} ${status} is not as documented`);
  }

  /** What of the answer is not as documented; empty where everything is. */
  faults(observed: Observed): string[] {
    const { method, status } = observed;
    const path = this.pathOf(observed.path);
    if (path === undefined) return status === 404 ? [] : ['there is no such path'];
    const operations = this.document.paths[path] ?? {};
    const isHead = method === 'HEAD' && operations['head'] === undefined;
    const verb = (isHead ? 'GET' : method).toLowerCase();
    const operation = operations[verb];
    if (operation === undefined) return otherMethod(observed, Object.keys(operations));
    const name = `${operation.operationId} ${status}`;
    this.seen.set(name, (this.seen.get(name) ?? 0) + 1);
    const response = operation.responses[status];
    if (response === undefined) return [`status ${status} is not documented`];
    const pointer = `/paths/${token(path)}/${verb}/responses/${status}`;
    return [
      ...this.#headerFaults(observed, response.headers ?? {}, pointer),
      ...(isHead ? [] : this.#bodyFaults(observed, response.content, pointer)),
    ];
  }

  /** What of a request's body is not as documented. */
  requestFaults({ path, verb, body }: { path: string; verb: string; body: unknown }): string[] {
    const media = token('application/json');
    const pointer = `/paths/${token(path)}/${verb}/requestBody/content/${media}/schema`;
    return this.#schemaFaults(body, pointer, 'body');
  }

  /** The template that an address belongs to; one without parameters goes first, as in routing. */
  pathOf(address: string): string | undefined {
    const path = address.replace(/[?#].*$/s, '');
    if (Object.hasOwn(this.document.paths, path)) return path;
    const segments = path.split('/');
    return Object.keys(this.document.paths).find((template) => {
      const expected = template.split('/');
      return (
        expected.length === segments.length &&
        expected.every((part, index) => isAt(part, segments[index] ?? ''))
      );
    });
  }

  #headerFaults(
    { headers }: Observed,
    documented: Record<string, HeaderObject>,
    pointer: string,
  ): string[] {
    const faults: string[] = [];
    for (const [name, { required }] of Object.entries(documented)) {
      const value = headers[name.toLowerCase()];
      if (value === undefined) {
        if (required === true) faults.push(`the header ${name} is missing`);
      } else faults.push(...this.#schemaFaults(value, `${pointer}/headers/${name}/schema`, name));
    }
    const names = new Set(Object.keys(documented).map((name) => name.toLowerCase()));
    for (const name of telling) {
      if (headers[name] !== undefined && !names.has(name)) {
        faults.push(`the header ${name} is not documented`);
      }
    }
    return faults;
  }

  #bodyFaults(
    { headers, body }: Observed,
    content: Content | undefined,
    pointer: string,
  ): string[] {
    const isEmpty = body === undefined || body === '';
    if (content === undefined) return isEmpty ? [] : ['no body is documented'];
    if (isEmpty) return ['the body is missing'];
    const type = (headers['content-type'] ?? '').replace(/;.*$/s, '').trim();
    const mediaType = content[type] !== undefined ? type : '*/*';
    if (content[mediaType] === undefined) return [`the media type "${type}" is not documented`];
    const value = type.endsWith('json') ? parsed(body) : body;
    return this.#schemaFaults(value, `${pointer}/content/${token(mediaType)}/schema`, 'body');
  }

  #schemaFaults(value: unknown, pointer: string, what: string): string[] {
    let validate = this.#validators.get(pointer);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `openapi#${encodeURI(pointer)}` });
      this.#validators.set(pointer, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${what}${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** A method that the path does not have: 405 with those that it has. */
function otherMethod({ status, headers }: Observed, methods: string[]): string[] {
  const verbs = methods.map((method) => method.toUpperCase());
  const expected = verbs.includes('GET') ? [...verbs, 'HEAD'] : verbs;
  if (status !== 405) return [`a method that is not documented answers ${status}`];
  const allowed = (headers['allow'] ?? '').split(', ');
  return JSON.stringify(allowed.sort()) === JSON.stringify(expected.sort())
    ? []
    : [`Allow names ${allowed.join(', ')} where ${expected.join(', ')} are documented`];
}

function parsed(body: unknown): unknown {
  return typeof body === 'string' ? (JSON.parse(body) as unknown) : body;
}

function token(text: string): string {
  return text.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Whether a segment is at that place: a parameter is not empty and can be decoded. */
function isAt(part: string, segment: string): boolean {
  if (!part.startsWith('{')) return part === segment;
  try {
    return segment !== '' && !decodeURIComponent(segment).includes('\0');
  } catch {
    return false;
  }
}
