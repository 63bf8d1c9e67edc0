import { parseSettings } from '../contract/settings.ts';
import { ownReasons } from '../domain/appointment.ts';
import type { Database } from '../io/postgres.ts';
import {
  findCustomerAppointmentIds,
  findCustomerOpen,
  findCustomerRecord,
} from '../store/read/customer-records.ts';
import {
  eraseCustomerTexts,
  eraseCustomerContact,
  type Erasure,
} from '../store/write/erase-customer.ts';
import { cancelAhead } from './cancel-ahead.ts';
import { changedHere } from './changed-here.ts';
import { unknownCustomer } from './export-customer.ts';
import { Failure } from './failure.ts';
import { withServiceDatabase } from './service-database.ts';
import type { Surroundings } from './surroundings.ts';
import { writeUnderEpoch } from './write-under-epoch.ts';

interface Options {
  tenant: string;
  cancel?: boolean;
  timeout: number;
  json?: boolean;
}

// Of each batch the chains of the audit wait for as long as its transaction lasts.
const perBatch = 100;
const leastUuid = '00000000-0000-0000-0000-000000000000';

/**
 * `slotwright customers erase`: the texts of the appointments in batches, each a transaction with
 * its audit entry, and the contact data at the end. A run that was killed is run again.
 */
export async function eraseCustomer(
  customerId: string,
  { tenant, cancel = false, timeout, json }: Options,
  surroundings: Surroundings,
): Promise<void> {
  const { environment, terminal } = surroundings;
  const key = { tenantId: tenant, customerId };
  const by = changedHere(surroundings);
  const erasure: Erasure = { ...key, ownReasons: [...ownReasons], by };
  const told = await withServiceDatabase(parseSettings(environment), async (database) => {
    const { customer, appointments } = await findCustomerRecord(database, key);
    if (customer === null && appointments === 0) throw unknownCustomer(key);
    const cancelled = cancel
      ? await cancelAhead(database, { key, by, timeoutMs: timeout * 1_000, surroundings })
      : 0;
    if ((await findCustomerOpen(database, key, 1)).length > 0) {
      throw new Failure('appointments lie ahead or are being changed: see --cancel');
    }
    const progress = terminal.progress('erasing', appointments);
    const onDone = (count: number): void => progress.advance(count);
    try {
      return { appointments, cancelled, erased: await eraseAll(database, { erasure, onDone }) };
    } finally {
      progress.stop();
    }
  });
  if (json) terminal.print(JSON.stringify({ id: customerId, ...told }));
  else {
    const ahead = told.cancelled > 0 ? `, ${told.cancelled} of them cancelled before` : '';
    terminal.print(`erased ${customerId}: ${told.appointments} appointments${ahead}`);
  }
}

interface Erasing {
  erasure: Erasure;
  onDone: (count: number) => void;
}

/** Answers how many appointments had anything to erase. */
async function eraseAll(database: Database, { erasure, onDone }: Erasing): Promise<number> {
  let erased = 0;
  for (let isDone = false; !isDone;) {
    erased += await eraseTexts(database, { erasure, onDone });
    isDone = await writeUnderEpoch(database, (epoch) =>
      database.transaction((queries) => eraseCustomerContact(queries, epoch, erasure)),
    );
  }
  return erased;
}

async function eraseTexts(database: Database, { erasure, onDone }: Erasing): Promise<number> {
  let erased = 0;
  for (let after = leastUuid; ;) {
    const page = { after, limit: perBatch };
    const ids = await findCustomerAppointmentIds(database, erasure, page);
    if (ids.length === 0) return erased;
    erased += await writeUnderEpoch(database, (epoch) =>
      database.transaction((queries) => eraseCustomerTexts(queries, epoch, { ...erasure, ids })),
    );
    onDone(ids.length);
    after = ids.at(-1) ?? leastUuid;
  }
}
