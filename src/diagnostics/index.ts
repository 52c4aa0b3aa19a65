export { CODES, type Code } from "./codes.js";
export { type Problem, problemToJson, RingfenceError, sortProblems } from "./error.js";
export { type Palette, PLAIN, renderProblem } from "./render.js";
export { formatSpan, type Location, lineOf, locate, type Source, type Span } from "./span.js";
export { suggest } from "./suggest.js";
