import type { Reach } from '../../src/domain/reach.ts';
import type { TenantQueries } from '../../src/io/tenant-reads.ts';
import { findAbsence, listAbsences } from '../../src/store/read/absences.ts';
import { findAppointment, listAppointments } from '../../src/store/read/appointments.ts';
import * as catalogue from '../../src/store/read/catalogue.ts';
import {
  findCommand,
  findCommandOutcome,
  findCommandOutcomes,
} from '../../src/store/read/commands.ts';
import { findCustomer, listCustomers } from '../../src/store/read/customers.ts';
import { findEventsAfter } from '../../src/store/read/events.ts';
import { findKey } from '../../src/store/read/idempotency-keys.ts';
import { findRegionOwners } from '../../src/store/read/region-owners.ts';
import { findTenant } from '../../src/store/read/tenants.ts';
import { readTimeline } from '../../src/store/read/timeline.ts';
import { shard, sharedIds as ids } from './two-tenants.ts';

type Read = (queries: TenantQueries, tenantId: string) => Promise<unknown>;

const page = { after: null, limit: 9 };
const all = (tenantId: string): Reach => ({ tenantId, customerId: null, resourceId: null });
const { place, resource, service } = ids;

/**
 * Every reader through which the api and the gateway read of a tenant, by name, asked for what both
 * of two tenants have. `reader: case` where one has several statements.
 */
export const tenantReads: Record<string, Read> = {
  findAbsence: (queries, tenantId) =>
    findAbsence(queries, { tenantId, resourceId: resource, id: ids.absence }),
  listAbsences: (queries, tenantId) =>
    listAbsences(queries, { tenantId, resourceId: resource, ...page }),
  findAppointment: (queries, tenantId) =>
    findAppointment(queries, { id: ids.appointment, reach: all(tenantId) }),
  listAppointments: (queries, tenantId) =>
    listAppointments(queries, { reach: all(tenantId), limit: 9 }),
  'listAppointments: of a customer': (queries, tenantId) =>
    listAppointments(queries, { reach: all(tenantId), customerId: ids.customer, limit: 9 }),
  'listAppointments: of a resource': (queries, tenantId) =>
    listAppointments(queries, { reach: all(tenantId), resourceId: resource, limit: 9 }),
  loadCatalogue: catalogue.loadCatalogue,
  findCatalogueVersion: catalogue.findCatalogueVersion,
  findCatalogueReferences: (queries, tenantId) => {
    const wanted = { tenantId, serviceTypes: [service], locations: [place] };
    return catalogue.findCatalogueReferences(queries, wanted);
  },
  findServiceType: (queries, tenantId) =>
    catalogue.findServiceType(queries, { tenantId, id: service }),
  listServiceTypes: (queries, tenantId) => catalogue.listServiceTypes(queries, tenantId, page),
  findLocation: (queries, tenantId) => catalogue.findLocation(queries, { tenantId, id: place }),
  listLocations: (queries, tenantId) => catalogue.listLocations(queries, tenantId, page),
  findResource: (queries, tenantId) => catalogue.findResource(queries, { tenantId, id: resource }),
  listResources: (queries, tenantId) => catalogue.listResources(queries, tenantId, page),
  findCommand: (queries, tenantId) =>
    findCommand(queries, { id: ids.command, reach: all(tenantId) }),
  findCommandOutcomes: (queries, tenantId) =>
    findCommandOutcomes(queries, [{ tenantId, commandId: ids.command }]),
  findCommandOutcome: (queries, tenantId) =>
    findCommandOutcome(queries, { commandId: ids.command, reach: all(tenantId) }),
  findCustomer: (queries, tenantId) =>
    findCustomer(queries, { id: ids.customer, reach: all(tenantId) }),
  listCustomers: (queries, tenantId) => listCustomers(queries, { reach: all(tenantId), ...page }),
  findEventsAfter: (queries, tenantId) => {
    const positions = Array<number>(64).fill(0);
    return findEventsAfter(queries, { tenantId, positions, perShard: 9 });
  },
  findKey: (queries, tenantId) => findKey(queries, { tenantId, operation: 'create', key: ids.key }),
  findRegionOwners: (queries, tenantId) => findRegionOwners(queries, { tenantId }),
  findTenant,
  readTimeline: (queries, tenantId) =>
    readTimeline(queries, { tenantId, appointmentId: ids.appointment, shard, limit: 9 }),
};

/** Those that are no tenant's, or an admin's of all tenants, and why: they ask the directory. */
export const directoryReads: Record<string, string> = {
  findApiKey: 'the key tells the tenant',
  hasTenant: 'a token names a tenant that may not be, and so may an admin',
  findKeyById: 'an admin of the tenant "default" may see the keys of all',
  pageOfKeys: 'an admin of the tenant "default" may see the keys of all',
  listTenants: 'an admin of the tenant "default" may see all tenants',
  findEngines: 'processes are of no tenant',
  countEventsAppended: 'the length of the log is of no tenant',
};
