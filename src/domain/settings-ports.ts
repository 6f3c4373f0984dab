// What of the configuration a running server shows and lets change. `src/config` implements it; operations use it.

import type { Json } from '#base/json.ts';
import type { OnChange } from '#base/listeners.ts';

/** One key of config.yaml, such as `logging.level`. */
export type Setting = {
  readonly key: string;
  /** In force now. */
  readonly value: Json;
  /** `at run time`: `set` changes it · `at start`: an edit of config.yaml counts from the next start on. */
  readonly changes: 'at run time' | 'at start';
  /** What config.yaml says by now, where that is another value than when the server started; absent: it says nothing else. */
  readonly nextStart?: Json;
  /** Whether the value is a path of this machine: agents are not shown it. */
  readonly isPath: boolean;
};

/** What there is to show. */
export type SettingsView = {
  readonly file: string;
  /** Why config.yaml can't be read as it is now; the server would not start with it. Absent: it can. */
  readonly problem?: string;
  readonly settings: readonly Setting[];
};

/** Who changes it. An agent's change must take away only. */
export type SettingsAuthor = { readonly mayWiden: boolean };

export type Settings = {
  /** Those of which no value can be a secret, sorted by key. */
  readonly show: () => SettingsView;
  /**
   * Whether it could be set. Changes nothing.
   *
   * @throws `CONFIG_KEY` when no setting has this key, or it counts from a start on · `PERSON_NEEDED` when it would give more, or hide
   * more, and the author is an agent · `CONFIG_INVALID` when the value does not fit, or config.yaml can't be edited as it is
   */
  readonly check: (key: string, value: string, author: SettingsAuthor) => void;
  /**
   * Puts a value into config.yaml, keeping everything else in it, and into force.
   *
   * **Durability:** the file is on disk when it returns; when it throws, neither it nor what is in force has changed.
   * @throws as `check`
   */
  readonly set: (key: string, value: string, author: SettingsAuthor) => Setting;
  readonly onChange: OnChange;
};
