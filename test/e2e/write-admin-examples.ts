// Writes the examples of the admin API (src/admin/examples.json): each operation is done on a real server, and what is different each
// time (times, ids, digests) gets one value. Run by `npm run docs:admin-api`; tests hold what is written against the server.

import { writeFileSync } from 'node:fs';
import { isJsonObject, type Json } from '#base/json.ts';
import { OPERATIONS } from '#operations/table.ts';
import { lasting, seenByAll } from './admin-answers.ts';
import { inScene } from './admin-scenes.ts';
import { startAdminWorld } from './admin-world.ts';

const FILE = new URL('../../src/admin/examples.json', import.meta.url);

/** Of a list the first, of a text its beginning: enough to see the form. */
function shortened(value: Json): Json {
  if (Array.isArray(value)) return value.slice(0, 1).map(shortened);
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, below]) => [key, shortened(below as Json)]));
  }
  return typeof value === 'string' && value.length > 200 ? `${value.slice(0, 200)}…` : value;
}

const world = await startAdminWorld();
const examples: [string, Json][] = [];
for (const { name } of OPERATIONS) {
  await inScene(world, name, async (input) => {
    const { status, data } = await world.admin().call(name, { ...input });
    if (status !== 200) throw new Error(`${name}: ${status} ${JSON.stringify(data)}`);
    const answer = shortened(seenByAll(name, lasting(data as Json)));
    examples.push([name, { input: lasting(input as Json), answer }]);
  });
}
await world.end();
writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(examples), undefined, 2)}\n`);
