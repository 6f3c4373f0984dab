// Rules of a filter as trees, and their translation into the kernel's classic BPF. Pure. It knows nothing of system calls:
// a rule looks at words of `struct seccomp_data` and ends in an action.

/** What happens to a call. */
export type Action =
  | { readonly act: 'allow' }
  | { readonly act: 'refuse'; readonly errno: number }
  | { readonly act: 'kill' };

/** What is not known yet when a filter is made: the process's number, and the two halves of a launch's token. */
export type Blank = 'own-pid' | 'token-low' | 'token-high';

/** Compared with the word. */
export type Operand = number | Blank;

export type Test = {
  /** Offset into `struct seccomp_data`. */
  readonly word: number;
  /** Applied to the word first. */
  readonly mask?: number;
  readonly is: 'equal' | 'at-least' | 'any-bit-of';
  readonly operand: Operand;
};

export type Rule = Action | { readonly test: Test; readonly yes: Rule; readonly no: Rule };

export const ALLOW: Action = { act: 'allow' };
export const KILL: Action = { act: 'kill' };
export const refuse = (errno: number): Action => ({ act: 'refuse', errno });

export type Program = {
  /** `struct sock_filter` after `struct sock_filter`, little-endian. */
  readonly bytes: Buffer;
  readonly length: number;
  /** Instructions whose operand is still 0. */
  readonly blanks: readonly { readonly place: number; readonly blank: Blank }[];
};

type Instruction = { readonly code: number; readonly yes: number; readonly no: number; readonly k: Operand };

// include/uapi/linux/bpf_common.h and seccomp.h
const LOAD_WORD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const RETURN = 0x06;
const JUMP_IF = { equal: 0x15, 'at-least': 0x35, 'any-bit-of': 0x45 } as const;
const RETURNED = { allow: 0x7fff_0000, refuse: 0x0005_0000, kill: 0x8000_0000 } as const;
export const INSTRUCTION_BYTES = 8;
/** How far a conditional jump reaches. */
const NEAR = 255;

const instruction = (code: number, k: Operand, yes = 0, no = 0): Instruction => ({ code, yes, no, k });

/** `loaded`: the word that is in the accumulator already. */
function translate(rule: Rule, loaded?: number): readonly Instruction[] {
  if ('act' in rule) {
    return [instruction(RETURN, RETURNED[rule.act] + (rule.act === 'refuse' ? rule.errno : 0))];
  }
  const { word, mask, is, operand } = rule.test;
  const kept = mask === undefined ? word : undefined;
  const yes = translate(rule.yes, kept);
  const no = translate(rule.no, kept);
  const isNear = yes.length <= NEAR;
  return [
    ...(loaded === word ? [] : [instruction(LOAD_WORD, word)]),
    ...(mask === undefined ? [] : [instruction(AND, mask)]),
    instruction(JUMP_IF[is], operand, isNear ? 0 : 1, isNear ? yes.length : 0),
    ...(isNear ? [] : [instruction(JUMP, yes.length)]),
    ...yes,
    ...no,
  ];
}

/** A copy of the program's bytes with a number in each of the blanks. */
export function fillBlanks(program: Program, values: { readonly [blank in Blank]?: number }): Buffer {
  const bytes = Buffer.from(program.bytes);
  for (const { place, blank } of program.blanks) bytes.writeUInt32LE(values[blank] ?? 0, place * INSTRUCTION_BYTES + 4);
  return bytes;
}

export function assemble(rule: Rule): Program {
  const instructions = translate(rule);
  const bytes = Buffer.alloc(instructions.length * INSTRUCTION_BYTES);
  for (const [place, { code, yes, no, k }] of instructions.entries()) {
    const at = place * INSTRUCTION_BYTES;
    bytes.writeUInt16LE(code, at);
    bytes.writeUInt8(yes, at + 2);
    bytes.writeUInt8(no, at + 3);
    bytes.writeUInt32LE(typeof k === 'number' ? k : 0, at + 4);
  }
  const blanks = instructions.flatMap(({ k }, place) => (typeof k === 'number' ? [] : [{ place, blank: k }]));
  return { bytes, length: instructions.length, blanks };
}
