import type { AuditHead } from './audit-chain.ts';
import { Failure } from './failure.ts';
import { withInputFile } from './input-file.ts';

/** Reads heads that were kept: one JSON object per line, as `--heads` prints them. */
export async function readAuditHeads(file: string): Promise<AuditHead[]> {
  const text = await withInputFile(file, async (input) => {
    let pieces = '';
    for await (const piece of input.read()) pieces += piece;
    return pieces;
  });
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const head = headOf(line);
    if (head !== undefined) return [head];
    const place = `${file}, line ${index + 1}`;
    throw new Failure(`${place}: this is no head of a chain`, { exitStatus: 2 });
  });
}

function headOf(line: string): AuditHead | undefined {
  let head: Partial<AuditHead> | null;
  try {
    head = JSON.parse(line) as Partial<AuditHead> | null;
  } catch {
    return undefined;
  }
  const { tenant, shard, seq, hash } = head ?? {};
  if (typeof tenant !== 'string' || typeof hash !== 'string') return undefined;
  if (typeof shard !== 'number' || typeof seq !== 'number') return undefined;
  return { tenant, shard, seq, hash };
}
