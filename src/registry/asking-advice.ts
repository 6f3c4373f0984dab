// What of a manifest's capabilities looks like more than a plugin needs. Pure. Called by manifest-advice.ts.

import type { Capabilities, NetEntry } from '#domain/capability.ts';
import { NET_DEFAULTS } from '#domain/narrow.ts';

type Told = { readonly pointer: string; readonly message: string; readonly remedy: string };

/** Methods that only look. */
const LOOKING: readonly string[] = ['GET', 'HEAD'];
/** Programs that run whatever they are told. */
const INTERPRETERS = /^(ba|da|z|k|fi)?sh$|^(python|perl|ruby|node|php|lua)[\d.]*$|^(env|xargs|sudo|ssh|find|make)$/;

export function askingAdvice({ net = [], files = [], secrets = [], run = [] }: Capabilities): readonly Told[] {
  return [
    ...net.flatMap(netAdvice),
    ...files.flatMap(({ path, access }, index): Told[] => {
      if (path !== 'workspace' || access !== 'write') return [];
      const message = 'asks to write anywhere in the workspace';
      return [{ pointer: `/capabilities/files/${index}`, message, remedy: 'name the folder that it writes to' }];
    }),
    ...secrets.flatMap(({ name, hosts = [] }, index) =>
      hosts.flatMap((host, at): Told[] => {
        if (net.some((entry) => entry.host === host)) return [];
        const message = `${name} is for ${host}, to which the plugin asks for no requests`;
        const remedy = `add {"host": "${host}"} to /capabilities/net, or leave the host out`;
        return [{ pointer: `/capabilities/secrets/${index}/hosts/${at}`, message, remedy }];
      }),
    ),
    ...secrets.flatMap(({ name, expose }, index): Told[] => {
      if (expose === undefined) return [];
      const message = `its program gets to see ${name}, and could keep it`;
      const remedy = 'let the server put it into requests, by `hosts` and `header`, where that will do';
      return [{ pointer: `/capabilities/secrets/${index}/expose`, message, remedy }];
    }),
    ...run.flatMap(({ program, args = [] }, index): Told[] => {
      const pointer = `/capabilities/run/${index}`;
      if (INTERPRETERS.test(program)) {
        const message = `${program} runs whatever its arguments say`;
        return [{ pointer, message, remedy: 'name the program that is meant' }];
      }
      if (!args.includes('*')) return [];
      const message = 'takes any argument, options too';
      return [{ pointer, message, remedy: 'write what it begins with, or put -- before it' }];
    }),
  ];
}

function netAdvice(
  { host, methods = NET_DEFAULTS.methods, paths = NET_DEFAULTS.paths }: NetEntry,
  index: number,
): Told[] {
  const isEverywhere = paths.some((path) => path === '*' || path === '/*');
  const writing = methods.filter((method) => !LOOKING.includes(method));
  if (!isEverywhere) return [];
  const pointer = `/capabilities/net/${index}`;
  if (writing.length === 0) {
    return [
      {
        pointer,
        message: `asks for every path of ${host}`,
        remedy: 'name the `paths` it needs; smcp plugin trace tells them',
      },
    ];
  }
  const message = `asks for ${writing.join(', ')} to every path of ${host}`;
  return [{ pointer, message, remedy: 'name `paths`, and give methods that change something an entry of their own' }];
}
