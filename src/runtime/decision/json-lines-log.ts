/**
 * Decisions as JSON lines in one append-only file. Everything that is decided in one turn of the event loop goes out in
 * one write, so that a busy proxy pays one system call for many decisions; each append resolves when its bytes are with
 * the operating system, and survives the end of this process from then on.
 *
 * The write is synchronous: it takes some ten microseconds, where a round through the thread pool costs each request
 * two changes of thread, which on a busy machine are milliseconds. The queue is bounded all the same.
 */
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { RingfenceError } from "../../diagnostics/index.js";
import type { DecisionEvent, DecisionLog } from "./decision.js";

const MAX_WAITING = 10_000;
const LINE_FEED = 0x0a;

/** What goes out in one write, and who waits for it. */
interface Batch {
  text: string;
  count: number;
  readonly written: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class JsonLinesLog implements DecisionLog {
  readonly #file: number;
  #batch: Batch | undefined;
  /** a line that a full disk cut stands at the end; the next write must start on a line of its own */
  #isCut: boolean;
  #isClosed = false;

  private constructor(file: number, isCut: boolean) {
    this.#file = file;
    this.#isCut = isCut;
  }

  /** Opens (or creates, readable by its owner alone) the file. @throws FILE_UNWRITABLE */
  static open(path: string): JsonLinesLog {
    try {
      const isCut = endsInsideLine(path);
      return new JsonLinesLog(openSync(path, "a", 0o600), isCut);
    } catch (cause) {
      throw new RingfenceError({ code: "FILE_UNWRITABLE", message: `cannot write \`${path}\`` }, { cause });
    }
  }

  append(event: DecisionEvent): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error("the decision log is closed"));
    this.#batch ??= this.#newBatch();
    const batch = this.#batch;
    if (batch.count >= MAX_WAITING) return Promise.reject(new Error("the decision log does not keep up"));
    batch.text += `${JSON.stringify(event)}\n`;
    batch.count++;
    return batch.written;
  }

  #newBatch(): Batch {
    setImmediate(() => this.#drain());
    let resolve = (): void => undefined;
    let reject = (_error: unknown): void => undefined;
    const written = new Promise<void>((onWritten, onFailed) => {
      resolve = onWritten;
      reject = onFailed;
    });
    return { text: "", count: 0, written, resolve, reject };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#drain();
    closeSync(this.#file);
  }

  #drain(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    try {
      this.#write(`${this.#isCut ? "\n" : ""}${batch.text}`);
      batch.resolve();
    } catch (error) {
      batch.reject(error);
    }
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      const written = writeSync(this.#file, bytes, at);
      if (written === 0) throw new Error("nothing was written");
      at += written;
      this.#isCut = bytes[at - 1] !== LINE_FEED;
    }
  }
}

function endsInsideLine(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return false;
  }
  try {
    const { size } = fstatSync(file);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== LINE_FEED;
  } finally {
    closeSync(file);
  }
}
