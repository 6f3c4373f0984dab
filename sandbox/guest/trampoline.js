// Runs a tool and hands out how it ended, as text: every throw, getter, proxy and toJSON of the guest stays inside. Its
// value is the only way into a context: `start` a call, `answer` a host call of it, `finish` asks for its ending and whether
// the context is still as it was made. One call after the other: what belongs to a call is made anew when it starts.
// biome-ignore lint/correctness/noUnusedVariables: sandbox/warden runs the text of this file
function makeTrampoline({ host, begin, settle, refusalIn }, bounds, harden) {
  const root = globalThis;
  const { apply, defineProperty } = Reflect;
  const { freeze, hasOwn } = Object;
  const { parse, stringify } = JSON;
  const toText = String;
  const slice = Function.prototype.bind.bind(Function.prototype.call)(String.prototype.slice);
  const isHolder = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

  /**
   * The call that is under way, or the last one. `ending`: `R` and the result's JSON, or `E` and the error's; undefined while it runs.
   * `plugin`: the entry module's namespace; undefined until it was evaluated.
   */
  let current;

  /** `hostCall`: the number of the host call whose refusal it is. */
  const fail = (call, code, message, hostCall) => {
    call.ending ??= `E${stringify({ code, message: slice(message, 0, bounds.errorMessageLengthMax), hostCall })}`;
  };
  /** Text about a thrown value that may be anything: every step can throw or run guest code. */
  const textOf = (thrown) => {
    try {
      if (!isHolder(thrown)) return toText(thrown);
      const { message } = thrown;
      return typeof message === 'string' && message !== '' ? message : 'the tool threw a value without a message';
    } catch {
      return 'the tool threw a value that can not be read';
    }
  };

  const findTool = ({ plugin, name }) => {
    const tools = plugin.tools;
    if (!isHolder(tools) || !hasOwn(tools, name)) return undefined;
    const tool = tools[name];
    return typeof tool === 'function' ? tool : undefined;
  };

  const run = async (call) => {
    const { name, argsJson, outputBytes } = call;
    let tool;
    try {
      tool = findTool(call);
    } catch (thrown) {
      return fail(call, 'PLUGIN_LOAD_FAILED', textOf(thrown));
    }
    if (tool === undefined) {
      return fail(call, 'PLUGIN_LOAD_FAILED', `the entry module exports no function \`tools.${name}\``);
    }
    let value;
    try {
      value = await apply(tool, undefined, [parse(argsJson), host]);
    } catch (thrown) {
      const refusal = refusalIn(thrown);
      return fail(call, refusal?.code ?? 'TOOL_FAILED', textOf(thrown), refusal?.call);
    }
    let text;
    try {
      text = value === undefined ? 'null' : stringify(value);
    } catch (thrown) {
      return fail(call, 'RESULT_INVALID', `the result is not JSON: ${textOf(thrown)}`);
    }
    if (typeof text !== 'string') return fail(call, 'RESULT_INVALID', `the result is not JSON but a ${typeof value}`);
    if (text.length > outputBytes) {
      return fail(call, 'OUTPUT_TOO_LARGE', `the result is larger than ${outputBytes} bytes`);
    }
    call.ending ??= `R${text}`;
  };

  const register = freeze((namespace) => {
    const call = current;
    if (call.plugin !== undefined) return;
    call.plugin = namespace;
    run(call);
  });
  const start = (name, argsJson, outputBytes) => {
    begin();
    current = { name, argsJson, outputBytes, ending: undefined, plugin: undefined };
  };
  const isAsMade = harden();
  // Read and removed by a module of ours before any of the plugin's.
  defineProperty(root, 'smcpRegister', { configurable: true, value: register });

  return (operation, a, b, c) => {
    if (operation === 'answer') return void settle(a, b, c);
    if (operation === 'start') return void start(a, b, c);
    const { ending, plugin } = current;
    if (ending === undefined) return plugin === undefined ? 'L' : 'P';
    return `${isAsMade() ? '=' : '!'}${ending}`;
  };
}
