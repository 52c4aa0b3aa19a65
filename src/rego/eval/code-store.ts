/**
 * Code for rule branches, made on first use. Branches that differ in constants only share one shape: the code reads its
 * constants from a table in the frame, so a thousand rules of one form are one hot function and not a thousand cold ones.
 */
import type { NormalBranch, NormalRule, NormalTerm, Place } from "../compile/normal-form.js";
import type { Value } from "../value/index.js";
import type { Frame, FrameSize, Step } from "./frame.js";
import { generate, type Linkage } from "./generate.js";
import type { InputPaths } from "./input-paths.js";
import type { Emission } from "./rule-set.js";
import { shapeOf } from "./shape.js";

export interface ShapeCode {
  readonly size: FrameSize;
  readonly run: Step;
  /** What the frame of a partial rule adds, at the end of its body. */
  emission(frame: Frame): Emission | undefined;
}

export interface BranchCode {
  readonly shape: ShapeCode;
  readonly constants: readonly Value[];
  readonly places: readonly Place[];
}

export class CodeStore {
  readonly indexing: boolean;
  private readonly shapes = new Map<string, ShapeCode>();
  private readonly linkage: Linkage;
  private readonly sharing: boolean;

  /** Without `sharing` each branch has code of its own, which can tell where it is. */
  constructor(linkage: Linkage, options: { sharing: boolean; indexing: boolean }) {
    this.linkage = linkage;
    this.sharing = options.sharing;
    this.indexing = options.indexing;
  }

  get inputPaths(): InputPaths {
    return this.linkage.inputPaths;
  }

  /** Code of one branch; `keyed` for one that starts with the key that its head must have. */
  branch(rule: NormalRule, position: number, keyed: boolean): BranchCode {
    const branch = rule.branches[position] as NormalBranch;
    const heads: NormalTerm[] = [branch.value, ...rule.path, ...(rule.key === undefined ? [] : [rule.key])];
    const form = shapeOf(branch.body, heads);
    const identity = `${rule.kind} ${rule.arity} ${rule.path.length} ${rule.frameSize} ${keyed} ${form.text}`;
    let shape = this.sharing ? this.shapes.get(identity) : undefined;
    if (shape === undefined) {
      shape = generate(rule, branch, keyed, form, this.linkage);
      if (this.sharing) this.shapes.set(identity, shape);
    }
    return { shape, constants: form.constants, places: form.places };
  }
}
