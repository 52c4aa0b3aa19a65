import type { DeclareCommand } from "../command.js";
import { check } from "./check.js";
import { compile } from "./compile.js";
import { completion } from "./completion.js";
import { explain } from "./explain.js";
import { importManifests } from "./import.js";
import { init } from "./init.js";

/** In the order of `ringfence --help`: the order of the work. */
export const COMMANDS: readonly DeclareCommand[] = [init, importManifests, check, compile, explain, completion];
