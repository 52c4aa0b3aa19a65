/** Style and script of the page; both are hashed into its content security policy, byte for byte. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1f2933; --faint: #5b6670; --paper: #fff; --line: #d5dae0; --code: #f1f3f5; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ec; --faint: #a7b0b9; --paper: #14181c; --line: #39424b; --code: #232a31; }
}
body { font: 15px/1.5 Helvetica, Arial, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto; padding: 0 1.5rem; max-width: 110rem; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .2rem; }
p { margin: .2rem 0 .6rem; } ul { margin: .2rem 0; padding-left: 1.3rem; } li { margin: .15rem 0; }
code { font: 12.5px/1.4 ui-monospace, monospace; background: var(--code); padding: .1em .35em; border-radius: 3px; font-weight: normal; }
.diagram { overflow: auto; background: #fff; border: 1px solid var(--line); border-radius: 6px; }
.diagram svg { display: block; margin: 0 auto; }
.fit svg { max-width: 100%; height: auto; }
.diagram [data-from], .diagram [data-node] { transition: opacity .1s; }
.diagram .dim { opacity: .12; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--faint); font-weight: 600; white-space: nowrap; }
td:nth-child(-n+4), td:nth-child(6) { white-space: nowrap; }
input { font: inherit; padding: .25rem .5rem; width: 20rem; max-width: 100%; }
.chip { display: inline-block; font: bold 12px/1.5 Helvetica, Arial, sans-serif; padding: 0 .4em; border-radius: 3px; }
.critical { background: #7a0020; color: #fff; } .high { background: #c24a00; color: #fff; } .medium { background: #f0c23b; color: #201800; }
.low { background: #a8d3f0; color: #00263d; } .info { background: #ddd; color: #222; } .accepted { border: 1px dashed var(--faint); color: var(--faint); }
.evidence, .taken { color: var(--faint); }
@media print {
  :root { --ink: #000; --faint: #444; --paper: #fff; --line: #bbb; --code: #f1f3f5; }
  body { margin: 0; max-width: none; font-size: 11px; }
  .filter { display: none; }
  .diagram { overflow: visible; border: 0; }
  .diagram svg { max-width: 100%; max-height: 24cm; height: auto; }
  tr, article > ul > li { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;

/** Filters the table, and dims what does not belong to the party under the pointer. */
export const SCRIPT = `
const rows = [...document.querySelectorAll("#flows tbody tr")];
document.getElementById("filter").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\\s+/);
  for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
});
const marks = [...document.querySelectorAll(".diagram [data-from]")];
const nodes = [...document.querySelectorAll(".diagram [data-node]")];
const focus = (name) => {
  const near = new Set([name]);
  for (const mark of marks) {
    const { from, to } = mark.dataset;
    const own = name === undefined || from === name || to === name;
    mark.classList.toggle("dim", !own);
    if (own) near.add(from).add(to);
  }
  for (const node of nodes) node.classList.toggle("dim", name !== undefined && !near.has(node.dataset.node));
};
for (const node of nodes) {
  node.addEventListener("mouseenter", () => focus(node.dataset.node));
  node.addEventListener("mouseleave", () => focus());
}
`;
