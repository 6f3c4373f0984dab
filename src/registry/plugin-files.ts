// The files of a plugin, in memory. Pure types.

export type PluginFile = { readonly bytes: Uint8Array; readonly isExecutable: boolean };

/** By path inside the plugin, with `/`, in the order of their UTF-8 bytes. Folders exist only through their files. */
export type PluginFiles = ReadonlyMap<string, PluginFile>;
