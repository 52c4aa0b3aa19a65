import type { DeclareCommand } from "../command.js";
import { check } from "./check.js";
import { compile } from "./compile.js";
import { completion } from "./completion.js";
import { explain } from "./explain.js";
import { init } from "./init.js";

/** In the order of `ringfence --help`: the order of the work. */
export const COMMANDS: readonly DeclareCommand[] = [init, check, compile, explain, completion];
