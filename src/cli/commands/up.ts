import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { basename, dirname } from "node:path";
import { RingfenceError } from "../../diagnostics/index.js";
import { readSource } from "../../files/index.js";
import { reapplyWorkflow, runWorkflow } from "../../ringfence.js";
import { order, type StandIn, type Status, type Supervisor } from "../../runtime/index.js";
import { type Cli, choice, type DeclareCommand, examples } from "../command.js";
import { namesRunning, stateFor } from "./running.js";
import { renderStatus } from "./status.js";

interface Options {
  readonly file: string;
  readonly state?: string;
  readonly issuers: string;
  readonly opa?: string;
  readonly standIn?: readonly string[];
  readonly secrets?: string;
  readonly watch?: true;
  readonly detach?: true;
  readonly json?: true;
}

const SETTLE_MS = 150;

export const up: DeclareCommand = (program, cli) => {
  namesRunning(program.command("up"))
    .description("run the workflow on this machine: identities, mutual TLS, decisions, sandboxes")
    .option("--issuers <which>", "whose tokens count: development (see `ringfence token`) or declared", "development")
    .option("--opa <url>", "let an OPA that has the compiled bundle decide, e.g. http://127.0.0.1:8181")
    .option("--stand-in <name=host:port[,ca]>", "something here that stands in for a declared host outside", collect)
    .option("--secrets <folder>", "one file for each secret of the workflow, mounted to who uses it")
    .option("--watch", "apply the workflow file again whenever it changes")
    .option("--detach", "return once everything serves, and leave it running")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      examples(
        ["up", "run ringfence.yaml here until Ctrl-C"],
        ["up --watch", "and apply every change of the file"],
        ["up --detach && ringfence status", "in the background"],
      ),
    )
    .action(async (options: Options) => {
      if (options.detach === true) await startDetached(cli, options);
      else await runHere(cli, options);
    });
};

async function runHere(cli: Cli, options: Options): Promise<void> {
  const { file, state, opa, secrets } = options;
  const supervisor = await runWorkflow(file, {
    issuers: choice("--issuers", options.issuers, ["development", "declared"] as const),
    standIns: standInsOf(options.standIn ?? []),
    note: (line) => cli.terminal.note(line),
    ...(state === undefined ? {} : { stateFolder: state }),
    ...(opa === undefined ? {} : { opa }),
    ...(secrets === undefined ? {} : { secretsFolder: secrets }),
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void supervisor.stop());
  warnAdvisory(cli, supervisor.status());
  cli.terminal.step(`starting ${supervisor.status().workflow}`);
  try {
    await supervisor.ready();
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  const status = supervisor.status();
  if (options.json === true) cli.terminal.json(status);
  else cli.terminal.result(renderStatus(status, cli.terminal.palette));
  const unwatch = options.watch === true ? watchFile(cli, file, supervisor) : undefined;
  await supervisor.stopped;
  unwatch?.();
}

/** Said loudly and first: what follows runs without walls. */
function warnAdvisory(cli: Cli, { isolation }: Status): void {
  if (isolation.kind !== "advisory") return;
  cli.terminal.note(
    `advisory: workloads run WITHOUT isolation here: ${isolation.reason}.\nadvisory: each can reach this machine's network, files and processes; only what goes through its proxy is decided on.`,
  );
}

function watchFile(cli: Cli, file: string, supervisor: Supervisor): () => void {
  let timer: NodeJS.Timeout | undefined;
  const apply = (): void => {
    reapplyWorkflow(file, supervisor).then(
      () => cli.terminal.note(`${file} was applied`),
      (error: unknown) => {
        const known =
          error instanceof RingfenceError
            ? error
            : new RingfenceError({ code: "INTERNAL", message: error instanceof Error ? error.message : String(error) });
        cli.terminal.fail(known, false);
        cli.terminal.note("the last good workflow stays in force");
      },
    );
  };
  // The folder, because editors replace the file.
  const watcher = watch(dirname(file), (_event, name) => {
    if (name !== null && name !== basename(file) && !name.endsWith(".rego")) return;
    clearTimeout(timer);
    timer = setTimeout(apply, SETTLE_MS);
  });
  return () => watcher.close();
}

async function startDetached(cli: Cli, options: Options): Promise<void> {
  const state = stateFor(options);
  const args = process.argv.slice(2).filter((argument) => argument !== "--detach" && argument !== "--json");
  const child = spawn(process.execPath, [process.argv[1] ?? "", ...args], {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  let exitCode: number | null = null;
  child.once("exit", (code) => {
    exitCode = code ?? 70;
  });
  cli.terminal.step(`starting ${state.workflow}`);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (exitCode !== null) {
      cli.terminal.note(said);
      cli.exit(exitCode);
      return;
    }
    const status = (await order(state.socket, "status").catch(() => undefined)) as Status | undefined;
    if (status?.pid !== child.pid || status?.workloads.some(({ state: is }) => is !== "ready") !== false) continue;
    warnAdvisory(cli, status);
    if (options.json === true) cli.terminal.json(status);
    else cli.terminal.result(renderStatus(status, cli.terminal.palette));
    child.stderr.destroy();
    child.unref();
    return;
  }
}

function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

function standInsOf(values: readonly string[]): Record<string, StandIn> {
  const standIns: Record<string, StandIn> = {};
  for (const value of values) {
    const match = /^([A-Za-z0-9_-]+)=([^:,]+):([0-9]{1,5})(?:,(.+))?$/.exec(value);
    if (match === null) {
      const message = `--stand-in takes NAME=HOST:PORT or NAME=HOST:PORT,CA-FILE, not \`${value}\``;
      throw new RingfenceError({ code: "USAGE", message });
    }
    const [, name = "", host = "", port = "", ca] = match;
    standIns[name] = { host, port: Number(port), ...(ca === undefined ? {} : { ca: readSource(ca).text }) };
  }
  return standIns;
}
