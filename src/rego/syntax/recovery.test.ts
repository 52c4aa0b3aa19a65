import { expect, it } from "vitest";
import { parse, RegoError } from "../index.js";

it("gives up what it cannot read within its bounds with a parse error, behind a first mistake as well", () => {
  const open = "[x | ";
  const text = `package t
p := 1 if { [count(_, {}) | ${open.repeat(98)}[${open.repeat(8)}[x |, ${open.repeat(493)}f < 9; e { x = true }] := 1 }
p = x {
x = 1
}
`;
  expect(() => parse(text, "deep.rego")).toThrow(RegoError);
});
