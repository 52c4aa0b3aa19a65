export { globFiles, listFiles, readSource } from "./source.js";
export { type WholeFileOptions, writeWholeFile } from "./whole-file.js";
