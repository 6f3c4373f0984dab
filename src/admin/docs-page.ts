// The admin API as a page to read. Made on the server from the table of operations: no scripts, nothing loaded from
// anywhere, so that it is the same page when it was saved and is opened from a disk.

import { hash } from 'node:crypto';
import { ERRORS } from '#base/error-table.ts';
import type { JsonObject } from '#base/json.ts';
import { adminToolName } from '#operations/admin-tools.ts';
import { type Operation, pathParameters, propertiesOf, requiredOf, type Topic } from '#operations/operation.ts';
import { type ApiOptions, TOPICS } from './openapi.ts';

const STYLE = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid #8886; border-radius: .25rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; }
section { margin-top: 2.5rem; }
h3 { margin: 2rem 0 .25rem; }
.people { font-weight: bold; }
`;

/** What the page may load: nothing but the one style in it. */
const CSP = `default-src 'none'; style-src 'sha256-${hash('sha256', STYLE, 'base64')}'; base-uri 'none'; form-action 'none'`;

/** The whole page, as HTML. **Trust:** every text is escaped, wherever it comes from. */
export function docsPage(operations: readonly Operation[], { prefix, version }: ApiOptions): string {
  const topics = Object.keys(TOPICS).filter((topic) => operations.some((one) => one.topic === topic)) as Topic[];
  const sections = topics.map((topic) => topicSection(topic, operations, prefix)).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(CSP)}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>SMCP admin API ${escapeHtml(version)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>SMCP admin API</h1>
${introduction(prefix, version)}
<nav><ul>${topics.map((topic) => `<li><a href="#${topic}">${topic}</a>: ${escapeHtml(TOPICS[topic])}</li>`).join('')}</ul></nav>
${sections}
${errorSection()}
</body>
</html>
`;
}

function introduction(prefix: string, version: string): string {
  return `<p>Version ${escapeHtml(version)}. Each operation below is a command, a request under <code>${escapeHtml(prefix)}</code> and, unless it is
left to people, an MCP tool. Requests carry a token as <code>Authorization: Bearer …</code> or <code>X-API-Key: …</code>: the home's
<code>admin.token</code>, or that of an agent whom the policy grants the tool. Only a pattern that begins with <code>smcp__</code> grants
such a tool; <code>*</code> does not.</p>
<p>A body is a JSON object. An answer is JSON; a refusal is <code>{"error":{"code","message","details"}}</code>. The same as a
description for machines: <code>/openapi.json</code>.</p>
<p>This page asks for the administrator's token like everything here, which a browser does not send by itself. Save it, then
open the file: <code>smcp docs --out docs.html</code></p>`;
}

function topicSection(topic: Topic, operations: readonly Operation[], prefix: string): string {
  const own = operations.filter((operation) => operation.topic === topic);
  return `<section id="${topic}"><h2>${topic}</h2>${own.map((operation) => operationText(operation, prefix)).join('')}</section>`;
}

function operationText(operation: Operation, prefix: string): string {
  const { name, summary, detail, method, path, command, isForPeople, output } = operation;
  const facts = [
    ['Request', `${method} ${prefix}${path}`],
    ...(command === undefined ? [] : [['Command', `smcp ${command.join(' ')}`]]),
    ...(isForPeople ? [] : [['Tool', adminToolName(operation)]]),
  ];
  return `<h3 id="${escapeHtml(name)}">${escapeHtml(name)}</h3>
<p>${escapeHtml(summary)}${detail === undefined ? '' : ` ${escapeHtml(detail)}`}</p>
${isForPeople ? '<p class="people">Only for administrators.</p>' : ''}
<table>${facts.map(([what = '', text = '']) => `<tr><th>${what}</th><td><code>${escapeHtml(text)}</code></td></tr>`).join('')}</table>
${inputTable(operation)}
<details><summary>Answer</summary><pre>${escapeHtml(JSON.stringify(output, undefined, 2))}</pre></details>`;
}

function inputTable(operation: Operation): string {
  const rows = Object.entries(propertiesOf(operation)).map(([name, schema]) => {
    const inPath = pathParameters(operation.path).includes(name);
    const where = inPath ? 'path' : operation.method === 'POST' ? 'body' : 'query';
    const needed = requiredOf(operation).includes(name) ? 'required' : 'optional';
    return `<tr><td><code>${escapeHtml(name)}</code></td><td>${where}, ${needed}</td><td>${escapeHtml(typeText(schema))}</td><td>${escapeHtml(String(schema['description'] ?? ''))}</td></tr>`;
  });
  if (rows.length === 0) return '';
  return `<table><tr><th>Input</th><th>Where</th><th>Type</th><th>Meaning</th></tr>${rows.join('')}</table>`;
}

function typeText(schema: JsonObject): string {
  const values = schema['enum'];
  return Array.isArray(values)
    ? values.map((value) => JSON.stringify(value)).join(' | ')
    : String(schema['type'] ?? '');
}

function errorSection(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { http, meaning, retryable }]) =>
      `<tr><td><code>${escapeHtml(code)}</code></td><td>${http}</td><td>${retryable ? 'yes' : 'no'}</td><td>${escapeHtml(meaning)}</td></tr>`,
  );
  return `<section id="errors"><h2>errors</h2><table><tr><th>Code</th><th>Status</th><th>Try again</th><th>Meaning</th></tr>${rows.join('')}</table></section>`;
}

/** Text as HTML, in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
