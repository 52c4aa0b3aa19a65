import { admissionCapabilities } from "../admission/capabilities.js";

export const capabilities = admissionCapabilities(
  "its webhook lets objects in when it does not answer, unless its `failurePolicy` is `Fail`",
);
