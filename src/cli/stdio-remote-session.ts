// The session at a server elsewhere: the version that it was opened with, and opening it anew when the server has
// forgotten it (it was started again, or the session rested too long). Used by stdio-remote.ts.

import type { JSONRPCMessage, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { isJsonObject, type JsonObject } from '#base/json.ts';
import { LIMITS } from '#base/limits.ts';
import type { StdioClient } from './stdio-client.ts';
import { initializeAgain, initializedAgain } from './stdio-handshake.ts';
import { atMost } from './stdio-stop.ts';

export type RemoteSession = {
  /** Takes the version from the answer to an `initialize`. */
  readonly useVersionOf: (answer: JsonObject) => void;
  /** Opens another session in the place of the one that is lost, once for all who ask. False when the server takes it not. */
  readonly openAgain: (lost: string) => Promise<boolean>;
  /** The answer to the `initialize` of `openAgain`. */
  readonly onAnswer: (answer: JsonObject) => void;
};

export function createRemoteSession(client: StdioClient, transport: StreamableHTTPClientTransport): RemoteSession {
  let opening: Promise<boolean> | undefined;
  let onAnswer: (answer: JsonObject) => void = () => {};

  const useVersionOf = ({ result }: JsonObject): boolean => {
    const version = isJsonObject(result) ? result['protocolVersion'] : undefined;
    if (typeof version !== 'string') return false;
    transport.setProtocolVersion(version);
    return true;
  };
  const open = async (): Promise<boolean> => {
    const handshake = client.handshake();
    if (handshake === undefined) return false;
    let isOpen = false;
    const answered = new Promise<void>((resolve) => {
      onAnswer = (answer) => {
        isOpen = useVersionOf(answer);
        resolve();
      };
    });
    try {
      const asked = transport.send(initializeAgain(handshake) as unknown as JSONRPCMessage);
      await atMost(LIMITS.stdioHelloMsMax, Promise.all([asked, answered]));
      const initialized = initializedAgain(handshake);
      if (isOpen && initialized !== undefined) await transport.send(initialized);
    } catch {
      return false;
    }
    return isOpen;
  };

  return {
    useVersionOf: (answer) => void useVersionOf(answer),
    openAgain: async (lost) => {
      if (transport.sessionId !== lost) return true;
      opening ??= open().finally(() => {
        opening = undefined;
      });
      return opening;
    },
    onAnswer: (answer) => onAnswer(answer),
  };
}
