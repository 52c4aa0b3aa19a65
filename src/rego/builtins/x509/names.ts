/** Distinguished names, general names and the parts of URIs, in the shape that policies see. */
import { jsonObject, type Value } from "../../value/index.js";
import { context, DerReader, type Element, malformed, oidOf, stringOf, TAG } from "./der.js";

/** The attributes that have a member of their own. */
const MEMBERS: ReadonlyMap<string, string> = new Map([
  ["2.5.4.3", "CommonName"],
  ["2.5.4.5", "SerialNumber"],
  ["2.5.4.6", "Country"],
  ["2.5.4.7", "Locality"],
  ["2.5.4.8", "Province"],
  ["2.5.4.9", "StreetAddress"],
  ["2.5.4.10", "Organization"],
  ["2.5.4.11", "OrganizationalUnit"],
  ["2.5.4.17", "PostalCode"],
]);

export function nameValue(name: Element): Value {
  const members = new Map<string, Value>([
    ["CommonName", ""],
    ["SerialNumber", ""],
    ["ExtraNames", null],
    ...["Country", "Locality", "Province", "StreetAddress", "Organization", "OrganizationalUnit", "PostalCode"].map(
      (member) => [member, null] as const,
    ),
  ]);
  const all: Value[] = [];
  for (const set of new DerReader(name.content, "name").all()) {
    for (const attribute of new DerReader(set.content, "name").all()) {
      const reader = new DerReader(attribute.content, "name");
      const type = oidOf(reader.expect(TAG.oid));
      const value = stringOf(reader.next());
      all.push(
        jsonObject([
          ["Type", type],
          ["Value", value],
        ]),
      );
      const member = MEMBERS.get(type.join("."));
      if (member === "CommonName" || member === "SerialNumber") members.set(member, value);
      else if (member !== undefined) members.set(member, [...((members.get(member) as Value[] | null) ?? []), value]);
    }
  }
  members.set("Names", all.length === 0 ? null : all);
  return jsonObject(members);
}

export interface AlternativeNames {
  readonly dns: string[];
  readonly emails: string[];
  readonly addresses: Buffer[];
  readonly uris: string[];
}

export function alternativeNames(extension: Buffer): AlternativeNames {
  const names: AlternativeNames = { dns: [], emails: [], addresses: [], uris: [] };
  for (const { tag, content } of new DerReader(extension, "subject alternative names").into(TAG.sequence).all()) {
    if (tag === context(1, false)) names.emails.push(content.toString("latin1"));
    else if (tag === context(2, false)) names.dns.push(content.toString("latin1"));
    else if (tag === context(6, false)) names.uris.push(content.toString("latin1"));
    else if (tag === context(7, false)) {
      if (content.length !== 4 && content.length !== 16) throw malformed("IP address");
      names.addresses.push(content);
    }
  }
  return names;
}

/** An address as it is usually written. */
export function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  if (groups.slice(0, 5).every((group) => group === "0") && groups[5] === "ffff") return bytes.subarray(12).join(".");
  const runs = [...groups.join(":").matchAll(/\b0(?::0)+\b/g)].sort((a, b) => b[0].length - a[0].length);
  const longest = runs[0];
  if (longest === undefined) return groups.join(":");
  const text = groups.join(":");
  return `${text.slice(0, longest.index).replace(/:$/, "")}::${text.slice(longest.index + longest[0].length).replace(/^:/, "")}`;
}

/** A URI taken apart as Go's net/url does. */
export function uriValue(text: string): Value {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text);
  const [, scheme = "", afterScheme = text] = match ?? [];
  const [beforeFragment = "", ...fragment] = afterScheme.split("#");
  const question = beforeFragment.indexOf("?");
  const hierarchy = question < 0 ? beforeFragment : beforeFragment.slice(0, question);
  const authority = /^\/\/([^/]*)/.exec(hierarchy)?.[1];
  const opaque = authority === undefined && scheme !== "" && !hierarchy.startsWith("/") ? hierarchy : "";
  const path = opaque !== "" ? "" : authority === undefined ? hierarchy : hierarchy.slice(authority.length + 2);
  const at = authority?.lastIndexOf("@") ?? -1;
  return jsonObject([
    ["Scheme", scheme.toLowerCase()],
    ["Opaque", opaque],
    ["User", at >= 0 ? {} : null],
    ["Host", authority?.slice(at + 1) ?? ""],
    ["Path", decoded(path)],
    ["RawPath", ""],
    ["OmitHost", false],
    ["ForceQuery", question >= 0 && question === beforeFragment.length - 1],
    ["RawQuery", question < 0 ? "" : beforeFragment.slice(question + 1)],
    ["Fragment", decoded(fragment.join("#"))],
    ["RawFragment", ""],
  ]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed("URI");
  }
}
