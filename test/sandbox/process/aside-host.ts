// A server in a group of its own, which lets groups below be bounded: started by a test. Says what they have then, and the name
// of the group in which it is itself.

import { basename, join } from 'node:path';
import { enableControllers } from '#sandbox/host/process/cgroup-files.ts';
import { groupOf } from './group-harness.ts';

const [folder = '', controller = ''] = process.argv.slice(2);
const had = enableControllers(folder, { wanted: [controller] });
const got = enableControllers(folder, { wanted: [controller], aside: join(folder, 'host') });
process.stdout.write(JSON.stringify({ had, got, at: basename(groupOf(process.pid) ?? '') }));
