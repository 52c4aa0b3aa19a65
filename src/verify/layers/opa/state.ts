/** A point in a body of Rego, and how one literal leads to the next. */
import type { Local } from "../../../rego/index.js";
import { type Bounds, both, YES } from "../../space/bounds.js";
import type { Element, Symbolic } from "./symbol.js";

/** What the variables hold, under which condition, and the elements that are looked at. */
export interface State {
  readonly slots: readonly (Symbolic | undefined)[];
  readonly when: Bounds;
  readonly over: readonly Element[];
  /** members of a collection were gone through: other states may hold for the same request */
  readonly many: boolean;
}

export type Next = (state: State) => void;
export type NextValue = (state: State, value: Symbolic) => void;

export function bound(state: State, local: Local, value: Symbolic): State {
  const slots = state.slots.slice();
  slots[local.slot] = value;
  return { ...state, slots };
}

export function narrowed(state: State, when: Bounds): State {
  return when === YES ? state : { ...state, when: both(state.when, when) };
}
