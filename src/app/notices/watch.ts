// What is looked at again and again, since nothing tells of it: plugins that wait, layers of the sandbox, and the log against what
// was signed of it. Each is told once; what was told before a restart is not told after it.

import type { Clock } from '#base/clock.ts';
import { createEachMinute } from '#base/each-minute.ts';
import { asSmcpError } from '#base/errors.ts';
import { isJsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { Logger } from '#base/log.ts';
import type { NoticeBound, NoticeTeller } from '#domain/notify-ports.ts';
import type { PluginCatalog, RecordReader } from '#domain/ports.ts';
import type { Layer } from '#domain/record.ts';
import type { MetaStore } from '#domain/store-ports.ts';
import { layerNotice, quarantineNotice, verificationNotice } from './texts.ts';

export type WatchPorts = NoticeTeller & {
  readonly catalog: Pick<PluginCatalog, 'reports' | 'onChange'>;
  readonly layers: () => readonly Layer[];
  readonly log: Pick<RecordReader, 'size' | 'prove'>;
  readonly meta: MetaStore;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type Watch = {
  /** Looks now, too. Never throws. */
  readonly look: () => void;
  readonly close: () => void;
};

const WAITING = 'notify.plugins.waiting';
const LAYERS = 'notify.layers.inForce';

/** Looks at once, each minute, and after each change of the plugins. */
export function watchForNotices(ports: WatchPorts): Watch {
  const { catalog, clock, logger } = ports;
  const patrol = createPatrol(ports);
  const steps = [() => lookAtPlugins(ports), () => lookAtLayers(ports), patrol];
  const look = () => {
    for (const step of steps) {
      try {
        step();
      } catch (thrown) {
        logger.error('what people are to be told could not be looked at', { error: String(thrown) });
      }
    }
  };
  const minutes = createEachMinute(clock, look);
  const leave = catalog.onChange(look);
  look();
  minutes.start();
  return {
    look,
    close: () => {
      minutes.stop();
      leave();
    },
  };
}

/** By name: what waits, by its digest, so that one that changes again is told again. */
function lookAtPlugins({ catalog, meta, tell }: WatchPorts): void {
  const known = parsed(meta.get(WAITING));
  const told = isJsonObject(known) ? known : {};
  const waiting = catalog.reports().filter(({ state }) => state === 'quarantined');
  const now = Object.fromEntries(waiting.map(({ name, digest }) => [name, digest]));
  if (JSON.stringify(now) === JSON.stringify(told)) return;
  for (const report of waiting) {
    if (told[report.name] !== report.digest) tell(quarantineNotice(report), PLUGINS_BOUND);
  }
  meta.put(WAITING, JSON.stringify(now));
}

/** Whoever may write to a folder of plugins can lay any number there. */
const PLUGINS_BOUND: NoticeBound = {
  key: 'quarantine',
  countMax: LIMITS.notifyPerAgentMax,
  more: (count) => {
    const title = `SMCP: ${count} more plugins wait to be approved`;
    const look = 'smcp plugin list';
    return {
      ...{ kind: 'quarantine', subject: `${count} more plugins wait`, title, lines: [], look },
      body: { kind: 'quarantine', event: 'more', count, title, lines: [], look },
    };
  },
};

/** A layer that this home never had is not lost: `status` and `doctor` show that it is missing. */
function lookAtLayers({ layers, meta, tell }: WatchPorts): void {
  const known = parsed(meta.get(LAYERS));
  const before = Array.isArray(known) ? known : [];
  const found = layers();
  const now = found.filter(({ inForce }) => inForce).map(({ name }) => name);
  const lost = found.filter(({ name, inForce }) => !inForce && before.includes(name));
  if (lost.length > 0) tell(layerNotice(lost));
  if (JSON.stringify(now) !== JSON.stringify(before)) meta.put(LAYERS, JSON.stringify(now));
}

/**
 * Goes round the log, record after record, for a few milliseconds at a time: each must still lead to the root that was signed. What
 * does not is told once until the next start.
 */
function createPatrol({ log, tell, clock, logger }: WatchPorts): () => void {
  let next = 0;
  let isTold = false;
  return () => {
    const untilMs = clock.monotonicMs() + LIMITS.logPatrolMsMax;
    for (let count = 0; count < LIMITS.logPatrolLengthMax && !isTold; count += 1) {
      if (next >= log.size()) next = 0;
      try {
        log.prove(next);
      } catch (thrown) {
        const { code, message } = asSmcpError(thrown);
        if (code !== 'LOG_TAMPERED') throw thrown;
        isTold = true;
        logger.error('the log is not what was signed', { index: next, why: message });
        tell(verificationNotice(message));
      }
      next += 1;
      if (next >= log.size() || clock.monotonicMs() >= untilMs) return;
    }
  };
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
