import { RegoError } from "../error.js";

/** What is wrong with a bundle, of the file in it that is wrong. */
export function bundleError(file: string, message: string, hint?: string): RegoError {
  return new RegoError([
    {
      code: "rego_compile_error",
      message: `bundle ${file}: ${message}`,
      ...(hint === undefined ? {} : { hint }),
    },
  ]);
}
