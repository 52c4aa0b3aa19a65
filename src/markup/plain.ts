const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is the place that removes them
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]|\p{Cs}/gu;

/** Control and direction-changing characters made visible: no name may reorder or rewrite what stands beside it. */
export function plain(text: string): string {
  return text.replace(UNSEEN, "·");
}
