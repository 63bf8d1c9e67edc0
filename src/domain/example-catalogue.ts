import type { Location, Resource, ServiceType } from './catalogue.ts';
import type { DailyHours } from './working-hours.ts';

const weekdays: DailyHours['days'] = ['mon', 'tue', 'wed', 'thu', 'fri'];
const lunch: DailyHours[] = [{ days: weekdays, start: '12:30', end: '13:00' }];

/**
 * What an empty embedded database starts with: three places whose clocks differ and change on
 * different days (one of them on the southern half of the globe), and who works there. Hours
 * recur weekly without end.
 */
export const exampleCatalogue: {
  serviceTypes: ServiceType[];
  locations: Location[];
  resources: Resource[];
} = {
  serviceTypes: [
    type('consultation', 'Consultation'),
    type('pickup', 'Pick-up'),
    type('repair', 'Repair while you wait'),
    type('training', 'Group training'),
  ],
  locations: [
    place('berlin', 'Berlin, Invalidenstraße', {
      timeZone: 'Europe/Berlin',
      latitude: 52.53,
      longitude: 13.38,
    }),
    place('new-york', 'New York, West 26th Street', {
      timeZone: 'America/New_York',
      latitude: 40.75,
      longitude: -73.99,
    }),
    place('sydney', 'Sydney, Clarence Street', {
      timeZone: 'Australia/Sydney',
      latitude: -33.87,
      longitude: 151.2,
    }),
  ],
  resources: [
    ...staff('berlin', 'Europe/Berlin', { opens: '09:00', closes: '18:00' }),
    ...staff('new-york', 'America/New_York', { opens: '08:00', closes: '20:00' }),
    ...staff('sydney', 'Australia/Sydney', { opens: '08:30', closes: '17:30' }),
  ],
};

function type(code: string, name: string): ServiceType {
  return { code, name, active: true, travel: false };
}

type Whereabouts = Pick<Location, 'timeZone' | 'latitude' | 'longitude'>;

function place(id: string, name: string, whereabouts: Whereabouts): Location {
  return { id, name, ...whereabouts, region: 'default', active: true };
}

interface Opening {
  opens: string;
  closes: string;
}

/** Eight resources of a place. Night pick-up runs past midnight; the rooms have several seats. */
function staff(location: string, timeZone: string, { opens, closes }: Opening): Resource[] {
  const daily: DailyHours[] = [{ days: weekdays, start: opens, end: closes }];
  const withSaturday = [...daily, { days: ['sat' as const], start: '10:00', end: '14:00' }];
  const resource = (id: string, name: string, own: Partial<Resource>): Resource => ({
    id: `${location}-${id}`,
    name,
    serviceTypes: ['consultation'],
    locations: [location],
    timeZone,
    workingHours: daily,
    breaks: [],
    bufferBeforeSeconds: 0,
    bufferAfterSeconds: 0,
    capacity: 1,
    active: true,
    lanes: [],
    ...own,
  });
  return [
    resource('adviser-1', 'Adviser 1', { breaks: lunch, bufferAfterSeconds: 300 }),
    resource('adviser-2', 'Adviser 2', { breaks: lunch, bufferAfterSeconds: 300 }),
    resource('adviser-3', 'Adviser 3', {
      serviceTypes: ['consultation', 'training'],
      workingHours: withSaturday,
      breaks: lunch,
    }),
    resource('workbench-1', 'Workbench 1', {
      serviceTypes: ['repair'],
      bufferBeforeSeconds: 300,
      bufferAfterSeconds: 600,
    }),
    resource('workbench-2', 'Workbench 2', {
      serviceTypes: ['repair', 'consultation'],
      workingHours: withSaturday,
      bufferAfterSeconds: 600,
    }),
    resource('counter', 'Pick-up counter', {
      serviceTypes: ['pickup'],
      workingHours: withSaturday,
      capacity: 3,
    }),
    resource('night-counter', 'Night pick-up', {
      serviceTypes: ['pickup'],
      workingHours: [{ days: ['thu', 'fri', 'sat'], start: '20:00', end: '02:00' }],
    }),
    resource('training-room', 'Training room', {
      serviceTypes: ['training'],
      capacity: 8,
      bufferBeforeSeconds: 900,
      bufferAfterSeconds: 900,
    }),
  ];
}
