/** Writes tar archives, honest and hostile ones. */
import { gzipSync } from "node:zlib";

export interface TarEntry {
  readonly path: string;
  readonly text?: string;
  readonly type?: string;
  /** The size in the header, when it is not that of the text. */
  readonly size?: string | undefined;
  readonly badChecksum?: boolean;
}

const BLOCK = 512;

function entry({ path, text = "", type = "0", size, badChecksum }: TarEntry): Buffer {
  const content = Buffer.from(text);
  const header = Buffer.alloc(BLOCK);
  header.write(path.slice(0, 100), 0);
  header.write("0000644\0", 100);
  header.write(size ?? `${content.length.toString(8).padStart(11, "0")}\0`, 124, 12, "latin1");
  header.write("        ", 148);
  header.write(type, 156);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, badChecksum === true ? 1 : 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padded = Buffer.alloc(Math.ceil(content.length / BLOCK) * BLOCK);
  content.copy(padded);
  return Buffer.concat([header, padded]);
}

export function pax(fields: Readonly<Record<string, string>>): TarEntry {
  const records = Object.entries(fields).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest);
    while (String(length).length + Buffer.byteLength(rest) !== length)
      length = String(length).length + Buffer.byteLength(rest);
    return `${length}${rest}`;
  });
  return { path: "pax", type: "x", text: records.join("") };
}

export function tarGz(entries: readonly TarEntry[]): Buffer {
  return gzipSync(Buffer.concat([...entries.map(entry), Buffer.alloc(2 * BLOCK)]));
}
