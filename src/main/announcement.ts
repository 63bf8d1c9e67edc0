import type { OwnEngine } from '../contract/engine-link.ts';
import { formatInstant } from '../domain/slot.ts';

export interface Announcement {
  url: string;
  adminUrl: string;
  dataFolder: string;
  embedded: boolean;
  /** The key that was made at this start: shown now and never again. */
  newKey: string | undefined;
  /** The key came from SLOTWRIGHT_API_KEY: no file has it. */
  keyIsSet: boolean;
  engine: OwnEngine | undefined;
  now: number;
  random: { uuidV4(): string };
}

/** What a person who just typed `npm start` wants to know, with one call that books. */
export function announcement(facts: Announcement): string {
  const { url, adminUrl, dataFolder, embedded, newKey } = facts;
  const lines = [
    `Slotwright serves on ${url}`,
    `  metrics and health  ${adminUrl}/metrics  ${adminUrl}/readyz`,
    `  data                ${dataFolder}${embedded ? ' (embedded PostgreSQL)' : ''}`,
  ];
  if (newKey !== undefined) {
    lines.push(`  API key             ${newKey}  (shown once; kept in ${dataFolder}/api-key)`);
  }
  const booking = firstBooking(facts);
  if (booking !== undefined) lines.push('Book an appointment:', booking);
  return lines.join('\n');
}

// A slot that is free now, so that the call works as it stands.
function firstBooking(facts: Announcement): string | undefined {
  const from = facts.now + 86_400;
  const found = facts.engine?.availability({
    tenantId: 'default',
    serviceType: 'consultation',
    from,
    to: from + 14 * 86_400,
    durationSeconds: 1_800,
    stepSeconds: 1_800,
    limit: 1,
  });
  const slot = found?.slots[0];
  if (slot === undefined) return undefined;
  const body = JSON.stringify({
    idempotency_key: facts.random.uuidV4(),
    customer_id: facts.random.uuidV4(),
    service_type: 'consultation',
    slot: { start_time: formatInstant(slot.start), end_time: formatInstant(slot.end) },
  });
  // A secret that is printed once more is once more in somebody's history.
  const key = facts.keyIsSet ? '$SLOTWRIGHT_API_KEY' : `$(cat ${facts.dataFolder}/api-key)`;
  return [
    `  curl ${facts.url}/v1/appointments -H "Authorization: Bearer ${key}" \\`,
    `    -H 'Content-Type: application/json' -H 'Prefer: wait=5' \\`,
    `    -d '${body}'`,
  ].join('\n');
}
