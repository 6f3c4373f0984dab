// Runs a tool and hands out how it ended, as text: every throw, getter, proxy and toJSON of the guest stays inside. Its
// value is the only way into a context: `start` a tool, `answer` a host call, `finish` asks for the ending.
// biome-ignore lint/correctness/noUnusedVariables: sandbox/warden runs the text of this file
function makeTrampoline({ host, settle, codeOf }, bounds) {
  const root = globalThis;
  const { apply, defineProperty } = Reflect;
  const { hasOwn } = Object;
  const { parse, stringify } = JSON;
  const toText = String;
  const slice = Function.prototype.bind.bind(Function.prototype.call)(String.prototype.slice);
  const isHolder = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';

  /** How the call ended: `R` and the result's JSON, or `E` and the error's; undefined while it runs. */
  let ending;
  let plugin;
  let isLoaded = false;
  let start;

  const end = (letter, value) => {
    ending ??= `${letter}${value}`;
  };
  const fail = (code, message) => {
    end('E', stringify({ code, message: slice(message, 0, bounds.errorMessageLengthMax) }));
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

  const findTool = (name) => {
    const tools = plugin.tools;
    if (!isHolder(tools) || !hasOwn(tools, name)) return undefined;
    const tool = tools[name];
    return typeof tool === 'function' ? tool : undefined;
  };

  const run = async ({ name, argsJson, outputBytes }) => {
    let tool;
    try {
      tool = findTool(name);
    } catch (thrown) {
      return fail('PLUGIN_LOAD_FAILED', textOf(thrown));
    }
    if (tool === undefined) {
      return fail('PLUGIN_LOAD_FAILED', `the entry module exports no function \`tools.${name}\``);
    }
    let value;
    try {
      value = await apply(tool, undefined, [parse(argsJson), host]);
    } catch (thrown) {
      return fail(codeOf(thrown) ?? 'TOOL_FAILED', textOf(thrown));
    }
    let text;
    try {
      text = value === undefined ? 'null' : stringify(value);
    } catch (thrown) {
      return fail('RESULT_INVALID', `the result is not JSON: ${textOf(thrown)}`);
    }
    if (typeof text !== 'string') return fail('RESULT_INVALID', `the result is not JSON but a ${typeof value}`);
    if (text.length > outputBytes) return fail('OUTPUT_TOO_LARGE', `the result is larger than ${outputBytes} bytes`);
    end('R', text);
  };
  const runWhenLoaded = () => {
    if (isLoaded && start !== undefined) run(start);
  };

  // Read and removed by the module that is evaluated before the plugin's.
  defineProperty(root, 'smcpRegister', {
    configurable: true,
    value: (namespace) => {
      if (isLoaded) return;
      plugin = namespace;
      isLoaded = true;
      runWhenLoaded();
    },
  });

  return (operation, a, b, c) => {
    if (operation === 'finish') return ending ?? (isLoaded ? 'P' : 'L');
    if (operation === 'answer') return void settle(a, b, c);
    start = { name: a, argsJson: b, outputBytes: c };
    return void runWhenLoaded();
  };
}
