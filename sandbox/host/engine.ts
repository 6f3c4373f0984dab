// What runs the code of isolates, in one line, for the record: wardens are the same Node as the host, with the same locale data.

const { v8, icu = 'none', unicode = 'none' } = process.versions;

/** Engine, locale data and locale: the same line, code, arguments and transcript give the same result. */
export const ENGINE = `v8 ${v8}; icu ${icu}; unicode ${unicode}; ${new Intl.DateTimeFormat().resolvedOptions().locale}`;
