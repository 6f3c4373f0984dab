// Character references of HTML: those by number, and the names that pages do use. Others stay as they are written.

const NAMED = new Map(
  Object.entries({
    ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', shy: '', ensp: ' ', emsp: ' ', thinsp: ' ' },
    ...{
      mdash: '—',
      ndash: '–',
      hellip: '…',
      bull: '•',
      middot: '·',
      laquo: '«',
      raquo: '»',
      lsaquo: '‹',
      rsaquo: '›',
    },
    ...{
      lsquo: '‘',
      rsquo: '’',
      sbquo: '‚',
      ldquo: '“',
      rdquo: '”',
      bdquo: '„',
      sect: '§',
      para: '¶',
      copy: '©',
      reg: '®',
    },
    ...{
      trade: '™',
      deg: '°',
      plusmn: '±',
      times: '×',
      divide: '÷',
      minus: '−',
      le: '≤',
      ge: '≥',
      ne: '≠',
      asymp: '≈',
    },
    ...{
      larr: '←',
      rarr: '→',
      uarr: '↑',
      darr: '↓',
      harr: '↔',
      euro: '€',
      pound: '£',
      yen: '¥',
      cent: '¢',
      micro: 'µ',
    },
    ...{
      agrave: 'à',
      aacute: 'á',
      acirc: 'â',
      atilde: 'ã',
      auml: 'ä',
      aring: 'å',
      aelig: 'æ',
      ccedil: 'ç',
      egrave: 'è',
    },
    ...{ eacute: 'é', ecirc: 'ê', euml: 'ë', iacute: 'í', iuml: 'ï', ntilde: 'ñ', oacute: 'ó', ocirc: 'ô', ouml: 'ö' },
    ...{ oslash: 'ø', uacute: 'ú', ugrave: 'ù', uuml: 'ü', szlig: 'ß', Auml: 'Ä', Ouml: 'Ö', Uuml: 'Ü', Eacute: 'É' },
    ...{
      alpha: 'α',
      beta: 'β',
      gamma: 'γ',
      delta: 'δ',
      lambda: 'λ',
      mu: 'μ',
      pi: 'π',
      sigma: 'σ',
      omega: 'ω',
      infin: '∞',
    },
  }),
);

const REFERENCE = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));/g;

/** @param {string} text */
export function decodeEntities(text) {
  return text.replace(REFERENCE, (written, decimal, hexadecimal, name) => {
    if (name !== undefined) return NAMED.get(name) ?? written;
    return characterOf(decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal));
  });
}

/** What is none, and what steers a terminal, is replaced. @param {number} point */
function characterOf(point) {
  const isSurrogate = point >= 0xd800 && point < 0xe000;
  const isControl = (point < 0x20 && point !== 0x09 && point !== 0x0a) || (point >= 0x7f && point < 0xa0);
  return point > 0x10ffff || isSurrogate || isControl ? '\ufffd' : String.fromCodePoint(point);
}
