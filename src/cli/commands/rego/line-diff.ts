/** What changes between two texts, line by line, with three lines around each change. */

const AROUND = 3;
/** Product of the changed lines on both sides, beyond which the whole middle is shown as replaced. */
const MAX_CELLS = 4_000_000;

interface Line {
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

export function lineDiff(path: string, before: string, after: string): string {
  const lines = compare(split(before), split(after));
  const shown = new Set<number>();
  lines.forEach(({ sign }, index) => {
    if (sign !== " ") for (let at = index - AROUND; at <= index + AROUND; at++) shown.add(at);
  });
  const out = [`--- ${path}`, `+++ ${path} (formatted)`];
  let old = 1;
  let fresh = 1;
  let open = false;
  lines.forEach(({ sign, text }, index) => {
    if (shown.has(index)) {
      if (!open) out.push(`@@ -${old} +${fresh} @@`);
      out.push(`${sign}${text}`);
    }
    open = shown.has(index);
    if (sign !== "+") old++;
    if (sign !== "-") fresh++;
  });
  return out.join("\n");
}

function split(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}

function compare(before: readonly string[], after: readonly string[]): Line[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail++;
  const same = (text: string): Line => ({ sign: " ", text });
  return [
    ...before.slice(0, head).map(same),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

/** Longest common subsequence of what is between the common head and tail. */
function middle(before: readonly string[], after: readonly string[]): Line[] {
  const width = after.length + 1;
  if (before.length * after.length > MAX_CELLS) {
    return [...before.map((text): Line => ({ sign: "-", text })), ...after.map((text): Line => ({ sign: "+", text }))];
  }
  const common = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      common[i * width + j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: Line[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ sign: " ", text: before[i] ?? "" });
      i++;
      j++;
    } else if (i < before.length && (j === after.length || at(i + 1, j) >= at(i, j + 1)))
      lines.push({ sign: "-", text: before[i++] ?? "" });
    else lines.push({ sign: "+", text: after[j++] ?? "" });
  }
  return lines;
}
