import { createHash } from 'node:crypto';
import type { Facts, LinkFact } from './facts.ts';
import { grouped, versionName } from './grouped.ts';
import type { Violation } from './violation.ts';

/** S12 at every moment: whatever is linked is there, and a chain has neither gap nor fork. */
export function auditChains(facts: Facts): Violation[] {
  const history = new Set(facts.history.map(versionName));
  const links = [...grouped(facts.auditLinks, chainName).values()].flatMap((chain) =>
    chain.flatMap((link, index) => brokenLink(link, chain[index - 1])),
  );
  const entries = facts.auditLinks
    .filter(({ shard }) => shard >= 0)
    .flatMap((link) =>
      link.ids.flatMap((id, index) => {
        const version = link.versions[index] ?? 0;
        const ids = { appointment: id, version };
        if (!history.has(versionName({ tenant: link.tenant, id, version }))) {
          return [s12(ids, 'it is linked, and there is no such version')];
        }
        return link.digests[index] === null ? [s12(ids, 'it is linked without its digest')] : [];
      }),
    );
  return [...links, ...entries];
}

/** S12 once all is quiet: every change of state and every admin action has its link. */
export function auditComplete(facts: Facts): Violation[] {
  const linked = new Set(
    facts.auditLinks.flatMap(({ tenant, ids, versions }) =>
      ids.map((id, index) => versionName({ tenant, id, version: versions[index] ?? 0 })),
    ),
  );
  const transitions = facts.history
    .filter((row) => !linked.has(versionName(row)))
    .map(({ id, version }) => s12({ appointment: id, version }, 'no link covers it'));
  const entries = facts.auditEntries
    .filter(({ tenant, id }) => !linked.has(versionName({ tenant, id, version: 0 })))
    .map(({ id, action }) => s12({ entry: id }, `no link covers this ${action}`));
  return [...transitions, ...entries];
}

const chainName = ({ tenant, shard }: LinkFact): string => `${tenant}/${shard}`;

function brokenLink(link: LinkFact, before: LinkFact | undefined): Violation[] {
  const ids = { chain: chainName(link), link: link.seq };
  if (link.seq !== (before?.seq ?? 0) + 1) return [s12(ids, 'the link before it is missing')];
  if (link.previous !== (before?.hash ?? ''))
    return [s12(ids, 'it does not follow the one before')];
  const made = createHash('sha256').update(Buffer.from(link.bytes, 'hex')).digest('hex');
  return made === link.hash ? [] : [s12(ids, 'its hash is not that of what it says')];
}

function s12(ids: Violation['ids'], sentence: string): Violation {
  return { guarantee: 'S12', ids, sentence };
}
