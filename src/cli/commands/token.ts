import { RingfenceError } from "../../diagnostics/index.js";
import { type DeclareCommand, examples } from "../command.js";
import { namesRunning, orderRunning, type RunningOptions } from "./running.js";

interface Options extends RunningOptions {
  readonly role?: readonly string[];
  readonly user?: string;
  readonly identity?: string;
  readonly ttl?: string;
  readonly json?: true;
}

export const token: DeclareCommand = (program, cli) => {
  namesRunning(program.command("token"))
    .description("print a token of the development issuer, for the workflow that runs here and no other")
    .option("--role <name>", "a role that it holds; may be given several times", collect)
    .option("--user <name>", "whose token it is", "developer")
    .option("--identity <name>", "the identity provider that it stands for, when there are several")
    .option("--ttl <seconds>", "how long it is valid, up to 3600", "900")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples([
        'token --role adjuster | xargs -I{} curl --cacert CA -H "Authorization: Bearer {}" URL',
        "call an edge as an adjuster",
      ]),
    )
    .action(async (options: Options) => {
      const ttlSeconds = Number(options.ttl);
      if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > 3600) {
        throw new RingfenceError({ code: "USAGE", message: `--ttl takes 1 to 3600 seconds, not \`${options.ttl}\`` });
      }
      const issued = await orderRunning(options, "token", {
        roles: options.role ?? [],
        subject: options.user,
        ttlSeconds,
        ...(options.identity === undefined ? {} : { identity: options.identity }),
      });
      if (options.json === true) cli.terminal.json({ token: String(issued), expiresInSeconds: ttlSeconds });
      else cli.terminal.result(String(issued));
    });
};

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}
