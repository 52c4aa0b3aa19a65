import type { DeclareCommand } from "../command.js";
import { check } from "./check.js";
import { compile } from "./compile.js";
import { completion } from "./completion.js";
import { demo } from "./demo.js";
import { down } from "./down.js";
import { explain } from "./explain.js";
import { importManifests } from "./import.js";
import { init } from "./init.js";
import { logs } from "./logs.js";
import { map } from "./map.js";
import { rego } from "./rego.js";
import { restart } from "./restart.js";
import { status } from "./status.js";
import { token } from "./token.js";
import { up } from "./up.js";
import { verify } from "./verify.js";

/** In the order of `ringfence --help`: the order of the work. */
export const COMMANDS: readonly DeclareCommand[] = [
  init,
  importManifests,
  check,
  map,
  compile,
  verify,
  demo,
  up,
  status,
  logs,
  restart,
  down,
  token,
  rego,
  explain,
  completion,
];
