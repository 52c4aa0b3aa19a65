// The workload behind the proxies: reads the body, answers 1 KiB of JSON.
import { createServer } from "node:http";

const ANSWER = JSON.stringify({ prediction: "x".repeat(1000) });
const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "application/json", "content-length": ANSWER.length });
    response.end(ANSWER);
  });
});
server.listen(0, "127.0.0.1", () => process.send(server.address().port));
process.on("disconnect", () => process.exit(0));
