import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Fixed tasks and the workers qualified for them: minutes, half-open; indices of tasks. */
export interface SmptspInstance {
  name: string;
  tasks: { start: number; end: number }[];
  qualifications: number[][];
}

const SECONDS_PER_MINUTE_OF_DATA = 20;
const MAX_SLOT_SECONDS = 4 * 3_600;

/** The instance whose file name contains `wanted`, or the one with the most tasks. */
export function loadInstance(folder: string, wanted: string | undefined): SmptspInstance {
  const files = ['krishnamoorthy', 'fages'].flatMap((family) =>
    readdirSync(join(folder, family))
      .filter((name) => name.endsWith('.dat.gz') && name.includes(wanted ?? ''))
      .map((name) => join(folder, family, name)),
  );
  const sizes = files.map((file) => ({ file, tasks: countOfTasks(read(file)) }));
  const [largest] = sizes.sort((a, b) => b.tasks - a.tasks);
  if (largest === undefined) throw new Error(`no instance is named like "${wanted}"`);
  return parseInstance(largest.file.split('/').slice(-2).join('/'), read(largest.file));
}

function read(file: string): string {
  return gunzipSync(readFileSync(file)).toString();
}

function countOfTasks(text: string): number {
  return Number(/^Jobs\s*=\s*(\d+)/m.exec(text)?.[1]);
}

export function parseInstance(name: string, text: string): SmptspInstance {
  const lines = text.split('\n').map((line) => line.trim());
  const jobs = lines.findIndex((line) => line.startsWith('Jobs'));
  const workers = lines.findIndex((line) => line.startsWith('Qualifications'));
  const tasks = lines.slice(jobs + 1, workers).filter((line) => line !== '');
  const rows = lines.slice(workers + 1).filter((line) => /^\d+\s*:/.test(line));
  return {
    name,
    tasks: tasks.map((line) => {
      const [start = NaN, end = NaN] = line.split(/\s+/).map(Number);
      return { start, end };
    }),
    qualifications: rows.map((line) => {
      const list = line.slice(line.indexOf(':') + 1).trim();
      return list === '' ? [] : list.split(/\s+/).map(Number);
    }),
  };
}

export interface Files {
  catalogue: string;
  appointments: string;
}

/** Rows for `slotwright import` and `book`: a worker is a resource, a task its own service type. */
export function convert({ tasks, qualifications }: SmptspInstance, dayStartSeconds: number): Files {
  const instant = (minute: number): string => {
    const seconds = dayStartSeconds + minute * SECONDS_PER_MINUTE_OF_DATA;
    return new Date(seconds * 1_000).toISOString().replace('.000', '');
  };
  const typed = tasks.map((task, index) => ({ ...task, code: `task-${index}` }));
  const location = { kind: 'location', id: 'plant', name: 'Plant', time_zone: 'Etc/UTC' };
  const catalogue = [
    ...typed.map(({ code }) => ({ kind: 'service_type', code, name: code })),
    location,
    ...qualifications.flatMap((list, worker) =>
      // A worker without qualifications could take nothing, and is no resource.
      list.length === 0 ? [] : [resource(worker, list)],
    ),
  ];
  const appointments = typed.map(({ start, end, code }, index) => {
    const seconds = (end - start) * SECONDS_PER_MINUTE_OF_DATA;
    if (seconds > MAX_SLOT_SECONDS) throw new Error(`task ${index} lasts ${seconds} s`);
    return {
      customer_id: `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`,
      start_time: instant(start),
      end_time: instant(end),
      service_type: code,
    };
  });
  return { catalogue: ndjson(catalogue), appointments: ndjson(appointments) };
}

function resource(worker: number, list: number[]): object {
  const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  return {
    kind: 'resource',
    id: `worker-${worker}`,
    name: `Worker ${worker}`,
    service_types: list.map((index) => `task-${index}`),
    locations: ['plant'],
    time_zone: 'Etc/UTC',
    working_hours: [{ days, start: '00:00', end: '24:00' }],
  };
}

function ndjson(rows: object[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
