import { unavailable } from '../contract/problem.ts';
import type { Answer, Route } from '../contract/route.ts';
import { commitAfter } from '../io/failpoints.ts';
import { isUnavailable } from '../io/postgres.ts';
import { insertActions, type ActionRow } from '../store/write/accept-actions.ts';
import { insertCreates, type CreateRow } from '../store/write/accept-creates.ts';
import { AcceptBatch } from './accept-batch.ts';
import { addAbsence } from './add-absence.ts';
import { adminRoutes } from './admin/admin-routes.ts';
import { availability } from './availability.ts';
import { cancelAppointment } from './cancel-appointment.ts';
import { CatalogueCache } from './catalogue-cache.ts';
import { apiConfig, type ApiConfig } from './config.ts';
import { completeAppointment } from './complete-appointment.ts';
import { createAppointment } from './create-appointment.ts';
import { crashPoints } from './crash-points.ts';
import { CreateIntake } from './create-intake.ts';
import { DecisionWaiter } from './decision-waiter.ts';
import { deleteAbsence } from './delete-absence.ts';
import { deleteLocation } from './delete-location.ts';
import { deleteResource } from './delete-resource.ts';
import { deleteServiceType } from './delete-service-type.ts';
import type { Dependencies } from './dependencies.ts';
import { EventStreams } from './event-streams.ts';
import { EventTail } from './event-tail.ts';
import { failAppointment } from './fail-appointment.ts';
import { getAbsence } from './get-absence.ts';
import { getAppointment } from './get-appointment.ts';
import { getCommand } from './get-command.ts';
import { getCustomer } from './get-customer.ts';
import { getLocation } from './get-location.ts';
import { getResource } from './get-resource.ts';
import { getServiceType } from './get-service-type.ts';
import { getTimeline } from './get-timeline.ts';
import { Idempotency } from './idempotency.ts';
import { listAbsences } from './list-absences.ts';
import { listAppointments } from './list-appointments.ts';
import { listCatalogue } from './list-catalogue.ts';
import { listCustomers } from './list-customers.ts';
import { listEvents } from './list-events.ts';
import { putCustomer } from './put-customer.ts';
import { putLocation } from './put-location.ts';
import { putResource } from './put-resource.ts';
import { putServiceType } from './put-service-type.ts';
import { startAppointment } from './start-appointment.ts';
import { updateAppointment } from './update-appointment.ts';

export interface Api {
  routes: Route[];
  start(): Promise<void>;
  /** Lets clients that wait for decisions go; called before the edge waits for open requests. */
  drain(): void;
  /** Drains, then answers what has been accepted. */
  stop(): Promise<void>;
  /** Undefined when it can do its work, else the reason. */
  ready(): string | undefined;
}

/** The stateless api: validates, checks keys, records commands, answers. */
export function createApi(dependencies: Dependencies, limits: ApiConfig = apiConfig): Api {
  const { reads, directory, hotDatabase, clock, log, engine } = dependencies;
  const waiter = new DecisionWaiter({ reads, clock, log, engine, limits });
  const idempotency = new Idempotency(reads, clock, limits);
  const catalogues = new CatalogueCache(reads, limits.cachedTenants);
  const shared = { ...dependencies, limits };
  const creates = new AcceptBatch<CreateRow>({
    ...shared,
    insert: (epoch, rows) =>
      commitAfter(crashPoints.beforeCommit(dependencies), hotDatabase, (queries) =>
        insertCreates(queries, epoch, rows),
      ),
  });
  const actions = new AcceptBatch<ActionRow>({
    ...shared,
    insert: (epoch, rows) =>
      commitAfter(crashPoints.beforeCommit(dependencies), hotDatabase, (queries) =>
        insertActions(queries, epoch, rows),
      ),
  });
  const intake = new CreateIntake(dependencies, creates);
  const commands = { dependencies, idempotency, waiter };
  const { catalogueWaitSeconds } = limits;
  const writes = { dependencies, waiter, catalogueWaitSeconds };
  const tail = new EventTail({ directory, clock, log, limits });
  const streams = new EventStreams({ reads, clock, log, tail, limits });
  const acting = { ...commands, actions };
  const routes = [
    createAppointment({ ...commands, creates: intake, catalogues }),
    getAppointment(dependencies),
    listAppointments(dependencies),
    updateAppointment({ ...acting, catalogues }),
    ...[cancelAppointment, startAppointment, completeAppointment, failAppointment].map((route) =>
      route(acting),
    ),
    getTimeline(dependencies),
    listEvents({ dependencies, streams }),
    getCommand(dependencies),
    availability({ dependencies, catalogues }),
    ...[putServiceType, deleteServiceType, putLocation, deleteLocation].map((r) => r(writes)),
    ...[putResource, deleteResource, deleteAbsence].map((route) => route(writes)),
    addAbsence({ ...writes, idempotency }),
    ...[getServiceType, getLocation, getResource].map((route) => route(dependencies)),
    ...listCatalogue(dependencies),
    ...[getAbsence, listAbsences].map((route) => route(dependencies)),
    ...[putCustomer(dependencies), getCustomer(dependencies), listCustomers(dependencies)],
    ...adminRoutes({ dependencies, idempotency }),
  ].map(withoutDatabase);
  let state: 'starting' | 'ready' | 'stopping' = 'starting';
  const drain = (): void => {
    state = 'stopping';
    waiter.stop();
    tail.stop();
  };
  return {
    routes,
    start: () => {
      waiter.start();
      state = 'ready';
      return Promise.resolve();
    },
    drain,
    stop: async () => {
      drain();
      await Promise.all([creates.drained(), actions.drained()]);
    },
    ready: () => (state === 'ready' ? undefined : `the api is ${state}`),
  };
}

/** A handler that fails for want of the database answers 503. */
function withoutDatabase(route: Route): Route {
  const handle = async (call: never): Promise<Answer> => {
    try {
      return await route.handle(call);
    } catch (error) {
      if (isUnavailable(error)) throw unavailable('the database does not answer');
      throw error;
    }
  };
  return { ...route, handle };
}
