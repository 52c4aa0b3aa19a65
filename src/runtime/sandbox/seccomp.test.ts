/** The filter's program, run by an interpreter of its own: every path of it, on both architectures, also those absent here. */
import { describe, expect, it } from "vitest";
import { seccompProgram } from "./seccomp.js";

interface Call {
  readonly arch: number;
  readonly number: number;
  readonly arguments?: readonly number[];
}

const X86_64 = 0xc000003e;
const AARCH64 = 0xc00000b7;
const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const errno = (code: number): number => 0x00050000 + code;

/** Classic BPF as far as linux/bpf_common.h and the filter go; anything else is an error, as it is for the kernel. */
function run(program: Buffer, call: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.arch, 4);
  for (const [index, value] of (call.arguments ?? []).entries()) data.writeUInt32LE(value >>> 0, 16 + 8 * index);
  let loaded = 0;
  for (let at = 0; at < program.length / 8; at++) {
    const code = program.readUInt16LE(at * 8);
    const [jumpTrue = 0, jumpFalse = 0] = program.subarray(at * 8 + 2, at * 8 + 4);
    const k = program.readUInt32LE(at * 8 + 4);
    const branch = (isTrue: boolean): void => {
      at += isTrue ? jumpTrue : jumpFalse;
    };
    switch (code) {
      case 0x20:
        loaded = data.readUInt32LE(k);
        break;
      case 0x54:
        loaded = (loaded & k) >>> 0;
        break;
      case 0x15:
        branch(loaded === k);
        break;
      case 0x25:
        branch(loaded > k);
        break;
      case 0x45:
        branch((loaded & k) !== 0);
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`operation ${code} at ${at}`);
    }
  }
  throw new Error("the program ends without an answer");
}

describe.each([
  {
    architecture: "x64",
    arch: X86_64,
    read: 0,
    openat: 257,
    socket: 41,
    clone: 56,
    ioctl: 16,
    personality: 135,
    mount: 165,
  },
  {
    architecture: "arm64",
    arch: AARCH64,
    read: 63,
    openat: 56,
    socket: 198,
    clone: 220,
    ioctl: 29,
    personality: 92,
    mount: 40,
  },
])("the filter for $architecture", ({ architecture, arch, read, openat, socket, clone, ioctl, personality, mount }) => {
  const program = seccompProgram(architecture) ?? Buffer.alloc(0);
  const judge = (number: number, ...args: number[]): number => run(program, { arch, number, arguments: args });

  it("answers every number", () => {
    const answers = new Map<number, number>();
    for (let number = 0; number < 1024; number++) {
      const answer = judge(number);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
    expect(new Set(answers.keys())).toEqual(new Set([ALLOW, errno(1), errno(38), errno(97)]));
    expect(program.length / 8).toBeLessThan(4096);
  });

  it("lets through what programs live on", () => {
    for (const number of [read, openat]) expect(judge(number)).toBe(ALLOW);
    expect(judge(clone, 0x003d0f00)).toBe(ALLOW);
    expect(judge(ioctl, 0, 0x5401)).toBe(ALLOW);
    expect(judge(personality, 0xffffffff)).toBe(ALLOW);
    for (const args of [
      [1, 1, 0],
      [2, 0x80801, 0],
      [2, 1, 6],
      [10, 2, 17],
      [16, 3, 0],
    ]) {
      expect(judge(socket, ...args)).toBe(ALLOW);
    }
  });

  it("refuses mounting, other namespaces, other protocols, other terminals' input", () => {
    expect(judge(mount)).toBe(errno(1));
    for (const flag of [0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000]) {
      expect(judge(clone, flag | 0x11)).toBe(errno(1));
    }
    expect(judge(ioctl, 0, 0x5412)).toBe(errno(1));
    expect(judge(ioctl, 0, 0x541c)).toBe(errno(1));
    expect(judge(personality, 0x0400000)).toBe(errno(1));
    for (const args of [
      [16, 3, 12],
      [17, 3, 0],
      [38, 5, 0],
      [40, 1, 0],
      [2, 3, 1],
      [2, 5, 132],
      [2, 1, 132],
      [10, 2, 136],
    ]) {
      expect(judge(socket, ...args)).toBe(errno(97));
    }
    expect(judge(435)).toBe(errno(38));
    expect(judge(457)).toBe(errno(38));
    expect(judge(0x40000000 + read)).toBe(errno(38));
  });

  it("ends calls of another architecture's numbering", () => {
    expect(run(program, { arch: 0x40000003, number: read })).toBe(KILL);
    expect(run(program, { arch: arch === X86_64 ? AARCH64 : X86_64, number: read })).toBe(KILL);
  });
});

it("is not there where the calls are not known", () => {
  expect(seccompProgram("riscv64")).toBeUndefined();
});
