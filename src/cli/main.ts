/** The command line's entry: returns the exit code. */
export async function main(_args: readonly string[]): Promise<number> {
  return 0;
}
