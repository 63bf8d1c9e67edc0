import type { WorkerDependencies } from './dependencies.ts';
import { crashPoints } from './crash-points.ts';

/** One call to a third party, or those of a batch side by side. */
export async function thirdPartyCall<T>(
  needs: Pick<WorkerDependencies, 'failpoints'>,
  call: () => Promise<T>,
): Promise<T> {
  await crashPoints.beforeCall(needs);
  const [answer] = await Promise.all([call(), crashPoints.duringCall(needs)]);
  await crashPoints.afterCall(needs);
  return answer;
}
