/** PEM blocks, read as leniently as Go reads them: text before a block is skipped. */

export interface PemBlock {
  readonly type: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Buffer;
}

const BLOCK =
  /(?:^|\n)-----BEGIN ([^\n-]+)-----[ \t]*\r?\n((?:[A-Za-z0-9-]+:[^\n]*\n)*)\s*([A-Za-z0-9+/=\s]*?)-----END \1-----[ \t]*(?:\r?\n|$)/;

/** The first block and what follows it, or undefined. */
export function decodePem(text: string): { readonly block: PemBlock; readonly rest: string } | undefined {
  const match = BLOCK.exec(text);
  if (match === null) return undefined;
  const [whole, type = "", headerText = "", body = ""] = match;
  const headers = new Map<string, string>();
  for (const line of headerText.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  const base64 = body.replace(/\s/g, "");
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) return undefined;
  return {
    block: { type, headers, bytes: Buffer.from(base64, "base64") },
    rest: text.slice(match.index + whole.length),
  };
}
