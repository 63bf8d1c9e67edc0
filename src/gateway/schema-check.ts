import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { pointerToken } from '../contract/json-body.ts';
import type { Violation } from '../contract/problem.ts';

// All violations are answered at once; the library stops at eight by itself.
Settings.Set({ maxErrors: 100 });

/** What is wrong with a value; empty where nothing is. Every violation has a pointer. */
export type SchemaCheck = (value: unknown) => Violation[];

interface Failure {
  keyword: string;
  schemaPath: string;
  instancePath: string;
  params: object;
  message: string;
}

const codes: Record<string, string> = {
  boolean: 'unknown-member',
  const: 'not-allowed',
  enum: 'not-allowed',
  exclusiveMaximum: 'out-of-range',
  exclusiveMinimum: 'out-of-range',
  maximum: 'out-of-range',
  minimum: 'out-of-range',
  maxItems: 'too-many',
  minItems: 'too-few',
  maxLength: 'too-long',
  minLength: 'too-short',
  maxProperties: 'too-many',
  minProperties: 'too-few',
  pattern: 'format',
  uniqueItems: 'repeated',
};

/**
 * Compiles a schema once. A rule that a schema cannot state is written with `Type.Refine`, whose
 * message may begin with a code: `slot-order: must start before it ends`.
 */
export function compileSchema(schema: TSchema): SchemaCheck {
  const validator = Compile(schema);
  return (value) => {
    if (validator.Check(value)) return [];
    const violations = settleUnions(validator.Errors(value)).flatMap(violationsOf);
    return violations.length > 0
      ? violations
      : [{ pointer: '', code: 'schema', message: 'does not match the schema' }];
  };
}

/**
 * A value that fits no branch of a union fails once per branch and once for the union. What helps
 * is one branch's failures if that branch alone has the value's type, else the union's own.
 */
function settleUnions(failures: readonly Failure[]): Failure[] {
  let settled: Failure[] = [];
  for (const failure of failures) {
    if (failure.keyword !== 'anyOf') {
      settled.push(failure);
      continue;
    }
    const inside = settled.filter((other) => isInside(other, failure));
    const branches = Map.groupBy(inside, (other) => branchOf(other, failure));
    const fitting = [...branches.values()].filter((branch) => !branch.some(rejectsType(failure)));
    settled = settled.filter((other) => !inside.includes(other));
    if (fitting.length === 1) settled.push(...(fitting[0] ?? []));
    else settled.push({ ...failure, message: describe(inside, failure) });
  }
  return settled;
}

function isInside(other: Failure, union: Failure): boolean {
  return (
    other.schemaPath.startsWith(`${union.schemaPath}/anyOf/`) &&
    (other.instancePath === union.instancePath ||
      other.instancePath.startsWith(`${union.instancePath}/`))
  );
}

function branchOf(other: Failure, union: Failure): string {
  const rest = other.schemaPath.slice(`${union.schemaPath}/anyOf/`.length);
  return rest.slice(0, `${rest}/`.indexOf('/'));
}

function rejectsType(union: Failure): (failure: Failure) => boolean {
  return ({ keyword, instancePath }) =>
    instancePath === union.instancePath && ['type', 'const', 'enum', 'anyOf'].includes(keyword);
}

function describe(inside: readonly Failure[], union: Failure): string {
  const allowed = inside
    .filter((failure) => failure.instancePath === union.instancePath)
    .map((failure) => failure.message.replace(/^must be /, ''));
  return `must be ${[...new Set(allowed)].join(' or ')}`;
}

function violationsOf({ keyword, instancePath, params, message }: Failure): Violation[] {
  switch (keyword) {
    case 'additionalProperties':
      // Each member that is too many has its own failure, of keyword boolean.
      return [];
    case 'boolean':
      return [
        { pointer: instancePath, code: 'unknown-member', message: 'is not a member of this' },
      ];
    case 'required':
      return (params as { requiredProperties: string[] }).requiredProperties.map((name) => ({
        pointer: `${instancePath}/${pointerToken(name)}`,
        code: 'required',
        message: 'is required',
      }));
    case '~refine': {
      const [, code, text] = /^([a-z0-9-]+): (.*)$/s.exec(message) ?? [];
      return [{ pointer: instancePath, code: code ?? 'rule', message: text ?? message }];
    }
    case 'anyOf':
      return [{ pointer: instancePath, code: 'type', message }];
    default:
      return [{ pointer: instancePath, code: codes[keyword] ?? kebab(keyword), message }];
  }
}

function kebab(keyword: string): string {
  return keyword.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
