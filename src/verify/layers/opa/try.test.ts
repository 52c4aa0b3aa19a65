import { it } from "vitest";
import { compile } from "../../../rego/index.js";
import { answersOf } from "./decision.js";

const show = (module: string, path = ["p", "allow"]) => {
  const engine = compile([{ file: "p.rego", text: `package p\nimport input.attributes.request.http\n${module}` }]);
  const a = answersOf(engine.normalForm, {}, path, { principal: "spiffe://d", port: 8080, chain: "http", stripsToken: false });
  console.log(module, a.unread.map((p) => p.source.text.slice(p.start, p.end)));
  for (const side of ["may", "must"] as const)
  for (const box of a.allowed[side].boxes(6)) console.log(side, [...box].map(([d, v]) => `${d.key}=${JSON.stringify(v.witness())}`).join(" "));
};
it("tries", () => {
  show(`allow if {
	parts := split(http.headers.authorization, " ")
	lower(parts[0]) == "bearer"
}`);
  show(`allow if lower(substring(http.headers.authorization, 0, 6)) == "bearer"`);
});
