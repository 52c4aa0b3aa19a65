import { createReadStream, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { DecisionEvent } from "../decision/index.js";

/** Looks a decision up by its id in the records of every workload; undefined when there is none. */
export async function findDecision(stateFolder: string, id: string): Promise<DecisionEvent | undefined> {
  const folder = join(stateFolder, "decisions");
  if (!existsSync(folder)) return undefined;
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith(".jsonl")) continue;
    for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
      if (!line.includes(id)) continue;
      try {
        const event = JSON.parse(line) as DecisionEvent;
        if (event.id === id) return event;
      } catch {
        // A line that a full disk cut is no record.
      }
    }
  }
  return undefined;
}
