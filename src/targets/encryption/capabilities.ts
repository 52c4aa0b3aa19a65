import { type CapabilityTable, enforced, left, leftToOthers } from "../capability.js";

export const capabilities: CapabilityTable = {
  ...leftToOthers("it is about data at rest"),
  secrets: left("whoever may read a Secret gets it decrypted", "secrets"),
  "at-rest": enforced("Secrets in etcd by the API server; volumes of stores by their driver"),
};
