// The first file of the thread that checks and compares policies, started by policy-thread.ts. Plain JavaScript: a thread
// inherits no hook that strips types.

import { stripOwnTypesWhenInstalled } from '#base/strip-types.js';

stripOwnTypesWhenInstalled();

/** What the thread does for each task: a promise, since the hook must be there before the first TypeScript file is read. */
export const work = import('./thread-work.ts').then(({ createThreadWork }) => createThreadWork());
