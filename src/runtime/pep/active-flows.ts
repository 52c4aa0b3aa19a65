/**
 * What was let through and still goes on. When the policy changes, each of these is asked about again, and what is no
 * longer allowed is cut: a rule that is gone must not live on in a connection that it once opened.
 */
import type { DecisionRequest } from "../decision/index.js";

interface Active {
  readonly request: DecisionRequest;
  readonly cut: () => void;
}

export class ActiveFlows {
  readonly #active = new Set<Active>();
  #undecided = 0;

  /** Flows that go on, and those that wait for their decision. */
  get size(): number {
    return this.#active.size + this.#undecided;
  }

  /** Counts a request until it is decided, so that no burst gets past a bound on {@link size}. */
  async deciding<T>(decide: () => Promise<T>): Promise<T> {
    this.#undecided++;
    try {
      return await decide();
    } finally {
      this.#undecided--;
    }
  }

  /** Remembers a flow until the returned function is called. */
  add(request: DecisionRequest, cut: () => void): () => void {
    const entry: Active = { request, cut };
    this.#active.add(entry);
    return () => this.#active.delete(entry);
  }

  /** Asks about each flow again and cuts those for which the answer is no, or an error. */
  async recheck(isAllowed: (request: DecisionRequest) => Promise<boolean>): Promise<number> {
    let cut = 0;
    for (const entry of [...this.#active]) {
      const allowed = await isAllowed(entry.request).catch(() => false);
      if (!allowed && this.#active.delete(entry)) {
        entry.cut();
        cut++;
      }
    }
    return cut;
  }

  cutAll(): void {
    for (const entry of this.#active) entry.cut();
    this.#active.clear();
  }
}
