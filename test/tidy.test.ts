import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bannedWords, speaksOfItself } from './support/tidy/banned-words.ts';
import { direction } from './support/tidy/direction.ts';
import { exportsNamedFile } from './support/tidy/exports-named-file.ts';
import { failpointNames } from './support/tidy/failpoint-names.ts';
import { kebabCase, tellingNames } from './support/tidy/file-names.ts';
import { processSkeleton, rootEntriesKnown } from './support/tidy/layout.ts';
import { outsideGlobals } from './support/tidy/outside-globals.ts';
import { outsideModules } from './support/tidy/outside-modules.ts';
import { fileSizes, lineLengths } from './support/tidy/sizes.ts';
import { readTree, SourceTree, type Rule } from './support/tidy/source-tree.ts';
import { readersOnlyRead, sqlOutsideStore } from './support/tidy/sql-text.ts';
import { testMarkers } from './support/tidy/test-markers.ts';
import { valueCycles } from './support/tidy/value-cycles.ts';

const tree = readTree(fileURLToPath(new URL('..', import.meta.url)));
const architecture = tree.file('ARCHITECTURE.md')?.text ?? '';

interface Case {
  rule: Rule;
  /** Files that break the rule, and files that come close and do not. */
  planted: Record<string, string>;
  /** Where the rule must find the broken ones, as `path:line`. */
  found: string[];
}

const lines = (count: number): string => '\n'.repeat(count);

const cases: Record<string, Case> = {
  'every folder imports only what the table in ARCHITECTURE.md permits': {
    rule: direction,
    planted: {
      'ARCHITECTURE.md': architecture,
      'src/api/a.ts': [
        "import '../domain/slot.ts';",
        "import '../store/read/appointments.ts';",
        "import '../store/write/commands-cancel.ts';",
        "import '../store/write/appointments.ts';",
        "export * from '../engine/index.ts';",
        "import '../../test/support/eventually.ts';",
      ].join('\n'),
      'src/contract/a.ts':
        "import { a } from '../domain/a.ts';\nimport type { B } from '../store/b.ts';",
      'src/domain/a.ts': "import './b.ts';\ntype A = import('../io/clock.ts').Clock;",
      'src/domain/a.test.ts':
        "import '../../test/support/eventually.ts';\nimport '../io/clock.ts';",
      'src/engine/placement/a.ts': "import './b.ts';\nimport '../loop.ts';",
      'src/engine/a.ts': "import './placement/a.ts';\nawait import('../relay/index.ts');",
      'src/gateway/a.ts': "import '../store/write/commands.ts';",
      'src/main.ts': "import './gateway/index.ts';\nimport './cli/main.ts';",
      'src/shed/a.ts': '',
    },
    found: [
      ...['src/api/a.ts:4', 'src/api/a.ts:5', 'src/api/a.ts:6', 'src/contract/a.ts:2'],
      ...['src/domain/a.test.ts:2', 'src/domain/a.ts:2', 'src/engine/a.ts:2'],
      ...['src/engine/placement/a.ts:2', 'src/gateway/a.ts:1', 'src/main.ts:2', 'src/shed/a.ts:1'],
    ],
  },

  'no chain of value imports leads back to where it began': {
    rule: valueCycles,
    planted: {
      'src/domain/a.ts': "import './b.ts';",
      'src/domain/b.ts': "import './c.ts';\nimport type { A } from './a.ts';",
      'src/domain/c.ts': "// back\nexport { a } from './a.ts';",
      'src/domain/d.ts': "import './e.ts';",
      'src/domain/e.ts': "import type { D } from './d.ts';",
    },
    found: ['src/domain/c.ts:2'],
  },

  'drivers, sockets and files are imported by src/io alone': {
    rule: outsideModules,
    planted: {
      'ARCHITECTURE.md': architecture,
      'src/api/a.ts': [
        "import fastify from 'fastify';",
        "import { hash } from 'node:crypto';",
        "import pg from 'pg';",
        "import { readFile } from 'node:fs/promises';",
        "import net from 'net';",
        "import unheardOf from 'unheard-of';",
      ].join('\n'),
      'src/engine/a.ts': "import fastify from 'fastify';",
      'src/io/a.ts': "import pg from 'pg';\nimport 'node:fs';\nimport 'unheard-of';",
    },
    found: [
      ...['src/api/a.ts:3', 'src/api/a.ts:4', 'src/api/a.ts:5', 'src/api/a.ts:6'],
      'src/engine/a.ts:1',
    ],
  },

  'clock, randomness, timers, environment and terminal are touched by src/io alone': {
    rule: outsideGlobals,
    planted: {
      'src/domain/bad.ts': [
        'Date.now();',
        'new Date();',
        'Math.random();',
        'setTimeout(f, 1);',
        'const g = globalThis.setInterval;',
        'performance.now();',
        "process['env'];",
        'const { env } = process;',
        'run({ setImmediate });',
        "import { randomUUID } from 'node:crypto';",
        "fetch('/');",
        'process.stdout.write(text);',
      ].join('\n'),
      'src/domain/good.ts': [
        'new Date(0); queueMicrotask(f); clock.setTimeout(f); process.exitCode = 1;',
        "import { createHash } from 'node:crypto';",
        'interface A { setTimeout(): void; fetch: typeof fetch }',
      ].join('\n'),
      'src/io/clock.ts': 'Date.now();',
    },
    found: Array.from({ length: 12 }, (_, index) => `src/domain/bad.ts:${index + 1}`),
  },

  'SQL is spoken by src/store alone': {
    rule: sqlOutsideStore,
    planted: {
      'src/api/bad.ts': [
        "const a = 'SELECT 1';",
        'const b = `\n  update appointments set x = ${y}`;',
        "const c = '-- why\\nwith a as (select 1) table a';",
        "const d = '/* why */ delete from a';",
      ].join('\n'),
      'src/api/good.ts':
        "f('DELETE'); f('DELETE /v1/a'); f('With care'); f('Select a slot'); f('Update it');",
      'src/store/read/a.ts': "const a = 'SELECT 1';",
    },
    found: ['src/api/bad.ts:1', 'src/api/bad.ts:2', 'src/api/bad.ts:4', 'src/api/bad.ts:5'],
  },

  'readers of the store hold no SQL that writes': {
    rule: readersOnlyRead,
    planted: {
      'src/store/read/a.ts':
        "const a = 'SELECT 1';\nconst b = 'WITH a AS (INSERT INTO b VALUES (1)) …';",
      'src/store/write/a.ts': "const a = 'DELETE FROM a';",
    },
    found: ['src/store/read/a.ts:2'],
  },

  'a file of src exports something that bears its name': {
    rule: exportsNamedFile,
    planted: {
      'src/domain/slot.ts': 'export const interval = 1;',
      'src/domain/time-zone.ts': 'export interface TimeZone {}\nexport function other() {}',
      'src/domain/error-codes.ts': 'const errorCodes = {};\nexport { errorCodes };',
      'src/domain/intervals.ts': 'export function mergeIntervals() {}',
      'src/store/write/accept-creates.ts': 'export async function insertCreates() {}',
      'src/store/read/policies.ts': 'export async function findPolicy() {}',
      'src/store/write/keys.ts': 'export async function store() {}',
      'src/api/index.ts': 'export function create() {}',
      'src/cli/drain.ts': 'export const command = 1;',
    },
    found: ['src/domain/slot.ts:1', 'src/store/write/keys.ts:1'],
  },

  'every process folder has the same skeleton': {
    rule: processSkeleton,
    planted: { 'src/relay/index.ts': '', 'src/api/index.ts': '', 'src/api/config.ts': '' },
    found: ['src/relay/config.ts:1'],
  },

  'a name of a crash point belongs to one line': {
    rule: failpointNames,
    planted: {
      'src/engine/a.ts': "failpoints.reach('engine.before-commit');\nfailpoints.reach('engine.b');",
      'src/engine/b.ts': "\nio.failpoints.reach('engine.before-commit');\nf.whenArmed('engine.b');",
    },
    found: ['src/engine/b.ts:2', 'src/engine/b.ts:3'],
  },

  'files end within their limits': {
    rule: fileSizes,
    planted: {
      'src/domain/a.ts': lines(300),
      'src/domain/b.ts': lines(301),
      'src/domain/b.test.ts': lines(301),
      'test/c.ts': lines(501),
      'scripts/d.js': lines(301),
      'README.md': lines(81),
      'ARCHITECTURE.md': lines(301),
    },
    found: [
      ...['ARCHITECTURE.md:301', 'README.md:81', 'scripts/d.js:301', 'src/domain/b.ts:301'],
      'test/c.ts:501',
    ],
  },

  'lines end within 100 columns': {
    rule: lineLengths,
    planted: { 'src/domain/a.ts': `${'x'.repeat(100)}\n${'x'.repeat(101)}\n` },
    found: ['src/domain/a.ts:2'],
  },

  'files and folders are named in kebab-case': {
    rule: kebabCase,
    planted: { 'src/Domain/a.ts': '', 'src/domain/time_zone.ts': '', 'test/a-b.test.ts': '' },
    found: ['src/Domain/a.ts:1', 'src/domain/time_zone.ts:1'],
  },

  'no file or folder bears a name that says nothing': {
    rule: tellingNames,
    planted: {
      'src/domain/utils.ts': '',
      'test/helpers/a.ts': '',
      'src/api/session-manager.ts': '',
      'src/domain/service-types.ts': '',
    },
    found: ['src/api/session-manager.ts:1', 'src/domain/utils.ts:1', 'test/helpers/a.ts:1'],
  },

  'nothing unexpected stands at the root': {
    rule: rootEntriesKnown,
    planted: { 'notes.md': '', 'out/a.js': '', 'README.md': '', 'src/a.ts': '' },
    found: ['notes.md:1', 'out/a.js:1'],
  },

  'no test runs alone, and a skipped one says why': {
    rule: testMarkers,
    planted: {
      'test/a.test.ts': [
        "test.only('a b', f);",
        "test.skip('a b', f);",
        "test('a b', { skip: true }, f);",
        "test('a b', (t) => t.skip());",
        "test('a b', (t) => t.skip('no broker here'));",
        "test('a b', { skip: 'no broker here' }, f);",
      ].join('\n'),
      'src/domain/a.ts': 'stream.skip(1);',
    },
    found: ['test/a.test.ts:1', 'test/a.test.ts:2', 'test/a.test.ts:3', 'test/a.test.ts:4'],
  },

  'the project speaks of itself alone': {
    rule: speaksOfItself,
    planted: {
      'README.md': bannedWords.map((word) => `a ${word} b`).join('\n'),
      'a.md': 'skillman',
    },
    found: bannedWords.map((_, index) => `README.md:${index + 1}`),
  },
};

for (const [sentence, { rule, planted, found }] of Object.entries(cases)) {
  test(sentence, () => {
    const offences = rule(tree);
    assert.ok(offences.length === 0, `${offences.length} offences\n${offences.join('\n')}`);
  });

  test(`it is noticed when not true that ${sentence}`, () => {
    const offences = rule(new SourceTree(planted));
    assert.deepEqual(offences.map((offence) => offence.split(' ')[0]).sort(), [...found].sort());
  });
}
