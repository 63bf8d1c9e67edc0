/** A booking that needs one of some lanes; `lane` is the one it has, undefined for a new one. */
export interface SolverBooking {
  start: number;
  end: number;
  lanes: readonly number[];
  lane: number | undefined;
}

/**
 * The integer program (CPLEX LP text) that gives every booking one of its lanes with the fewest
 * moves. Of bookings that are active at one instant a lane takes one: a row for each lane and
 * greatest clique, which are fewer than pairs and bind more tightly.
 */
export function solverModel(bookings: readonly SolverBooking[]): string {
  const name = (booking: number, lane: number) => `x${booking}_${lane}`;
  const moves = bookings.flatMap(({ lanes, lane: own }, booking) =>
    own === undefined
      ? []
      : lanes.filter((lane) => lane !== own).map((lane) => name(booking, lane)),
  );
  const assigned = bookings.map(({ lanes }, booking) => {
    return `${lanes.map((lane) => name(booking, lane)).join(' + ')} = 1`;
  });
  const cliques = greatestCliques(bookings).flatMap((clique) => {
    const perLane = new Map<number, string[]>();
    for (const booking of clique) {
      for (const lane of bookings[booking]?.lanes ?? []) {
        perLane.set(lane, [...(perLane.get(lane) ?? []), name(booking, lane)]);
      }
    }
    return [...perLane.values()]
      .filter((row) => row.length > 1)
      .map((row) => `${row.join(' + ')} <= 1`);
  });
  const all = bookings.flatMap(({ lanes }, booking) => lanes.map((lane) => name(booking, lane)));
  const rows = [...assigned, ...cliques].map((row, index) => `r${index}: ${row}`);
  const objective = moves.length === 0 ? `0 ${all[0]}` : moves.join(' + ');
  return ['Minimize', `obj: ${objective}`, 'Subject To', ...rows, 'Binary', ...all, 'End'].join(
    '\n',
  );
}

export function countOfBinaries(bookings: readonly SolverBooking[]): number {
  return bookings.reduce((sum, { lanes }) => sum + lanes.length, 0);
}

/** The sets of bookings that are active together and that no other such set contains. */
function greatestCliques(bookings: readonly SolverBooking[]): number[][] {
  const starts = [...new Set(bookings.map(({ start }) => start))].sort((a, b) => a - b);
  const cliques = starts.map((instant) =>
    bookings.flatMap(({ start, end }, index) => (start <= instant && instant < end ? [index] : [])),
  );
  return cliques.filter((clique, index) => {
    const next = new Set(cliques[index + 1] ?? []);
    return !clique.every((booking) => next.has(booking));
  });
}
