// smcp init: makes a home without serving.

import { prepareHome } from '#config/home.ts';
import { type Command, EXIT } from './command.ts';

export const initCommand: Command = {
  words: ['init'],
  arguments: [],
  options: {},
  summary: 'Makes a home: keys, admin token, a first policy.',
  isLocal: true,
  run: async ({ home, print }) => {
    const { initialiseHome } = await import('#app/initialise-home.ts');
    const { lockHome } = await import('#store/lock-home.ts');
    const { openStore } = await import('#store/open-store.ts');
    prepareHome(home);
    using _lock = lockHome(home.directory);
    const store = openStore(home.database);
    try {
      const { made } = initialiseHome(home, { hasLog: store.log.size() > 0, makesPolicy: true });
      print({ home: home.directory, made }, () =>
        made.length === 0
          ? `${home.directory} is a home already; nothing was changed\n`
          : `made ${home.directory}: ${made.join(', ')}\nnext: smcp serve --home ${home.directory}, then smcp agent token demo\n`,
      );
      return EXIT.done;
    } finally {
      store.close();
    }
  },
};
