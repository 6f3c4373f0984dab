// What serve prints once it listens: where, and on the first start how to connect.

import { resolve } from 'node:path';
import type { App } from '#app.ts';
import { DEFAULT_HOME, type Home } from '#config/home.ts';
import { plural } from './render.ts';

export function welcome(app: App, home: Home): string {
  const { ready, refused, tools } = app.plugins;
  const homeOption = home.directory === resolve(DEFAULT_HOME) ? '' : ` --home ${home.directory}`;
  const lines = [
    `smcp serves ${plural(tools, 'tool')} of ${plural(ready, 'plugin')} on ${app.url}`,
    `home: ${home.directory}`,
    ...(refused > 0 ? [`${plural(refused, 'plugin')} refused; see: npx smcp plugin list${homeOption}`] : []),
  ];
  if (app.firstStart !== undefined) lines.push(...connectLines(app.url, app.firstStart, homeOption));
  return `${lines.join('\n')}\n`;
}

function connectLines(
  url: string,
  { agent, token }: NonNullable<App['firstStart']>,
  homeOption: string,
): readonly string[] {
  return [
    '',
    `This is the first start. Agent ${agent} may use the demo plugins (policy.yaml says so). Its token, shown once:`,
    '',
    `  export SMCP_DEMO_TOKEN=${token}`,
    '',
    'Connect an MCP client with that token as a Bearer token:',
    '',
    `  Streamable HTTP   ${url}/mcp`,
    `  HTTP+SSE          ${url}/sse`,
    '',
    `A new token later: npx smcp agent token ${agent}${homeOption}`,
  ];
}
