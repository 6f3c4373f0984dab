// Notices that wait to be told, behind their port: one row for each target. Each write is one durable transaction: they are few.

import { LIMITS } from '#base/limits.ts';
import type { Notice, NoticeHead, NoticeStore, SentMessages } from '#domain/notify-ports.ts';
import { type Database, numberOf, type SqlRow, textOf } from './sqlite.ts';

/** Rows in the order in which they were added. **Trust:** nobody else writes the table while the home's lock is held. */
export function createNoticeStore(database: Database): NoticeStore {
  const columns = 'place, id, target, subject, created_ms, stale_ms, tries, why';
  const heads = database.prepare(`SELECT ${columns} FROM notice ORDER BY place`);
  const headsOf = database.prepare(`SELECT ${columns} FROM notice WHERE id = ? ORDER BY place`);
  const put = database.prepare(
    'INSERT INTO notice (id, target, subject, created_ms, stale_ms, tries, notice) VALUES (?, ?, ?, ?, ?, 0, ?)',
  );
  const get = database.prepare('SELECT notice FROM notice WHERE place = ?');
  const tried = database.prepare('UPDATE notice SET tries = ?, why = ? WHERE place = ?');
  const remove = database.prepare('DELETE FROM notice WHERE place = ?');
  return {
    add: ({ id, notice, createdMs }, targets) => {
      const text = JSON.stringify(notice);
      database.transaction(() => {
        for (const target of targets) put.run(id, target, notice.subject, createdMs, notice.staleMs ?? null, text);
      });
      return headsOf.all(id).map(asHead);
    },
    heads: () => heads.all().map(asHead),
    notice: (place) => {
      const row = get.get(place);
      return row === undefined ? undefined : (JSON.parse(textOf(row, 'notice')) as Notice);
    },
    tried: (place, tries, why) => {
      tried.run(tries, why, place);
    },
    remove: (places) => {
      if (places.length > 0) database.transaction(() => places.forEach((place) => void remove.run(place)));
    },
  };
}

function asHead(row: SqlRow): NoticeHead {
  return {
    place: numberOf(row, 'place'),
    id: textOf(row, 'id'),
    target: textOf(row, 'target'),
    subject: textOf(row, 'subject'),
    createdMs: numberOf(row, 'created_ms'),
    ...(row['stale_ms'] === null ? {} : { staleMs: numberOf(row, 'stale_ms') }),
    tries: numberOf(row, 'tries'),
    ...(row['why'] === null ? {} : { why: textOf(row, 'why') }),
  };
}

/** One row for each thing that a target was told of, the last ones. */
export function createSentMessages(database: Database): SentMessages {
  const put = database.prepare('INSERT INTO sent_message (target, about, message) VALUES (?, ?, ?)');
  const get = database.prepare(
    'SELECT message FROM sent_message WHERE target = ? AND about = ? ORDER BY place DESC LIMIT 1',
  );
  const prune = database.prepare('DELETE FROM sent_message WHERE place <= (SELECT max(place) FROM sent_message) - ?');
  return {
    put: ({ target, about, message }) =>
      database.transaction(() => {
        put.run(target, about, message);
        prune.run(LIMITS.sentMessagesKeptMax);
      }),
    get: ({ target, about }) => {
      const row = get.get(target, about);
      return row === undefined ? undefined : numberOf(row, 'message');
    },
  };
}
