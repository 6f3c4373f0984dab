// People who sign in, joined with where they are kept, who the policy names, and where the console is.

import { systemClock } from '#base/clock.ts';
import type { Acts } from '#domain/act-ports.ts';
import type { People } from '#domain/person.ts';
import type { RecordLog } from '#domain/ports.ts';
import type { Store } from '#domain/store-ports.ts';
import { createActs } from '#people/acts.ts';
import { createPeople, type PeopleDesk } from '#people/people.ts';
import type { AppOptions } from './app-options.ts';
import { type ConsoleSiteHolder, createConsoleSite } from './console-site.ts';

export type OpenPeople = { readonly acts: Acts; readonly people: PeopleDesk; readonly consoleSite: ConsoleSiteHolder };

export function openPeople(
  { config, port, logger }: AppOptions,
  { store, log }: { readonly store: Pick<Store, 'passkeys' | 'invites' | 'acts'>; readonly log: RecordLog },
  people: () => People,
): OpenPeople {
  const consoleSite = createConsoleSite(config.console, port);
  const { passkeys, invites } = store;
  const ports = { passkeys, invites, log, clock: systemClock, people, site: consoleSite.site };
  const acts = createActs({ clock: systemClock, store: store.acts, logger });
  return { acts, people: createPeople(ports), consoleSite };
}
