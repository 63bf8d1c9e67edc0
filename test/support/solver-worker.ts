import { parentPort } from 'node:worker_threads';
import loadHighs from 'highs';

// Solving blocks its thread for as long as it takes, so it has one of its own.
// The package is an ES module whose types are those of CommonJS.
const load = loadHighs as unknown as typeof loadHighs.default;
const highs = await load();

parentPort?.on('message', ({ model, seconds }: { model: string; seconds: number }) => {
  const { Status, ObjectiveValue } = highs.solve(model, { time_limit: seconds });
  parentPort?.postMessage({ status: Status, moves: Math.round(ObjectiveValue) });
});
