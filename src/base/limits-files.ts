// The bounds of agents' workspaces and of the files in them. Part of LIMITS (limits.ts), by which everything else reads them.

export const FILES_LIMITS = {
  /** A path that a plugin names, in UTF-8 bytes. Linux takes 4,096; a third of that leaves room for where the workspaces lie. */
  filePathBytesMax: 1024,
  /** Names below `workspace` in a path: each is opened by itself, which takes about 10 µs. */
  filePathDepthMax: 32,
  /** One name, in UTF-8 bytes. **Source:** NAME_MAX of Linux. */
  fileNameBytesMax: 255,
  /** What one read answers with; as base64 it takes 683 KiB of `hostAnswerBytesMax`. */
  fileReadBytesMax: 512 * 1024,
  /** Of a text whose JSON is over `fileTextJsonBytesMax`, this much: as JSON a byte may take six. */
  fileTextBytesSure: 160 * 1024,
  fileTextJsonBytesMax: 1000 * 1024,
  /** Files and folders that one `files.list` answers with. */
  fileEntriesListedMax: 1_000,
  /** Names of one folder that are read to list it; a workspace has fewer unless somebody else put them there. */
  folderNamesReadMax: 100_000,
  /** Files of one workspace together, in bytes, unless the configuration says another number. */
  workspaceBytesDefault: 256 * 1024 * 1024,
  /** Files and folders of one workspace. Counting 10,000 takes about 0.1 s, once. */
  workspaceFilesDefault: 10_000,
  /** Host calls that wait for their turn in one workspace. */
  workspaceWaitingMax: 256,
  /** A workspace is counted again where that was longer ago, since a person may have changed it. */
  workspaceCountedMsMax: 600_000,
  /** Before a write is refused for want of room, it is counted again, unless that was less long ago. */
  workspaceCountMsMin: 1_000,
} as const;
