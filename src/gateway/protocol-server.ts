// The SDK's `Server` as we need it. What comes as the arguments of a tool call reaches the handler as it came: the SDK refuses
// anything but an object before a handler runs, and a call must not be refused without a record; and it knows no numbers but
// doubles. Made by mcp.ts.

import {
  type BaseContext,
  type JSONRPCMessage,
  type MessageExtraInfo,
  Server,
  type ServerContext,
  type Transport,
} from '@modelcontextprotocol/server';
import { type ExactJson, type ExactJsonObject, isExactObject, roundedJson } from '#base/exact-json.ts';

/** The stateless protocol, which `/mcp` speaks. */
export const STATELESS_VERSION = '2026-07-28';

/**
 * What came as arguments and the SDK can't hold: `strayArgs` what is no object, `exactArgs` an object with a number that is spelled
 * otherwise than `JSON.stringify` would.
 */
export type ArgumentsBeside = { readonly strayArgs?: ExactJson; readonly exactArgs?: ExactJsonObject };

export class ProtocolServer extends Server {
  override async connect(transport: Transport): Promise<void> {
    // `connect` takes the transport over before its first await.
    const connecting = super.connect(transport);
    const deliver = transport.onmessage;
    transport.onmessage = (message, extra) => {
      const taken = argumentsBeside(message);
      if (taken === undefined) deliver?.(message, extra);
      else deliver?.(taken.message, { ...extra, beside: taken.beside } as MessageExtraInfo);
    };
    await connecting;
  }

  protected override buildContext(context: BaseContext, extra?: MessageExtraInfo & Beside): ServerContext {
    const built = super.buildContext(context, extra);
    return extra?.beside === undefined ? built : Object.assign(built, { beside: extra.beside });
  }
}

type Beside = { readonly beside?: ArgumentsBeside };

/** Bound to 2026-07-28 from the start: that version has no handshake which could choose it. */
export class StatelessServer extends ProtocolServer {
  protected override _negotiatedProtocolVersion: string = STATELESS_VERSION;
}

/** What a handler's context holds of the arguments beside the request; `{}` where the request has all of them. */
export function argumentsIn(context: ServerContext): ArgumentsBeside {
  return (context as Beside).beside ?? {};
}

/** The message as the SDK can take it, and what it leaves out; undefined where it can take it as it is. */
function argumentsBeside(
  message: JSONRPCMessage,
): { readonly message: JSONRPCMessage; readonly beside: ArgumentsBeside } | undefined {
  if (!('method' in message) || message.method !== 'tools/call') return undefined;
  const { arguments: args, ...params } = message.params ?? {};
  if (args === undefined) return undefined;
  if (!isExactObject(args)) return { message: { ...message, params }, beside: { strayArgs: args as ExactJson } };
  const rounded = roundedJson(args);
  if (rounded === args) return undefined;
  return { message: { ...message, params: { ...params, arguments: rounded } }, beside: { exactArgs: args } };
}
