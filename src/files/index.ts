export {
  compareFileSet,
  type FileComparison,
  type FileState,
  RECORD,
  recoverFileSet,
  type SetFile,
  writeFileSet,
} from "./file-set.js";
export { globFiles, listFiles, readSource } from "./source.js";
export { type WholeFileOptions, writeWholeFile } from "./whole-file.js";
