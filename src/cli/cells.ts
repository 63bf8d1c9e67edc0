type Reader = (cell: string) => unknown;

const number: Reader = (cell) => (/^-?\d+(\.\d+)?$/.test(cell) ? Number(cell) : cell);
const boolean: Reader = (cell) =>
  ({ true: true, '1': true, false: false, '0': false })[cell] ?? cell;
const list: Reader = (cell) => cell.split(';').map((part) => part.trim());
const json: Reader = (cell) => {
  try {
    return JSON.parse(cell) as unknown;
  } catch {
    return cell;
  }
};

const readers: Record<string, Reader> = {
  active: boolean,
  travel: boolean,
  latitude: number,
  longitude: number,
  buffer_before_minutes: number,
  buffer_after_minutes: number,
  capacity: number,
  service_types: list,
  locations: list,
  working_hours: json,
  breaks: json,
  calendar: json,
  metadata: json,
};

/**
 * The members that the cells of a CSV row stand for: lists separated by semicolons, structures in
 * JSON. A cell that cannot be read stays text, which the member's schema then refuses by name.
 */
export function membersOfCells(cells: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(cells).map(([name, cell]) => [
      name,
      typeof cell === 'string' ? (readers[name]?.(cell) ?? cell) : cell,
    ]),
  );
}
