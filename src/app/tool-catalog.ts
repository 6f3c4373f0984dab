// Every tool there is: those of plugins, which come and go, and the server's own, which stay.

import type { ToolCatalog } from '#domain/ports.ts';
import type { AdminToolCatalog } from '#operations/admin-tools.ts';

/** Names can't collide: no plugin may have the name `smcp`. */
export function joinCatalogs(plugins: ToolCatalog, own: AdminToolCatalog): ToolCatalog {
  const all = () => [...plugins.tools(), ...own.tools()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  let tools = all();
  plugins.onChange(() => {
    tools = all();
  });
  return {
    tool: (name) => plugins.tool(name) ?? own.tool(name),
    tools: () => tools,
    onChange: plugins.onChange,
  };
}
