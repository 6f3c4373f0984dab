// The kernel's classic BPF as far as seccomp has it, for tests: runs a filter's bytes over a call. Written from
// Documentation/networking/filter.rst and include/uapi/linux/{bpf_common,seccomp}.h, not from the code that makes filters.

export type Call = {
  readonly number: number;
  readonly arch: number;
  /** Absent ones are 0. */
  readonly args?: readonly bigint[];
};

const RETURNED = new Map([
  [0x7fff_0000, 'allow'],
  [0x8000_0000, 'kill'],
]);

/** `struct seccomp_data`: nr, arch, instruction_pointer, args[6]. */
function dataOf({ number, arch, args = [] }: Call): DataView {
  const view = new DataView(new ArrayBuffer(64));
  view.setUint32(0, number, true);
  view.setUint32(4, arch, true);
  for (const [place, value] of args.entries()) view.setBigUint64(16 + 8 * place, BigInt.asUintN(64, value), true);
  return view;
}

/** `allow`, `kill`, or the number of the error. @throws for a filter that the kernel would not load */
export function runFilter(bytes: Buffer, call: Call): 'allow' | 'kill' | number {
  const data = dataOf(call);
  let accumulator = 0;
  for (let at = 0; ; at += 8) {
    if (at + 8 > bytes.length) throw new Error('it runs past the end');
    const code = bytes.readUInt16LE(at);
    const k = bytes.readUInt32LE(at + 4);
    const jump = (holds: boolean) => bytes.readUInt8(at + (holds ? 2 : 3)) * 8;
    switch (code) {
      case 0x20:
        if (k % 4 !== 0 || k >= 64) throw new Error('it loads what is not there');
        accumulator = data.getUint32(k, true);
        break;
      case 0x54:
        accumulator = (accumulator & k) >>> 0;
        break;
      case 0x05:
        at += k * 8;
        break;
      case 0x15:
        at += jump(accumulator === k);
        break;
      case 0x35:
        at += jump(accumulator >= k);
        break;
      case 0x45:
        at += jump((accumulator & k) !== 0);
        break;
      case 0x06: {
        const known = RETURNED.get(k);
        if (known !== undefined) return known as 'allow' | 'kill';
        if (k >>> 16 !== 0x0005) throw new Error('it returns what seccomp has no action for');
        return k & 0xffff;
      }
      default:
        throw new Error(`it has the instruction ${code}`);
    }
  }
}
