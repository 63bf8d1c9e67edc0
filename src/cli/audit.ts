import type { Command } from 'commander';
import { parseSettings } from '../contract/settings.ts';
import type { Database } from '../io/postgres.ts';
import { findChainSizes } from '../store/read/audit.ts';
import { listTenants } from '../store/read/tenants.ts';
import { readAuditHeads } from './audit-heads.ts';
import { findUnlinked, verifyChains, type AuditHead, type Finding } from './audit-chain.ts';
import { addExamples } from './examples.ts';
import { Failure } from './failure.ts';
import { withServiceDatabase } from './service-database.ts';
import type { Surroundings } from './surroundings.ts';

interface Options {
  tenant?: string;
  json?: boolean;
  heads?: boolean;
  against?: string;
}

export function addAudit(program: Command, surroundings: Surroundings): void {
  const audit = program
    .command('audit')
    .description('The record of what was changed, by whom, and its chains of hashes.');
  const verify = audit
    .command('verify')
    .description('Hold every change and admin action against the chains; the service may run.')
    .option('--tenant <id>', 'only the chains of this tenant')
    .option(
      '--heads',
      'print where each chain ends, to be kept elsewhere; the report goes to stderr',
    )
    .option('--against <file>', 'heads that were kept: find what was cut off or rewritten since')
    .option('--json', 'report in JSON')
    .action((options: Options) => run(options, surroundings));
  addExamples(verify, [
    'slotwright audit verify',
    'slotwright audit verify --heads > heads.ndjson',
    'slotwright audit verify --against heads.ndjson',
  ]);
}

interface Report {
  links: number;
  entries: number;
  waiting: number;
  oldest_waiting_seconds: number;
  older_than_chain: number;
  findings: Finding[];
  heads: AuditHead[];
}

async function run(options: Options, { environment, terminal }: Surroundings): Promise<void> {
  const against = options.against === undefined ? [] : await readAuditHeads(options.against);
  const { heads, ...report } = await withServiceDatabase(parseSettings(environment), (database) =>
    verify(database, { options, against, terminal }),
  );
  const { json = false } = options;
  if (options.heads) for (const head of heads) terminal.print(JSON.stringify(head));
  else if (json) terminal.print(JSON.stringify({ ...report, heads }));
  const isSilent = json && !options.heads;
  const { findings, waiting, older_than_chain: older } = report;
  const say = options.heads ? terminal.complain : terminal.print;
  if (!isSilent) {
    say(`${report.entries} entries in ${report.links} links`);
    if (waiting > 0) {
      say(
        `${waiting} not linked yet, the oldest for ${Math.ceil(report.oldest_waiting_seconds)} s`,
      );
    }
    if (older > 0) say(`${older} from before there was a chain, which nothing covers`);
  }
  if (findings.length === 0) return isSilent ? undefined : say('everything is as it was written');
  const count = findings.length === 1 ? 'one thing is' : `${findings.length} things are`;
  const details = isSilent ? [] : findings.map(lineOf);
  throw new Failure(`${count} not as it was written`, { details, reported: true });
}

async function verify(
  database: Database,
  {
    options,
    against,
    terminal,
  }: {
    options: Options;
    against: readonly AuditHead[];
    terminal: Surroundings['terminal'];
  },
): Promise<Report> {
  const tenant = options.tenant ?? null;
  const sizes = await findChainSizes(database, tenant);
  const chained = sizes.map(({ tenant_id }) => tenant_id);
  const tenants = new Set([...chained, ...(await tenantIds(database, tenant))]);
  if (tenants.size === 0) throw new Failure(`there is no tenant "${tenant}"`);
  const total = sizes.reduce((sum, { entries }) => sum + entries, 0);
  const progress = terminal.progress('verifying', total);
  try {
    const onEntries = (count: number): void => progress.advance(count);
    const chains = await verifyChains(database, { tenant, against, onEntries });
    const report = { ...chains, waiting: 0, oldest_waiting_seconds: 0, older_than_chain: 0 };
    // Only now, so that what was linked meanwhile is not missed.
    for (const name of tenants) {
      const unlinked = await findUnlinked(database, name);
      report.waiting += unlinked.waiting;
      report.oldest_waiting_seconds = Math.max(report.oldest_waiting_seconds, unlinked.oldest);
      report.older_than_chain += unlinked.older;
      report.findings.push(...unlinked.findings);
    }
    return report;
  } finally {
    progress.stop();
  }
}

async function tenantIds(database: Database, only: string | null): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ;) {
    const page = await listTenants(database, { only, after, limit: tenantsPerPage });
    ids.push(...page.map(({ tenant_id }) => tenant_id));
    if (page.length < tenantsPerPage) return ids;
    after = ids.at(-1) ?? null;
  }
}

const tenantsPerPage = 500;

function lineOf({ tenant, shard, link, id, version, problem }: Finding): string {
  const chain = shard === -1 ? 'admin entries' : `shard ${shard}`;
  const where = shard === null ? [] : [chain, `link ${link}`];
  const what =
    id === null ? [] : [version === null ? `entry ${id}` : `appointment ${id} version ${version}`];
  return `${[`tenant ${tenant}`, ...where, ...what].join(', ')}: ${problem}`;
}
