// The SDK's `Server` as we need it. What comes as the arguments of a tool call reaches the handler whatever it is: the SDK
// refuses anything but an object before a handler runs, and a call must not be refused without a record. Made by mcp.ts.

import {
  type BaseContext,
  type JSONRPCMessage,
  type MessageExtraInfo,
  Server,
  type ServerContext,
  type Transport,
} from '@modelcontextprotocol/server';
import type { Json } from '#base/json.ts';

/** The stateless protocol, which `/mcp` speaks. */
export const STATELESS_VERSION = '2026-07-28';

/** `strayArgs`: what came as arguments and is no object. */
type Stray = { readonly strayArgs?: Json };

export class ProtocolServer extends Server {
  override async connect(transport: Transport): Promise<void> {
    // `connect` takes the transport over before its first await.
    const connecting = super.connect(transport);
    const deliver = transport.onmessage;
    transport.onmessage = (message, extra) => {
      const strayArgs = strayArgsOf(message);
      if (strayArgs === undefined) deliver?.(message, extra);
      else deliver?.(withoutArguments(message), { ...extra, strayArgs } as MessageExtraInfo);
    };
    await connecting;
  }

  protected override buildContext(context: BaseContext, extra?: MessageExtraInfo & Stray): ServerContext {
    const built = super.buildContext(context, extra);
    return extra?.strayArgs === undefined ? built : Object.assign(built, { strayArgs: extra.strayArgs });
  }
}

/** Bound to 2026-07-28 from the start: that version has no handshake which could choose it. */
export class StatelessServer extends ProtocolServer {
  protected override _negotiatedProtocolVersion: string = STATELESS_VERSION;
}

/** What a handler's context holds of arguments that are no object; undefined where they are one or are left out. */
export function strayArgsIn(context: ServerContext): Json | undefined {
  return (context as Stray).strayArgs;
}

function strayArgsOf(message: JSONRPCMessage): Json | undefined {
  if (!('method' in message) || message.method !== 'tools/call') return undefined;
  const args = message.params?.['arguments'];
  const isObject = typeof args === 'object' && args !== null && !Array.isArray(args);
  return isObject ? undefined : (args as Json | undefined);
}

function withoutArguments<T extends JSONRPCMessage>(message: T): T {
  if (!('params' in message)) return message;
  const { arguments: _, ...params } = message.params ?? {};
  return { ...message, params };
}
