export { type WholeFileOptions, writeWholeFile } from "./whole-file.js";
