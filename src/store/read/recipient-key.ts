import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

const installation = statement<{ recipient_key: string }>(
  'read_installation',
  `SELECT recipient_key FROM installation`,
);

/** The key of the hashes that stand for recipients: one per installation. */
export async function readRecipientKey(queries: Queries): Promise<string> {
  const [row] = await queries.run(installation);
  if (row === undefined) throw new Error('the installation row is missing');
  return row.recipient_key;
}
