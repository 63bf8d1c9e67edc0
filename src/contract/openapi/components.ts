import type { TSchema } from 'typebox';

export type JsonSchema = Record<string, unknown>;

/** The schemas that the document names once: those with a title, wherever they stand. */
export class Components {
  readonly #schemas = new Map<string, JsonSchema>();

  /** The schema for use in the document, with references in place of what has a title. */
  place(schema: TSchema): JsonSchema {
    // Through JSON, which sheds what the library keeps for itself, like kinds and refinements.
    return this.#hoist(JSON.parse(JSON.stringify(schema)) as JsonSchema) as JsonSchema;
  }

  schemas(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #hoist(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#hoist(item));
    if (typeof value !== 'object' || value === null) return value;
    const hoisted = Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, this.#hoist(member)]),
    );
    const { title, type } = hoisted;
    // A property that is named title has a schema for its value, not a text.
    if (typeof title !== 'string' || typeof type !== 'string') return hoisted;
    const known = this.#schemas.get(title);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(hoisted)) {
      throw new Error(`two schemas are named ${title}`);
    }
    this.#schemas.set(title, hoisted);
    return { $ref: `#/components/schemas/${title}` };
  }
}
