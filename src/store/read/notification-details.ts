import type { Queries } from '../../io/postgres.ts';
import { statement } from '../statement.ts';

export interface NotificationKey {
  tenant_id: string;
  appointment_id: string;
  version: number;
  channel: string;
  recipient: string;
}

/** All that a message about one version of an appointment is made of. */
export interface NotificationDetails {
  state: 'pending' | 'sending' | 'sent' | 'skipped' | 'failed';
  message_id: string | null;
  /** The slot as of that version, epoch seconds. */
  start_s: number;
  end_s: number;
  service_name: string;
  location_name: string | null;
  location_time_zone: string | null;
  customer_known: boolean;
  erased: boolean;
  customer_name: string | null;
  email: string | null;
  customer_time_zone: string | null;
}

const detailsOfNotification = statement<NotificationDetails>(
  'details_of_notification',
  `SELECT n.state, n.message_id,
    date_part('epoch', h.start_at)::int8 AS start_s, date_part('epoch', h.end_at)::int8 AS end_s,
    coalesce(t.name, a.service_type) AS service_name,
    l.name AS location_name, l.time_zone AS location_time_zone,
    c.customer_id IS NOT NULL AS customer_known, c.erased_at IS NOT NULL AS erased,
    c.name AS customer_name, c.email, c.time_zone AS customer_time_zone
  FROM notifications n
  JOIN appointments a ON a.tenant_id = n.tenant_id AND a.appointment_id = n.appointment_id
  JOIN appointment_history h ON h.tenant_id = n.tenant_id
    AND h.appointment_id = n.appointment_id AND h.version = n.version
  LEFT JOIN service_types t ON t.tenant_id = a.tenant_id AND t.code = a.service_type
  LEFT JOIN locations l
    ON l.tenant_id = a.tenant_id AND l.location_id = h.location AND a.location_known
  LEFT JOIN customers c ON c.tenant_id = a.tenant_id AND c.customer_id = a.customer_id
  WHERE n.tenant_id = $1 AND n.appointment_id = $2 AND n.version = $3 AND n.channel = $4
    AND n.recipient = $5`,
);

/** Undefined where there is no such notification. */
export async function findNotificationDetails(
  queries: Queries,
  key: NotificationKey,
): Promise<NotificationDetails | undefined> {
  const values = [key.tenant_id, key.appointment_id, key.version, key.channel, key.recipient];
  const [row] = await queries.run(detailsOfNotification, values);
  return row;
}
