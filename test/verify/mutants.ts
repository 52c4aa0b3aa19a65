/** Each policy object dropped, widened and narrowed in every way that its kind has; each mutant differs in one thing. */
import type { KubeObject } from "./deployed.js";

export interface Mutant {
  readonly name: string;
  readonly objects: readonly KubeObject[];
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Tree = { readonly [key: string]: Json };

/** Kinds that decide who reaches whom. */
const DECIDING = [
  "NetworkPolicy",
  "PeerAuthentication",
  "RequestAuthentication",
  "AuthorizationPolicy",
  "Sidecar",
  "ServiceEntry",
];

export function mutantsOf(objects: readonly KubeObject[]): readonly Mutant[] {
  return objects.flatMap((object) => {
    if (!DECIDING.includes(object.kind)) return [];
    const { kind, metadata } = object;
    const label = `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
    const rest = objects.filter((one) => one !== object);
    const changed = variantsOf(kind, (object.spec ?? {}) as Tree).map(
      ([what, spec]): Mutant => ({
        name: `${label}: ${what}`,
        objects: [...rest, { ...object, spec: spec as Record<string, unknown> }],
      }),
    );
    return [{ name: `${label}: dropped`, objects: rest }, ...changed];
  });
}

type Variant = readonly [what: string, spec: Tree];

function variantsOf(kind: string, spec: Tree): readonly Variant[] {
  switch (kind) {
    case "NetworkPolicy":
      return networkVariants(spec);
    case "AuthorizationPolicy":
      return authorizationVariants(spec);
    case "PeerAuthentication":
      return ["PERMISSIVE", "DISABLE"].map((mode) => [`mtls ${mode}`, { ...spec, mtls: { mode } }]);
    case "RequestAuthentication":
      return list(spec.jwtRules).flatMap((rule, index): Variant[] => {
        const put = (next: Json): Tree => ({ ...spec, jwtRules: list(spec.jwtRules).with(index, next) });
        return [
          [`jwtRules[${index}] of another issuer`, put({ ...(rule as Tree), issuer: "https://elsewhere.example" })],
          [`jwtRules[${index}] gone`, { ...spec, jwtRules: without(list(spec.jwtRules), index) }],
        ];
      });
    case "Sidecar":
      return [
        ["every host", { ...spec, egress: [{ hosts: ["*/*"] }] }],
        ["any outbound", { ...spec, outboundTrafficPolicy: { mode: "ALLOW_ANY" } }],
        ["no host", { ...spec, egress: [{ hosts: ["~/*"] }] }],
      ];
    case "ServiceEntry":
      return [["another host", { ...spec, hosts: ["other.example"] }]];
    default:
      return [];
  }
}

function networkVariants(spec: Tree): readonly Variant[] {
  const variants: Variant[] = [["every pod", { ...spec, podSelector: {} }]];
  for (const [direction, peers] of [
    ["ingress", "from"],
    ["egress", "to"],
  ] as const) {
    const rules = list(spec[direction]);
    const put = (index: number, rule: Json): Tree => ({ ...spec, [direction]: rules.with(index, rule) });
    variants.push([`${direction} from anyone to anything`, { ...spec, [direction]: [...rules, {}] }]);
    for (const [index, rule] of rules.entries()) {
      const own = rule as Tree;
      const at = `${direction}[${index}]`;
      variants.push([`${at} gone`, { ...spec, [direction]: without(rules, index) }]);
      if (own[peers] !== undefined) variants.push([`${at} for every peer`, put(index, omit(own, peers))]);
      if (own.ports !== undefined) variants.push([`${at} on every port`, put(index, omit(own, "ports"))]);
      for (const [place, peer] of list(own[peers]).entries()) {
        const swap = (next: Json): Tree => put(index, { ...own, [peers]: list(own[peers]).with(place, next) });
        const { podSelector, namespaceSelector } = peer as Tree;
        if (podSelector !== undefined)
          variants.push([`${at} peer ${place}: every pod`, swap({ ...(peer as Tree), podSelector: {} })]);
        if (namespaceSelector !== undefined) {
          variants.push([`${at} peer ${place}: every namespace`, swap({ ...(peer as Tree), namespaceSelector: {} })]);
        }
        variants.push([`${at} peer ${place} gone`, put(index, { ...own, [peers]: without(list(own[peers]), place) })]);
      }
      for (const [place, port] of list(own.ports).entries()) {
        const swap = (next: Json): Tree => put(index, { ...own, ports: list(own.ports).with(place, next) });
        variants.push([`${at} port ${place}: another`, swap({ ...(port as Tree), port: 1 })]);
        variants.push([`${at} port ${place}: up to the last`, swap({ ...(port as Tree), endPort: 65_535 })]);
      }
    }
  }
  return variants;
}

function authorizationVariants(spec: Tree): readonly Variant[] {
  const rules = list(spec.rules);
  const put = (index: number, rule: Json): Tree => ({ ...spec, rules: rules.with(index, rule) });
  const variants: Variant[] = [
    ["for every workload", omit(spec, "selector")],
    ["a rule for everything", { ...spec, rules: [...rules, {}] }],
    ...["ALLOW", "DENY"].flatMap((action): Variant[] =>
      (spec.action ?? "ALLOW") === action ? [] : [[action, omit({ ...spec, action }, "provider")]],
    ),
  ];
  for (const [index, rule] of rules.entries()) {
    const own = rule as Tree;
    const at = `rules[${index}]`;
    variants.push([`${at} gone`, { ...spec, rules: without(rules, index) }]);
    for (const part of ["from", "to", "when"]) {
      if (own[part] !== undefined) variants.push([`${at} without ${part}`, put(index, omit(own, part))]);
    }
    for (const [part, inner] of [
      ["from", "source"],
      ["to", "operation"],
    ] as const) {
      for (const [place, entry] of list(own[part]).entries()) {
        const fields = ((entry as Tree)[inner] ?? {}) as Tree;
        const swap = (next: Tree): Tree =>
          put(index, { ...own, [part]: list(own[part]).with(place, { [inner]: next }) });
        for (const [field, values] of Object.entries(fields)) {
          if (Object.keys(fields).length > 1)
            variants.push([`${at}.${part}[${place}] without ${field}`, swap(omit(fields, field))]);
          for (const [position] of list(values).entries()) {
            if (list(values).length > 1) {
              variants.push([
                `${at}.${part}[${place}].${field}[${position}] gone`,
                swap({ ...fields, [field]: without(list(values), position) }),
              ]);
            }
          }
          variants.push([
            `${at}.${part}[${place}].${field} of another`,
            swap({ ...fields, [field]: [field === "ports" ? "1" : field === "paths" ? "/another" : "another"] }),
          ]);
        }
      }
    }
    for (const [place, condition] of list(own.when).entries()) {
      variants.push([`${at}.when[${place}] gone`, put(index, { ...own, when: without(list(own.when), place) })]);
      variants.push([
        `${at}.when[${place}] of another`,
        put(index, { ...own, when: list(own.when).with(place, { ...(condition as Tree), values: ["another"] }) }),
      ]);
    }
  }
  return variants;
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function without(values: readonly Json[], index: number): readonly Json[] {
  return values.filter((_, place) => place !== index);
}

function omit(tree: Tree, key: string): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([name]) => name !== key));
}
