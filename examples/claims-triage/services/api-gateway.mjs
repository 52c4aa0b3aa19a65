/**
 * The way in: takes claims from adjusters, has them triaged, and shows what became of them. It knows nothing of tokens,
 * certificates or policies: what arrives here was let in, and the user's token is passed on as it came.
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { connect } from "node:net";

const { PORT = "8080", HOST = "0.0.0.0" } = process.env;
const PREPROCESSOR = process.env.PREPROCESSOR_URL ?? "http://preprocessor.ai-workflow:8081";
const MAX_CLAIM_BYTES = 64 * 1024;

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_CLAIM_BYTES) throw new RangeError("the claim is too long");
  }
  return text;
}

async function triage(request) {
  const claim = JSON.parse(await bodyOf(request));
  if (typeof claim.text !== "string" || claim.text === "") throw new RangeError("a claim has a `text`");
  const id = randomUUID();
  const answer = await fetch(`${PREPROCESSOR}/preprocess`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: request.headers.authorization ?? "" },
    body: JSON.stringify({ id, text: claim.text, address: String(claim.address ?? "") }),
  });
  return { status: answer.status === 200 ? 201 : answer.status, body: await answer.text() };
}

/** Asks the results store: one line of JSON each way. */
function lookUp(id) {
  const { RESULTS_DB_HOST = "results-db.ai-sensitive", RESULTS_DB_PORT = "5432" } = process.env;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(RESULTS_DB_PORT), RESULTS_DB_HOST);
    let answer = "";
    socket.setTimeout(5000, () => socket.destroy(new Error("the results store does not answer")));
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", reject);
    socket.on("end", () => resolve(JSON.parse(answer)));
    socket.end(`${JSON.stringify({ get: id })}\n`);
  });
}

async function serve(request) {
  if (request.method === "POST" && request.url === "/v1/claims") return triage(request);
  const id = /^\/v1\/claims\/([0-9a-f-]{36})$/.exec(request.url ?? "")?.[1];
  if (request.method !== "GET" || id === undefined) return { status: 404, body: "{}" };
  const found = await lookUp(id);
  return { status: found.prediction === undefined ? 404 : 200, body: JSON.stringify(found) };
}

createServer((request, response) => {
  void serve(request)
    .catch((error) => ({ status: error instanceof RangeError || error instanceof SyntaxError ? 400 : 502, body: "{}" }))
    .then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(body);
      console.log(`${request.method} ${request.url} ${status}`);
    });
}).listen(Number(PORT), HOST, () => console.log(`listening on ${PORT}`));
