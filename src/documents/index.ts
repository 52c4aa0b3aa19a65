export { Document, type Json, type JsonObject, type PathStep } from "./document.js";
export { type Reading, readDocuments } from "./read.js";
