// A server of names for tests: answers A and AAAA over UDP from a table, and notes what it was asked.

import { createSocket } from 'node:dgram';
import { addressBytes } from '#effects/net/addresses.ts';

export type NameServer = {
  readonly address: string;
  /** `A name`, `AAAA name`. */
  readonly asked: string[];
  readonly close: () => void;
};

const HEADER_BYTES = 12;
const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA' };

/** A name that the table lacks does not exist; one with `silent` gets no answer. */
export async function startNameServer(
  table: Readonly<Record<string, readonly string[] | 'silent'>>,
): Promise<NameServer> {
  const socket = createSocket('udp4');
  const asked: string[] = [];
  socket.on('message', (query, from) => {
    const { name, type, end } = questionOf(query);
    const word = TYPES[type] ?? 'other';
    asked.push(`${word} ${name}`);
    const found = table[name];
    if (found === 'silent') return;
    const records = (found ?? []).map((text) => addressBytes(text) ?? new Uint8Array());
    const fitting = records.filter(({ length }) => length === (word === 'A' ? 4 : 16));
    const header = Buffer.from(query.subarray(0, HEADER_BYTES));
    header.writeUInt16BE(found === undefined ? 0x8183 : 0x8180, 2);
    header.writeUInt16BE(fitting.length, 6);
    header.writeUInt32BE(0, 8);
    const answers = fitting.map((bytes) => {
      const fixed = Buffer.from([0xc0, HEADER_BYTES, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length]);
      return Buffer.concat([fixed, bytes]);
    });
    socket.send(Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...answers]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${socket.address().port}`, asked, close: () => socket.close() };
}

function questionOf(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}
