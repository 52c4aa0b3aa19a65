/**
 * The map as one page that loads nothing: diagram, table and findings. Its content security policy allows this page's own
 * style and script, by their hashes, and nothing else, so that not even a mistake in the escaping could run anything.
 */
import { createHash } from "node:crypto";
import { type Child, element, Markup } from "../markup/index.js";
import type { FlowMap, MapEdge, MapFinding } from "./flow-map.js";
import { SCRIPT, STYLE } from "./page.js";
import { diagram } from "./svg.js";
import { badgeText, COLUMNS, cells, rowOf } from "./wording.js";

/** A diagram up to this width is still read when it is scaled to the page; a wider one is scrolled. */
const WIDEST_FIT = 1_900;

export async function renderHtml(map: FlowMap): Promise<string> {
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  const title = `${map.workflow}: data flows`;
  const picture = await diagram(map);
  const page = element(
    "html",
    { lang: "en" },
    element(
      "head",
      {},
      element("meta", { charset: "utf-8" }),
      element("meta", { "http-equiv": "Content-Security-Policy", content: policy }),
      element("meta", { name: "viewport", content: "width=device-width, initial-scale=1" }),
      element("title", {}, title),
      element("style", {}, new Markup(STYLE)),
    ),
    element(
      "body",
      {},
      element("h1", {}, title),
      element("p", {}, `Trust domain ${map.trustDomain}. What is not listed here is denied.`),
      section(
        "Diagram",
        element("div", { class: picture.width <= WIDEST_FIT ? "diagram fit" : "diagram", tabindex: 0 }, picture.markup),
      ),
      section(`Flows (${map.edges.length})`, flows(map)),
      section(`Trust boundaries (${map.boundaries.length})`, boundaries(map)),
      section(
        `Findings (${map.findings.length})`,
        map.findings.length === 0 ? element("p", {}, "none") : map.findings.map(finding),
      ),
      element("script", {}, new Markup(SCRIPT)),
    ),
  );
  return `<!doctype html>\n${page.text}\n`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function section(heading: string, ...children: readonly Child[]): Markup {
  return element("section", {}, element("h2", {}, heading), ...children);
}

function flows(map: FlowMap): Markup[] {
  const head = element(
    "tr",
    {},
    COLUMNS.map((column) => element("th", { scope: "col" }, column)),
  );
  return [
    element(
      "p",
      { class: "filter" },
      element("label", { for: "filter" }, "Filter "),
      element("input", { id: "filter", type: "search", placeholder: "a name, protocol, role …" }),
    ),
    element(
      "div",
      { class: "wide" },
      element("table", { id: "flows" }, element("thead", {}, head), element("tbody", {}, map.edges.map(flowRow))),
    ),
  ];
}

function flowRow(edge: MapEdge): Markup {
  const texts = cells(rowOf(edge));
  return element(
    "tr",
    { "data-from": edge.from.name, "data-to": edge.to.name },
    texts.map((lines, column) => {
      if (COLUMNS[column] === "Findings")
        return element(
          "td",
          {},
          edge.badges.map((badge) => [chip(badgeText(badge), badge.severity, badge.accepted), " "]),
        );
      return element(
        "td",
        {},
        lines.map((line, index) => (index === 0 ? line : [element("br"), line])),
      );
    }),
  );
}

function boundaries(map: FlowMap): Markup {
  if (map.boundaries.length === 0) return element("p", {}, "no flow crosses one");
  const items = map.boundaries.map(({ kind, from, to, flows }) =>
    element("li", {}, element("strong", {}, `${kind}: ${from} → ${to}`), ` ${flows.join(", ")}`),
  );
  return element("ul", {}, items);
}

function chip(tag: string, severity: string, accepted: boolean): Markup {
  return element("span", { class: `chip ${accepted ? "accepted" : severity}` }, tag);
}

/** What stands in backticks is code. */
function prose(text: string): Child[] {
  return text.split("`").map((part, index) => (index % 2 === 1 ? element("code", {}, part) : part));
}

function finding({ tag, rule, severity, title, why, places }: MapFinding): Markup {
  const accepted = places.every((place) => place.accepted !== undefined);
  return element(
    "article",
    { id: tag },
    element("h3", {}, chip(tag, severity, accepted), ` ${title} `, element("code", {}, rule)),
    element("p", {}, `${severity}: ${why}.`),
    element(
      "ul",
      {},
      places.map((place) =>
        element(
          "li",
          {},
          element("strong", {}, place.where),
          " ",
          element("code", {}, place.place),
          place.accepted === undefined
            ? ""
            : element("p", { class: "taken" }, `Accepted until ${place.accepted.until}: ${place.accepted.reason}`),
          element(
            "ul",
            { class: "evidence" },
            place.evidence.map((line) => element("li", {}, prose(line))),
          ),
          place.accepted === undefined ? element("p", {}, "Mend: ", prose(place.remedy)) : "",
        ),
      ),
    ),
  );
}
