import { runSteps, staticSteps, unitSteps } from './steps.js';
import { withSetUp } from './with-set-up.js';

await withSetUp(async (node) => {
  const startedAt = performance.now();
  const passed = await runSteps(node, [...staticSteps({ cached: true }), ...unitSteps()]);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${passed ? 'all passed' : 'check failed'} in ${seconds} s`);
  return passed ? 0 : 1;
});
