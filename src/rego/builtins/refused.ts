/**
 * Functions that an embedded decision never has: they reach for the network or describe OPA's own process. They are
 * declared, so that the compiler can refuse them with a location and a `with` mock or host function can stand in.
 */
import { type Builtin, BuiltinError, builtin } from "./builtin.js";
import { ANY_OBJECT, object, set } from "./decl.js";

const NETWORK = "policies here have no network";

const refuse = (name: string) => () => {
  throw new BuiltinError(`${name} is not available`);
};

export const REFUSED: readonly Builtin[] = [
  builtin("http.send", [object("string", "any")], ANY_OBJECT, refuse("http.send"), {
    nondeterministic: true,
    refused: NETWORK,
  }),
  builtin("net.lookup_ip_addr", ["string"], set("string"), refuse("net.lookup_ip_addr"), {
    nondeterministic: true,
    refused: NETWORK,
  }),
  builtin("opa.runtime", [], object("string", "any"), refuse("opa.runtime"), {
    nondeterministic: true,
    refused: "there is no OPA process to describe",
  }),
];
