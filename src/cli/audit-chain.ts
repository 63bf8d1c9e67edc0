import type { Queries } from '../io/postgres.ts';
import {
  findLinksAfter,
  findUnlinkedEntries,
  findWrongEntries,
  type AuditLink,
} from '../store/read/audit.ts';

/** Where a chain ended when somebody looked: kept outside, it shows what was cut off since. */
export interface AuditHead {
  tenant: string;
  /** -1: the chain of the admin entries. */
  shard: number;
  seq: number;
  hash: string;
}

/** One thing that is not as it was written. */
export interface Finding {
  tenant: string;
  shard: number | null;
  link: number | null;
  /** Of an appointment, or of an admin entry where there is no version. */
  id: string | null;
  version: number | null;
  problem: string;
}

export interface Verification {
  links: number;
  entries: number;
  findings: Finding[];
  heads: AuditHead[];
}

interface Options {
  tenant: string | null;
  /** Heads of an earlier time. */
  against: readonly AuditHead[];
  onEntries: (count: number) => void;
}

const linksPerPage = 100;
const beginning = { tenant_id: '', shard: -2, seq: 0 };

const chainName = ({ tenant, shard }: Pick<AuditHead, 'tenant' | 'shard'>): string =>
  `${tenant}/${shard}`;

/**
 * Holds all links and what they cover against each other, page by page. What is linked meanwhile is
 * met or not: nothing that is linked changes any more.
 */
export async function verifyChains(
  queries: Queries,
  { tenant, against, onEntries }: Options,
): Promise<Verification> {
  const done: Verification = { links: 0, entries: 0, findings: [], heads: [] };
  const expected = new Map(against.map((head) => [`${chainName(head)}/${head.seq}`, head]));
  let before: AuditLink | undefined;
  for (;;) {
    const after = before ?? beginning;
    const page = await findLinksAfter(queries, tenant, { after, limit: linksPerPage });
    for (const link of page) {
      done.findings.push(...linkFindings(link, before));
      const place = `${link.tenant_id}/${link.shard}/${link.seq}`;
      const head = expected.get(place);
      expected.delete(place);
      if (head !== undefined && head.hash !== link.hash) {
        done.findings.push(ofLink(link, 'the link is not the one whose hash was kept'));
      }
      if (before !== undefined && !isSameChain(link, before)) done.heads.push(headOf(before));
      before = link;
      done.links += 1;
      done.entries += link.entries;
    }
    for (const range of rangesOf(page)) {
      const wrong = await findWrongEntries(queries, range);
      done.findings.push(
        ...wrong.map(({ shard, seq, id, version, problem }) => ({
          ...{ tenant: range.tenantId, shard, link: seq, id, problem: entryProblems[problem] },
          version: shard < 0 ? null : version,
        })),
      );
    }
    onEntries(page.reduce((total, { entries }) => total + entries, 0));
    if (page.length < linksPerPage) break;
  }
  if (before !== undefined) done.heads.push(headOf(before));
  for (const { tenant: of, shard, seq } of expected.values()) {
    if (tenant !== null && of !== tenant) continue;
    const problem = 'the link whose hash was kept is gone';
    done.findings.push({ tenant: of, shard, link: seq, id: null, version: null, problem });
  }
  return done;
}

const entryProblems = {
  changed: 'it was changed after it was linked',
  missing: 'it is missing',
  inserted: 'it was not there when it was to be linked',
  'missing-when-linked': 'it was missing already when it was to be linked',
};

function linkFindings(link: AuditLink, before: AuditLink | undefined): Finding[] {
  const found = link.intact ? [] : [ofLink(link, 'the link was changed')];
  const last = before !== undefined && isSameChain(link, before) ? before : undefined;
  const next = (last?.seq ?? 0) + 1;
  if (link.seq !== next) {
    const missing =
      link.seq - 1 === next ? `link ${next} is` : `links ${next} to ${link.seq - 1} are`;
    found.push(ofLink(link, `${missing} missing before it`));
  } else if (link.previous !== (last?.hash ?? '')) {
    found.push(ofLink(link, 'it does not follow the link before it: one of them was replaced'));
  }
  return found;
}

function isSameChain(a: AuditLink, b: AuditLink): boolean {
  return a.tenant_id === b.tenant_id && a.shard === b.shard;
}

function headOf({ tenant_id: tenant, shard, seq, hash }: AuditLink): AuditHead {
  return { tenant, shard, seq, hash };
}

function ofLink({ tenant_id, shard, seq }: AuditLink, problem: string): Finding {
  return { tenant: tenant_id, shard, link: seq, id: null, version: null, problem };
}

function rangesOf(page: readonly AuditLink[]) {
  const ranges = new Map<
    string,
    { tenantId: string; shard: number; first: number; last: number }
  >();
  for (const { tenant_id: tenantId, shard, seq } of page) {
    const name = chainName({ tenant: tenantId, shard });
    ranges.set(name, { tenantId, shard, first: ranges.get(name)?.first ?? seq, last: seq });
  }
  return [...ranges.values()];
}

/** What is not linked yet, or was linked never. */
export interface Unlinked {
  waiting: number;
  /** Seconds. */
  oldest: number;
  /** Versions from before there was a chain. */
  older: number;
  findings: Finding[];
}

const namedAtMost = 1_000;

export async function findUnlinked(queries: Queries, tenant: string): Promise<Unlinked> {
  const found: Unlinked = { waiting: 0, oldest: 0, older: 0, findings: [] };
  for (const row of await findUnlinkedEntries(queries, tenant, namedAtMost)) {
    const { standing, id, version, entries, age_s } = row;
    if (standing === 'older') found.older = entries;
    else if (standing === 'waiting') Object.assign(found, { waiting: entries, oldest: age_s });
    else {
      const problem =
        'no link covers it and nothing announces it: it was inserted, or its link removed';
      found.findings.push({
        ...{ tenant, shard: null, link: null, id, problem },
        version: version === 0 ? null : version,
      });
    }
  }
  return found;
}
