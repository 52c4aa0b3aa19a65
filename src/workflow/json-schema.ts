import { z } from "zod";
import { file } from "./schema.js";

/** The JSON Schema of `ringfence.yaml` (draft 2020-12), by which editors complete and check the file. */
export function workflowJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(file, { io: "input", target: "draft-2020-12" }) as Record<
    string,
    unknown
  >;
  return {
    $schema,
    $id: "https://ringfence.dev/schema/v1/ringfence.schema.json",
    title: "Ringfence workflow",
    description: "The workloads of an AI workflow, the data they exchange and the flows between them",
    ...schema,
  };
}
