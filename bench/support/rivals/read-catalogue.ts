import type { Queries, Statement } from '../../../src/io/postgres.ts';

const countLanes: Statement<{ service_type: string; lanes: number }> = {
  name: 'count_lanes',
  text: `SELECT service_type, max(lane_id) AS lanes FROM lanes GROUP BY service_type`,
};

/** Types of service, each with the number of its last lane. */
export async function readCatalogue(queries: Queries): Promise<Map<string, number>> {
  const rows = await queries.run(countLanes);
  return new Map(rows.map((row) => [row.service_type, row.lanes]));
}
