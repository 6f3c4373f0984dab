// A small server of mail on loopback: as much of SMTP as a client needs to hand a message over, with or without encryption.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';

const fixture = (name: string): string => readFileSync(join(import.meta.dirname, '../fixtures/net', name), 'utf8');
export const CA: readonly string[] = [fixture('ca.pem')];

export type Mail = { readonly isEncrypted: boolean; readonly auth?: string; readonly to: string[]; data: string };

export type SmtpOptions = {
  /** Offers STARTTLS. */
  readonly offersTls?: boolean;
  /** Answers to commands in the place of the usual ones, by their first word. */
  readonly answers?: { readonly [word: string]: string };
  /** Speaks TLS from the first byte. */
  readonly isTls?: boolean;
  /** Says nothing at all. */
  readonly isSilent?: boolean;
};

export async function openSmtp({ offersTls = false, answers = {}, isTls = false, isSilent = false }: SmtpOptions = {}) {
  const mails: Mail[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const context = createSecureContext({ key: fixture('server-key.pem'), cert: fixture('server.pem') });

  const talk = (socket: Socket, isEncrypted: boolean) => {
    let mail: Mail = { isEncrypted, to: [], data: '' };
    let isData = false;
    let text = '';
    const say = (line: string) => socket.write(`${line}\r\n`);
    const ehlo = () => {
      say('250-mail.test');
      if (offersTls && !isEncrypted) say('250-STARTTLS');
      say('250 AUTH PLAIN');
    };
    const obey = (line: string) => {
      const word = line.split(/[ :]/)[0]?.toUpperCase() ?? '';
      commands.push(word);
      const given = answers[word];
      if (given !== undefined) return say(given);
      if (word === 'EHLO') return ehlo();
      if (word === 'STARTTLS') {
        socket.removeAllListeners('data');
        say('220 go on');
        return talk(new TLSSocket(socket, { isServer: true, secureContext: context }), true);
      }
      if (word === 'AUTH') mail = { ...mail, auth: Buffer.from(line.split(' ')[2] ?? '', 'base64').toString() };
      if (word === 'RCPT') mail.to.push(line);
      if (word === 'DATA') {
        isData = true;
        return say('354 go on');
      }
      if (word === 'AUTH') return say('235 ok');
      say(word === 'QUIT' ? '221 bye' : '250 ok');
    };
    const hear = () => {
      if (isData) {
        const end = text.indexOf('\r\n.\r\n');
        if (end < 0) return;
        mail.data = text.slice(0, end);
        mails.push(mail);
        mail = { isEncrypted, to: [], data: '' };
        text = text.slice(end + 5);
        isData = false;
        say('250 taken');
      }
      for (let end = text.indexOf('\r\n'); end >= 0 && !isData; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        obey(line);
      }
    };
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      hear();
    });
    return say;
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => {});
    // A client that goes is noticed only where somebody reads.
    if (isSilent) socket.resume();
    else
      talk(isTls ? new TLSSocket(socket, { isServer: true, secureContext: context }) : socket, isTls)('220 mail.test');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  /** How many connections are open. */
  const connected = () => sockets.size;
  return { mails, commands, close, connected, port: (server.address() as AddressInfo).port };
}
