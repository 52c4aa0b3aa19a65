/**
 * Decisions as JSON lines in one append-only file. Appends that come while a write is under way go out together in the
 * next one, so that a busy proxy pays one system call for many decisions; each append resolves when its bytes are with
 * the operating system, and survives the end of this process from then on.
 *
 * The queue is bounded: a disk that does not keep up denies, instead of eating the memory.
 */
import { type FileHandle, open } from "node:fs/promises";
import { RingfenceError } from "../../diagnostics/index.js";
import type { DecisionEvent, DecisionLog } from "./decision.js";

const MAX_WAITING = 10_000;

interface Waiting {
  readonly line: string;
  readonly done: (error?: unknown) => void;
}

export class JsonLinesLog implements DecisionLog {
  readonly #file: FileHandle;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  /** bytes of a line that a full disk cut; the next write must start on a line of its own */
  #isCut = false;
  #closed = false;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens (or creates, readable by its owner alone) the file. @throws FILE_UNWRITABLE */
  static async open(path: string): Promise<JsonLinesLog> {
    try {
      const file = await open(path, "a", 0o600);
      const { size } = await file.stat();
      const log = new JsonLinesLog(file);
      log.#isCut = size > 0 && !(await endsLine(path, size));
      return log;
    } catch (cause) {
      throw new RingfenceError({ code: "FILE_UNWRITABLE", message: `cannot write \`${path}\`` }, { cause });
    }
  }

  append(event: DecisionEvent): Promise<void> {
    if (this.#closed) return Promise.reject(new Error("the decision log is closed"));
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(new Error("the decision log does not keep up"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        line: `${JSON.stringify(event)}\n`,
        done: (error) => (error === undefined ? resolve() : reject(error)),
      });
      this.#writing ??= this.#drain();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#file.close();
  }

  async #drain(): Promise<void> {
    // Let everything that is decided in this turn of the event loop go out in one write.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      let failure: unknown;
      try {
        await this.#write(`${this.#isCut ? "\n" : ""}${batch.map(({ line }) => line).join("")}`);
      } catch (error) {
        failure = error;
      }
      for (const { done } of batch) done(failure);
    }
    this.#writing = undefined;
  }

  async #write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      try {
        const { bytesWritten } = await this.#file.write(bytes, at);
        if (bytesWritten === 0) throw new Error("nothing was written");
        at += bytesWritten;
        this.#isCut = bytes[at - 1] !== 0x0a;
      } catch (error) {
        if (at > 0) this.#isCut = bytes[at - 1] !== 0x0a;
        throw error;
      }
    }
  }
}

async function endsLine(path: string, size: number): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const last = Buffer.alloc(1);
    await file.read(last, 0, 1, size - 1);
    return last[0] === 0x0a;
  } finally {
    await file.close();
  }
}
