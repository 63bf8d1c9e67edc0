import { parseSettings } from '../contract/settings.ts';
import type { Database } from '../io/postgres.ts';
import { noProgress, type Progress } from '../io/terminal.ts';
import {
  findCustomerAppointments,
  findCustomerAudit,
  findCustomerRecord,
  type CustomerKey,
} from '../store/read/customer-records.ts';
import { openExportOutput, type ExportOutput } from './export-output.ts';
import { Failure } from './failure.ts';
import { withServiceDatabase } from './service-database.ts';
import type { Surroundings } from './surroundings.ts';

interface Options {
  tenant: string;
  out?: string;
  json?: boolean;
}

const perPage = 100;
const leastUuid = '00000000-0000-0000-0000-000000000000';

/** `slotwright customers export`: one appointment at a time, however many there are. */
export async function exportCustomer(
  customerId: string,
  { tenant, json, ...options }: Options,
  { environment, terminal }: Surroundings,
): Promise<void> {
  const key = { tenantId: tenant, customerId };
  const count = await withServiceDatabase(parseSettings(environment), async (database) => {
    const { customer, appointments } = await findCustomerRecord(database, key);
    if (customer === null && appointments === 0) throw unknownCustomer(key);
    const output = await openExportOutput({ ...options, identity: customerId }, terminal);
    const isShown = options.out !== undefined;
    const progress = isShown ? terminal.progress('export', appointments) : noProgress;
    try {
      await writeRecords(database, key, { customer, output, progress });
      await output.finish();
    } catch (error) {
      await output.leave();
      throw error;
    } finally {
      progress.stop();
    }
    return appointments;
  });
  const told = json ? JSON.stringify({ appointments: count }) : `${count} appointments written`;
  // Standard output may hold the export itself.
  if (options.out === undefined) terminal.complain(told);
  else terminal.print(told);
}

export function unknownCustomer({ tenantId, customerId }: CustomerKey): Failure {
  return new Failure(`tenant "${tenantId}" keeps nothing about ${customerId}`);
}

interface Writing {
  customer: string | null;
  output: ExportOutput;
  progress: Progress;
}

async function writeRecords(
  database: Database,
  key: CustomerKey,
  { customer, output, progress }: Writing,
): Promise<void> {
  const { tenantId, customerId } = key;
  const names = `"tenant": ${JSON.stringify(tenantId)}, "customer_id": "${customerId}"`;
  await output.write(`{${names},\n"customer": ${customer ?? 'null'},\n"appointments": [`);
  let between = '\n';
  for (let after = leastUuid; ;) {
    const page = await findCustomerAppointments(database, key, { after, limit: perPage });
    for (const { record } of page) {
      await output.write(`${between}${record}`);
      between = ',\n';
    }
    progress.advance(page.length);
    if (page.length < perPage) break;
    after = page.at(-1)?.appointment_id ?? leastUuid;
  }
  const audit = await findCustomerAudit(database, key);
  await output.write(`],\n"audit": [${audit.join(',\n')}]}\n`);
}
