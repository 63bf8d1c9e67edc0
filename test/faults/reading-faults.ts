import type { Fault } from './fault.ts';

const rowSecurity = 'test/integration/row-security.test.ts';
const byPolicy = 'a reader asked for another tenant than the one that was told finds nothing';
const migration = 'migrations/0007_row_security.sql';

/** The second net alone: a statement without its tenant is looked at where there is no net. */
export const readingFaults: readonly Fault[] = [
  {
    name: 'the policy of the reader compares with nothing',
    file: migration,
    find: `USING (tenant_id = current_setting(''slotwright.tenant'', true))`,
    replace: 'USING (true)',
    tests: [rowSecurity],
    titles: [byPolicy],
  },
  {
    name: 'the places of the log show the events of other tenants',
    file: migration,
    find: `CASE WHEN tenant_id = current_setting('slotwright.tenant', true) THEN event END`,
    replace: 'event',
    tests: [rowSecurity],
    titles: [byPolicy],
  },
  {
    name: 'the tenant is told for the session, and the next read inherits it',
    file: 'src/store/row-security.ts',
    find: `set_config('slotwright.tenant', $1, true)`,
    replace: `set_config('slotwright.tenant', $1, false)`,
    tests: ['test/integration/tenant-query.test.ts'],
    titles: ['a statement is run with its tenant, and whatever comes next has none'],
  },
  {
    name: 'reads are answered under the login instead of the role of the reader',
    file: 'src/main/databases.ts',
    find: `...optionsFor('reader', reads), tell`,
    replace: `...optionsFor('reader', reads), role: undefined, tell`,
    tests: ['test/integration/row-security-roles.test.ts'],
    titles: ['the service in a process of its own reads as the reader'],
  },
];
