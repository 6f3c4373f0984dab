// Tests of a call's arguments, for rules. An argument is 64 bits wide, classic BPF looks at 32: what the kernel takes as an
// `int` is tested by its lower half, as the kernel does; pointers and tokens by both.

import { ALLOW, type Operand, type Rule, refuse, type Test } from './rule.ts';

// include/uapi/asm-generic/errno-base.h, errno.h
export const EPERM = 1;
export const ENOTTY = 25;
export const ENOSYS = 38;

/** `offsetof(struct seccomp_data, …)`. Little-endian: the lower half comes first. */
export const NUMBER_WORD = 0;
export const ARCH_WORD = 4;
export const lowWord = (argument: number): number => 16 + 8 * argument;
export const highWord = (argument: number): number => lowWord(argument) + 4;

const test = (argument: number, is: Test['is'], operand: Operand): Test => ({ word: lowWord(argument), is, operand });

export const DENY = refuse(EPERM);

/** `yes` when the argument, an int, is one of the values; else `no`. */
export function whenOneOf(argument: number, values: readonly Operand[], yes: Rule, no: Rule): Rule {
  return values.reduceRight<Rule>((rest, value) => ({ test: test(argument, 'equal', value), yes, no: rest }), no);
}

/** `yes` when the argument, an int, has any of the bits; else `no`. */
export function whenAnyBit(argument: number, bits: number, yes: Rule, no: Rule): Rule {
  return { test: test(argument, 'any-bit-of', bits), yes, no };
}

/** `yes` when the argument, an int, is `value` once all but the bits of `mask` are taken away; else `no`. */
export function whenMasked(argument: number, mask: number, options: { value: number; yes: Rule; no: Rule }): Rule {
  const { value, yes, no } = options;
  return { test: { ...test(argument, 'equal', value), mask }, yes, no };
}

/** `yes` when all 64 bits of the argument are 0, or those of the launch's token; else `no`. */
export function whenWhole(argument: number, value: 'nothing' | 'token', yes: Rule, no: Rule): Rule {
  const [low, high]: readonly Operand[] = value === 'token' ? ['token-low', 'token-high'] : [0, 0];
  const half = (word: number, operand: Operand, then: Rule): Rule => ({
    test: { word, is: 'equal', operand },
    yes: then,
    no,
  });
  return half(lowWord(argument), low ?? 0, half(highWord(argument), high ?? 0, yes));
}

/** Allowed when the argument is one of the values, or has none of the bits; refused otherwise. */
export const allowOneOf = (argument: number, values: readonly Operand[], no: Rule = DENY): Rule =>
  whenOneOf(argument, values, ALLOW, no);
export const denyOneOf = (argument: number, values: readonly Operand[]): Rule =>
  whenOneOf(argument, values, DENY, ALLOW);
export const denyAnyBit = (argument: number, bits: number, no: Rule = ALLOW): Rule =>
  whenAnyBit(argument, bits, DENY, no);
