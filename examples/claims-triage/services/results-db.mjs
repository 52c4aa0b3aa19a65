/** The results store: SQLite behind one line of JSON each way. On a cluster its place is taken by a real database. */
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import Database from "libsql";

const { PORT = "5432", HOST = "0.0.0.0", RINGFENCE_DATA = "./data" } = process.env;
const MAX_LINE = 256 * 1024;

mkdirSync(RINGFENCE_DATA, { recursive: true });
const database = new Database(join(RINGFENCE_DATA, "results.db"));
database.exec("PRAGMA journal_mode = WAL");
database.exec("CREATE TABLE IF NOT EXISTS predictions (id TEXT PRIMARY KEY, prediction TEXT NOT NULL)");
const put = database.prepare("INSERT OR REPLACE INTO predictions (id, prediction) VALUES (?, ?)");
const get = database.prepare("SELECT prediction FROM predictions WHERE id = ?");

function answer(line) {
  const order = JSON.parse(line);
  if (typeof order.put === "string") {
    put.run(order.put, JSON.stringify(order.prediction));
    return { kept: order.put };
  }
  const found = get.get(String(order.get));
  return found === undefined ? { id: order.get } : { id: order.get, prediction: JSON.parse(found.prediction) };
}

createServer({ allowHalfOpen: true }, (socket) => {
  let text = "";
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    text += chunk;
    if (text.length > MAX_LINE) socket.destroy();
  });
  socket.on("end", () => {
    try {
      socket.end(text === "" ? "" : JSON.stringify(answer(text)));
    } catch {
      socket.end('{"error":"not understood"}');
    }
  });
}).listen(Number(PORT), HOST, () => console.log(`listening on ${PORT}`));
