// The configuration of a running server: what is in force, what config.yaml says by now, and changing the few keys that need no
// start. **Trust:** who may change is settled before; values are the caller's, and held against the schema of config.yaml.

import { canonicalJson } from '#base/canonical-json.ts';
import { createFile, rewriteFile } from '#base/durable-file.ts';
import { asSmcpError, SmcpError, systemErrorCode } from '#base/errors.ts';
import type { Json } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import { createListeners } from '#base/listeners.ts';
import { nearest } from '#base/nearest.ts';
import { readOwnedFile } from '#base/owned-file.ts';
import { setScalar } from '#base/yaml-edit.ts';
import type { Setting, Settings, SettingsAuthor } from '#domain/settings-ports.ts';
import {
  type Config,
  type ConfigCheck,
  configSections,
  createConfigCheck,
  type Environment,
  loadConfig,
  parseConfig,
} from './config.ts';
import { RUN_TIME_SETTINGS, type RunTimeSetting } from './run-time-settings.ts';
import { settingsOf } from './shown-settings.ts';

export type SettingsOptions = {
  /** config.yaml of the home; it need not be there. */
  readonly file: string;
  /** What the server was started with. */
  readonly config: Config;
  readonly env: Environment;
};

export type OpenSettings = Settings & {
  /** In force now. Asked for whenever it is needed. */
  readonly current: () => Config;
};

export function createSettings({ file, config, env }: SettingsOptions): OpenSettings {
  const listeners = createListeners();
  let inForce = config;
  const checkOf = createConfigCheck();
  const prepare = (name: string, text: string, author: SettingsAuthor): Change => {
    const setting = find(name);
    const change = edited({ file, checkOf }, setting, text);
    // In force, and what a person has written for the next start: an agent takes neither back.
    const held = [heldBy(inForce, setting), heldBy(loadConfig(file, {}, checkOf), setting)];
    const wider = held.find((from) => !setting.takesOnly(from, change.value));
    if (!author.mayWiden && wider !== undefined) throw personNeeded(name, wider, change.value);
    return change;
  };
  return {
    current: () => inForce,
    onChange: listeners.onChange,
    show: () => {
      const next = readNext(file, env, checkOf);
      const read = settingsOf(next.config ?? config);
      const started = settingsOf(config);
      const settings = settingsOf(inForce).map((setting, at): Setting => {
        const nextStart = read[at]?.value ?? null;
        // What an option of the command line stands in for is no edit.
        const isEdited = !isSame(nextStart, started[at]?.value ?? null) && !isSame(nextStart, setting.value);
        return isEdited ? { ...setting, nextStart } : setting;
      });
      return { file, settings, ...(next.problem === undefined ? {} : { problem: next.problem }) };
    },
    check: (name, text, author) => void prepare(name, text, author),
    set: (name, text, author) => {
      const { setting, value, before, after } = prepare(name, text, author);
      write(file, before, after);
      inForce = { ...inForce, [setting.section]: { ...inForce[setting.section], [setting.key]: value } };
      listeners.tell();
      return { key: name, value, changes: 'at run time', isPath: false };
    },
  };
}

type Change = {
  readonly setting: RunTimeSetting;
  readonly value: string | number | boolean;
  /** Undefined: there is no file. */
  readonly before: string | undefined;
  readonly after: string;
};

function find(name: string): RunTimeSetting {
  const setting = RUN_TIME_SETTINGS.find((one) => nameOf(one) === name);
  if (setting !== undefined) return setting;
  const names = RUN_TIME_SETTINGS.map(nameOf);
  const isAtStart = configSections().includes(name.split('.')[0] ?? '');
  const near = nearest(name, names);
  throw new SmcpError(
    'CONFIG_KEY',
    isAtStart ? `${name} counts from a start on` : `no setting is called ${JSON.stringify(name)}`,
    {
      details: {
        keys: names,
        remedy: isAtStart
          ? 'a person edits config.yaml and starts the server again'
          : `${near === undefined ? '' : `did you mean ${near}? `}see smcp config show`,
      },
    },
  );
}

const nameOf = ({ section, key }: Pick<RunTimeSetting, 'section' | 'key'>): string => `${section}.${key}`;

const isSame = (one: Json, other: Json): boolean => canonicalJson(one) === canonicalJson(other);

/** What the next start would take. */
function readNext(
  file: string,
  env: Environment,
  checkOf: ConfigCheck,
): { readonly config?: Config; readonly problem?: string } {
  try {
    return { config: loadConfig(file, env, checkOf) };
  } catch (thrown) {
    return { problem: asSmcpError(thrown).message };
  }
}

function heldBy(config: Config, { section, key }: RunTimeSetting): Json {
  return (config[section] as { readonly [key: string]: Json })[key] ?? null;
}

/** Undefined when there is none. */
const readFile = (file: string): string | undefined =>
  readOwnedFile(file, { bytesMax: LIMITS.configBytesMax, keptFrom: 'being written', code: 'CONFIG_INVALID' });

function checkUnchanged(file: string, before: string): void {
  if (readFile(file) === before) return;
  throw new SmcpError('CONFIG_INVALID', `${file} was edited at the same time`, { details: { remedy: 'try again' } });
}

type ConfigFile = { readonly file: string; readonly checkOf: ConfigCheck };

/** @throws `CONFIG_INVALID` */
function edited({ file, checkOf }: ConfigFile, setting: RunTimeSetting, text: string): Change {
  const before = readFile(file);
  if (before !== undefined) parseConfig(before, file, checkOf);
  const value = readScalar(text);
  const after = setScalar(before ?? 'version: 1\n', setting, value);
  if (after === undefined) {
    throw new SmcpError('CONFIG_INVALID', `${file} is written so that one value can't be set without changing others`, {
      details: { remedy: `edit ${nameOf(setting)} there; it then counts from the next start on` },
    });
  }
  try {
    parseConfig(after, file, checkOf);
  } catch (thrown) {
    throw misfit(nameOf(setting), text, thrown);
  }
  return { setting, value, before, after };
}

/** As YAML would read it, but for null. */
function readScalar(text: string): string | number | boolean {
  if (/^(0|-?[1-9][0-9]{0,14})$/.test(text)) return Number(text);
  return text === 'true' || text === 'false' ? text === 'true' : text;
}

function misfit(name: string, text: string, thrown: unknown): SmcpError {
  const findings = asSmcpError(thrown).details['findings'];
  const said = Array.isArray(findings) ? findings.map((one) => String((one as { message?: unknown }).message)) : [];
  return new SmcpError('CONFIG_INVALID', `${JSON.stringify(text)} can't be ${name}: ${said.join('; ')}`, {
    details: { remedy: 'schemas/config.v1.json says what it may be' },
  });
}

function personNeeded(name: string, from: Json, to: Json): SmcpError {
  return new SmcpError(
    'PERSON_NEEDED',
    `${name} from ${JSON.stringify(from)} to ${JSON.stringify(to)} is not an agent's to change: it would give or hide more`,
    { details: { remedy: `a person does it with: smcp config set ${name} ${String(to)}` } },
  );
}

/** @throws `CONFIG_INVALID` */
function write(file: string, before: string | undefined, after: string): void {
  if (before === after) return;
  try {
    if (before === undefined) createFile(file, after, 0o600);
    else rewriteFile(file, after, () => checkUnchanged(file, before));
  } catch (thrown) {
    if (thrown instanceof SmcpError) throw thrown;
    throw new SmcpError('CONFIG_INVALID', `${file} can't be written: ${systemErrorCode(thrown) ?? 'error'}`, {
      cause: thrown,
      details: { remedy: 'let the server write it, or edit it and start the server again' },
    });
  }
}
