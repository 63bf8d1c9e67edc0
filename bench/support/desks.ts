import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from './command.ts';
import type { Service } from './service.ts';

/** What can be booked: desks of equal capacity, open day and night. */
export interface Desks {
  count: number;
  capacity: number;
}

export const deskService = 'consultation';

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

export function deskIds({ count }: Desks): string[] {
  return Array.from({ length: count }, (_, index) => `desk-${index}`);
}

/** Loads the desks into our service. */
export async function importDesks(service: Service, desks: Desks): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'slotwright-desks-'));
  try {
    const file = join(folder, 'catalogue.json');
    writeFileSync(file, JSON.stringify(catalogueOf(desks)));
    await command(service, ['import', file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function catalogueOf(desks: Desks): object {
  return {
    service_types: [{ code: deskService, name: 'Consultation' }],
    locations: [{ id: 'hall', name: 'Hall', time_zone: 'Etc/UTC' }],
    resources: deskIds(desks).map((id) => ({
      id,
      name: id,
      service_types: [deskService],
      locations: ['hall'],
      time_zone: 'Etc/UTC',
      working_hours: [{ days, start: '00:00', end: '24:00' }],
      capacity: desks.capacity,
    })),
  };
}
