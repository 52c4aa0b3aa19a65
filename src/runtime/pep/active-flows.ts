/**
 * What was let through and still goes on. When the policy changes, each of these is asked about again, and what is no
 * longer allowed is cut: a rule that is gone must not live on in a connection that it once opened. Nor in one that it
 * was about to open: who was asked about before the change and starts after it is asked about again as well.
 */
import type { DecisionRequest } from "../decision/index.js";

interface Active {
  readonly request: DecisionRequest;
  readonly cut: () => void;
}

/** Whether a flow may go on; an error is a no. */
export type StillAllowed = (request: DecisionRequest) => Promise<boolean>;

export class ActiveFlows {
  readonly #active = new Set<Active>();
  #undecided = 0;
  /** how often everything was asked about again */
  #changes = 0;
  #isAllowed: StillAllowed = async () => false;

  /** Flows that go on, and those that wait for their decision. */
  get size(): number {
    return this.#active.size + this.#undecided;
  }

  /**
   * Counts a request until it is decided, so that no burst gets past a bound on {@link size}.
   * @param decide is told as of which policy it decides, which {@link add} wants to know
   */
  async deciding<T>(decide: (asOf: number) => Promise<T>): Promise<T> {
    this.#undecided++;
    try {
      return await decide(this.#changes);
    } finally {
      this.#undecided--;
    }
  }

  /** Remembers a flow until the returned function is called. */
  add(request: DecisionRequest, asOf: number, cut: () => void): () => void {
    const entry: Active = { request, cut };
    this.#active.add(entry);
    if (asOf !== this.#changes) void this.#judge(entry);
    return () => this.#active.delete(entry);
  }

  /** Asks about each flow again and cuts those for which the answer is no, or an error. */
  async recheck(isAllowed: StillAllowed): Promise<number> {
    this.#changes++;
    this.#isAllowed = isAllowed;
    // All at once: a decision point that is slow must not let the last of them go on until it has said no to the others.
    const cut = await Promise.all([...this.#active].map((entry) => this.#judge(entry)));
    return cut.filter(Boolean).length;
  }

  cutAll(): void {
    for (const entry of this.#active) entry.cut();
    this.#active.clear();
  }

  /** @returns whether the flow was cut */
  async #judge(entry: Active): Promise<boolean> {
    const isAllowed = await this.#isAllowed(entry.request).catch(() => false);
    if (isAllowed || !this.#active.delete(entry)) return false;
    entry.cut();
    return true;
  }
}
