import { RingfenceError } from "../../../diagnostics/index.js";
import { type Difference, type Differences, diffClusters } from "../../../verify/index.js";
import { type Cli, deliver } from "../../command.js";
import { modelOf } from "./assumptions.js";
import { clusterAt, type VerifyFlags } from "./input.js";

/** `verify --diff A B`: what became reachable or unreachable; exit code 1 when anything did. */
export async function diff(cli: Cli, paths: readonly string[], flags: VerifyFlags): Promise<void> {
  const [before, after, ...more] = paths;
  if (before === undefined || after === undefined || more.length > 0) {
    throw new RingfenceError({ code: "USAGE", message: "--diff takes two paths: before and after" });
  }
  const model = modelOf(flags.assume ?? []);
  const [a, b] = [clusterAt(cli, [before], flags), clusterAt(cli, [after], flags)];
  cli.terminal.step("comparing");
  const found = diffClusters(a, b, model);
  const text = flags.json === true || flags.format === "json" ? JSON.stringify(found, null, 2) : inWords(found, cli);
  await deliver(cli, text, flags.output);
  const failing = found.differences.filter(({ kind }) => kind !== "unknown" || flags.allowUnknown !== true);
  if (failing.length + found.added.length + found.removed.length > 0) cli.exit(1);
}

const WORDS: Readonly<Record<Difference["kind"], string>> = {
  opened: "now reachable",
  closed: "no longer reachable",
  unknown: "changed, and how far cannot be told",
};

function inWords({ differences, added, removed, compared }: Differences, cli: Cli): string {
  const { palette } = cli.terminal;
  const lines = differences.map(({ kind, from, to, protocol, port, unnamed, command }) => {
    const place = `${from} → ${to}:${port}${protocol === "TCP" ? "" : `/${protocol}`}${unnamed ? " (as any port that nobody names)" : ""}`;
    const head = `${(kind === "opened" ? palette.red : palette.yellow)(`${WORDS[kind]}:`)} ${place}`;
    return command === undefined ? head : `${head}\n  ${palette.dim("request:")} ${command}`;
  });
  const workloads = [...added.map((id) => `new workload: ${id}`), ...removed.map((id) => `workload is gone: ${id}`)];
  const opened = differences.filter(({ kind }) => kind === "opened").length;
  const closed = differences.filter(({ kind }) => kind === "closed").length;
  const total = `${compared} connections compared: ${opened} opened, ${closed} closed, ${differences.length - opened - closed} unknown`;
  return [...workloads, ...lines, total].join("\n");
}
