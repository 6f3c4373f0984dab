// The host call of the capability `tools`: another tool, under the grants of the agent whose call this is. Called by the broker
// only. The decision about the tool itself is the dispatcher's.

import { SmcpError } from '#base/errors.ts';
import { roundedJson, unheldPointers } from '#base/exact-json.ts';
import { isJsonObject, type Json } from '#base/json.ts';
import type { ToolAnswer } from '#domain/invocation.ts';
import type { ToolCaller } from '#domain/ports.ts';
import { denied } from '#domain/refusal.ts';
import type { CallHandlers } from './call-handler.ts';
import { fieldsOf, invalid } from './params.ts';

export function createToolsCalls({ callTool }: ToolCaller): CallHandlers {
  return {
    'tools.call': (params, { capabilities, invocation }) => {
      const { tool, args = {} } = fieldsOf('tools.call', params, ['tool', 'args']);
      if (typeof tool !== 'string') {
        throw invalid(
          'tools.call: tool is the full name of a tool',
          'write plugin__tool, as `tools` in plugin.json does',
        );
      }
      if (!isJsonObject(args)) {
        throw invalid(
          'tools.call: args is an object',
          'send the arguments by name, as the tool’s inputSchema has them',
        );
      }
      const given = capabilities.tools ?? [];
      if (!given.includes(tool)) {
        throw denied({
          capability: 'tools',
          asked: tool,
          allowed: given,
          message: 'this call was not given that tool',
          remedy: 'name it under `tools` in plugin.json, and have the grant of the calling tool give it',
        });
      }
      return {
        target: tool,
        perform: async (signal) => valueIn(await callTool({ parent: invocation, tool, args, signal })),
      };
    },
  };
}

/** What the inner call was refused or failed with reaches the guest under the same code. */
function valueIn(answer: ToolAnswer): Json {
  if (answer.kind === 'error') {
    const { code, message, details } = answer.error;
    throw new SmcpError(code, message, details === undefined ? {} : { details });
  }
  if (unheldPointers(answer.value, 1).length > 0) {
    throw new SmcpError('RESULT_INVALID', 'the tool returned a number with more digits than its caller can take', {
      details: { remedy: 'have the tool return it as a text' },
    });
  }
  return roundedJson(answer.value);
}
