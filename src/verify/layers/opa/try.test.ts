import { it } from "vitest";
import { compile } from "../../../rego/index.js";
import { answersOf } from "./decision.js";

const show = (module: string, path = ["p", "allow"]) => {
  const engine = compile([{ file: "p.rego", text: `package p\nimport input.attributes.request.http\n${module}` }]);
  const t = performance.now();
  const a = answersOf(engine.normalForm, {}, path, { principal: "spiffe://d", port: 8080, chain: "http", stripsToken: false });
  console.log(performance.now() - t, module, a.unread.map((p) => p.source.text.slice(p.start, p.end)), a.allowed.may.equals(a.allowed.must));
  const d = a.allowed.may.minus(a.allowed.must);
  for (const box of d.boxes(6)) console.log("DIFF", [...box].map(([d, v]) => `${d.key}=${JSON.stringify(v.witness())}`).join(" "));
};
it("tries", () => {
for (const bearer of [  'substring(http.headers.authorization, 7, -1) if startswith(http.headers.authorization, "Bearer ")',
  'substring(http.headers.authorization, 7, -1) if lower(substring(http.headers.authorization, 0, 7)) == "bearer "',
  'split(http.headers.authorization, " ")[1]',
  'trim_prefix(http.headers.authorization, "Bearer ")',
  'parts[1] if {\n\tparts := split(http.headers.authorization, " ")\n\tlower(parts[0]) == "bearer"\n}',
  'replace(http.headers.authorization, "Bearer ", "")',
  ])
  show(`allow if claims.role == "admin"\nclaims := io.jwt.decode(bearer)[1]\nbearer := ${bearer}`);
  show(`allow if {claims.role == "admin"; claims.exp > time.now_ns()/1000000000}\nclaims := io.jwt.decode(bearer)[1]\nbearer := substring(http.headers.authorization, 7, -1)`);
  show(`allow if {http.path == "/a" ; level == 1 }\nlevel := 1 if http.method == "GET"\nlevel := 2 if http.method in ["GET", "POST"]`);
});
