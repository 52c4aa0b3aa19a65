/**
 * Models that are fetched when a workload starts. A model server that is told an id of the Hugging Face hub, and not to
 * stay offline, calls the hub: that is a flow. Tokens and caches of the hub elsewhere are only a hint, and are reported.
 */
import type { CallContext } from "./calls.js";
import { loadsFromHub } from "./images.js";
import type { DraftWorkload } from "./inventory.js";
import { wordsOf } from "./keys.js";
import { findReferences } from "./references.js";
import type { ContainerSettings, Setting } from "./settings.js";

const HUB = "huggingface.co";
/** `org/name` as the hub has it; a path starts with `/` or `.` */
const HUB_ID = /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/;
const MODEL_FLAG =
  /(?:^|\s)(?:--model(?:[-_](?:id|path|name))?|--hf[-_]model[-_]id|--pretrained[-_]model[-_]name[-_]or[-_]path|-m|serve)[\s=]+["']?([^\s"']+)/g;

export function addDownloads(
  context: CallContext,
  draft: DraftWorkload,
  { container, settings, variables, secrets }: ContainerSettings,
): void {
  const { remarks, flows, outside } = context;
  for (const setting of settings) {
    for (const { scheme } of findReferences(setting.text, setting.form === "variable" ? setting.name : undefined)
      .fetches) {
      const text = `${setting.cited}: fetches from ${scheme}://, and which host that is stands nowhere`;
      remarks.add("download", draft.name, text, setting.place());
    }
  }
  if (isOffline(variables)) return;
  const loads = container.image !== undefined && loadsFromHub(container.image);
  const named = modelsNamed(settings);
  const [first] = named;
  // HF_ENDPOINT names a mirror, which is found as an address like any other
  if (loads && first !== undefined && !variables.has("HF_ENDPOINT")) {
    const hub = outside.api(HUB, 443, "https");
    for (const { cited, place } of named) {
      const text = `${cited}, a model that the image loads from ${HUB} when it starts`;
      flows.add({ from: draft.name, to: hub.name, port: 443, evidence: { text, place } });
    }
    const text = `loads its model from ${HUB}, which may send it on to other hosts of its storage: mount the model to do without`;
    remarks.add("download", draft.name, text, first.place());
    return;
  }
  for (const { cited, place } of named) {
    remarks.add(
      "download",
      draft.name,
      `${cited}: looks like a model of ${HUB}; whether it is fetched is up to the image`,
      place(),
    );
  }
  const hints = [
    ...settings.filter(({ form, name }) => form === "variable" && isHubVariable(name)),
    ...secrets.flatMap(({ variable, place }) =>
      variable !== undefined && isHubVariable(variable) ? [{ name: variable, place }] : [],
    ),
  ];
  if (hints.length === 0 || named.length > 0) return;
  const names = [...new Set(hints.map(({ name }) => name))].sort().join(", ");
  remarks.add("download", draft.name, `has ${names}: it may fetch models from ${HUB}`, hints[0]?.place());
}

function modelsNamed(settings: readonly Setting[]): readonly Setting[] {
  return settings.filter(({ form, name, text }) => {
    if (form === "variable") return isModelVariable(name) && HUB_ID.test(text.trim());
    if (form !== "command") return false;
    return [...text.matchAll(MODEL_FLAG)].some(([, value = ""]) => HUB_ID.test(value)) || /(?:^|\s)hf:\/\//.test(text);
  });
}

function isModelVariable(name: string): boolean {
  const words = wordsOf(name);
  return (
    words.includes("model") &&
    !words.some((word) => ["path", "dir", "cache", "format", "type", "url", "max"].includes(word))
  );
}

function isHubVariable(name: string): boolean {
  return /^(?:HF_|HUGGING_?FACE|TRANSFORMERS_CACHE)/i.test(name) && !/OFFLINE|TELEMETRY/i.test(name);
}

function isOffline(variables: ReadonlyMap<string, string>): boolean {
  return ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].some((name) =>
    /^(?:1|true|on|yes)$/i.test(variables.get(name) ?? ""),
  );
}
