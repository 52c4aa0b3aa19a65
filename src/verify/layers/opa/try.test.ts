import { it } from "vitest";
import { examplePolicy } from "../../../../test/authorization/cases.js";
import { compile } from "../../../rego/index.js";
import { authorizationBundle } from "../../../targets/opa/index.js";
import { answersOf } from "./decision.js";

it("tries", () => {
  const bundle = authorizationBundle(examplePolicy([]));
  const data = JSON.parse(bundle.find(({ path }) => path === "data.json")?.text ?? "{}");
  data.ringfence.keys = { corp: { keys: [] } };
  const texts = bundle.filter(({ path }) => path.endsWith(".rego")).map(({ path, text }) => ({ file: path, text }));
  const engine = compile(texts, { data });
  for (const [principal, port] of [
    ["spiffe://ai.example.com/ns/ai-sensitive/sa/model-server", 8500],
    ["spiffe://ai.example.com/ns/ai-workflow/sa/api-gateway", 8080],
  ] as const) {
    const t = performance.now();
    const a = answersOf(engine.normalForm, data, ["ringfence", "envoy", "allow"], {
      principal,
      port,
      chain: "http",
      stripsToken: false,
    });
    console.log(
      performance.now() - t,
      a.allowed.may.equals(a.allowed.must),
      a.unread.map(
        (p) =>
          `${p.source.file}:${p.source.text.slice(0, p.start).split("\n").length} ${p.source.text.slice(p.start, p.end)}`,
      ),
    );
    for (const box of a.allowed.may.boxes(6))
      console.log([...box].map(([d, v]) => `${d.key}=${JSON.stringify(v.witness())}`).join(" "));
    console.log("must");
    for (const box of a.allowed.must.boxes(6))
      console.log([...box].map(([d, v]) => `${d.key}=${JSON.stringify(v.witness())}`).join(" "));
  }
});
