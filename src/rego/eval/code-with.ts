/** Code for `with`: from a frame to the context in which its literal runs. */
import type { NormalWith } from "../compile/normal-form.js";
import { isFunctionName } from "../compile/variables.js";
import type { Value } from "../value/index.js";
import { invoker, mockKey } from "./code-call.js";
import type { Linkage, TermCoder } from "./code-term.js";
import { Context, type Frame, type Getter, type Mock } from "./frame.js";
import { type Override, override, replaceAt } from "./overrides.js";

interface Draft {
  input: Value | undefined;
  overrides: Override | undefined;
  mocks: Map<string, Mock> | undefined;
}

type Change = (frame: Frame, draft: Draft) => boolean;

/** The context for the literal, or undefined when a replacement has no value. */
export function withCode(
  withs: readonly NormalWith[],
  coder: TermCoder,
  linkage: Linkage,
): (frame: Frame) => Context | undefined {
  const changes = withs.map((each) => changeCode(each, coder, linkage));
  return (frame) => {
    const { context } = frame;
    const draft: Draft = { input: context.input, overrides: context.overrides, mocks: undefined };
    if (context.mocks !== undefined) draft.mocks = new Map(context.mocks);
    for (const change of changes) if (!change(frame, draft)) return undefined;
    return new Context(context.session, draft.input, context.data, context.paths, draft.overrides, draft.mocks);
  };
}

function changeCode({ target, value }: NormalWith, coder: TermCoder, linkage: Linkage): Change {
  if (isFunctionName(value)) {
    const { callee } = value;
    const call = invoker(callee, linkage);
    const key = targetKey(target);
    return (_frame, draft) => {
      draft.mocks ??= new Map();
      draft.mocks.set(key, { call: (args, context) => call(context, args) });
      return true;
    };
  }
  const getter: Getter = coder.getter(value);
  return (frame, draft) => {
    const replacement = getter(frame);
    if (replacement === undefined) return false;
    switch (target.kind) {
      case "input":
        draft.input = replaceAt(draft.input, target.path, replacement);
        break;
      case "data":
        draft.overrides = override(draft.overrides, target.path, replacement);
        break;
      default:
        draft.mocks ??= new Map();
        draft.mocks.set(targetKey(target), { value: replacement });
    }
    return true;
  };
}

function targetKey(target: NormalWith["target"]): string {
  if (target.kind === "builtin") return mockKey({ kind: "builtin", name: target.name });
  return mockKey({ kind: "function", path: target.kind === "function" ? target.path : [] });
}
