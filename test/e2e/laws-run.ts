// Runs the law of administration in a process of its own, for the tests that change a line of the product before it is loaded. The options
// are the first argument, as JSON; what came of it is printed, as JSON.

import { checkLaw, type LawOptions } from './laws-property.ts';
import { openLawsWorld } from './laws-world.ts';

const world = await openLawsWorld();
try {
  process.stdout.write(JSON.stringify(await checkLaw(world, JSON.parse(process.argv[2] ?? '') as LawOptions)));
} finally {
  await world.close();
}
