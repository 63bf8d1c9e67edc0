import { acceptingFaults } from './accepting-faults.ts';
import { authorisingFaults } from './authorising-faults.ts';
import { decidingFaults } from './deciding-faults.ts';
import type { Fault } from './fault.ts';
import { publishingFaults } from './publishing-faults.ts';
import { readingFaults } from './reading-faults.ts';
import { workingFaults } from './working-faults.ts';

// From the cheapest tests to the dearest.
const folders = ['src/', 'test/integration/', 'test/contract/', 'test/e2e/', 'test/crash/'];

/** Every planted fault, those first whose tests are cheap. */
export const allFaults: readonly Fault[] = [
  ...acceptingFaults,
  ...authorisingFaults,
  ...decidingFaults,
  ...publishingFaults,
  ...readingFaults,
  ...workingFaults,
].sort((a, b) => cost(a) - cost(b));

function cost({ tests }: Fault): number {
  return Math.max(...tests.map((test) => folders.findIndex((folder) => test.startsWith(folder))));
}
