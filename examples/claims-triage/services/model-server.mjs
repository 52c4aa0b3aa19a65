/**
 * A real, small language model (it ships in an npm package, so nothing is downloaded): tokens, entities and sentiment of
 * a claim's text become an urgency, which is kept in the results store before it is answered.
 */
import { createServer } from "node:http";
import { connect } from "node:net";
import model from "wink-eng-lite-web-model";
import winkNLP from "wink-nlp";

const { PORT = "8500", HOST = "0.0.0.0" } = process.env;
const nlp = winkNLP(model);
const { its } = nlp;

const GRAVE = new Set(["fire", "flood", "injury", "injure", "hospital", "collapse", "explosion", "death", "ambulance"]);

export function predict({ text, region }) {
  const document = nlp.readDoc(text);
  const lemmas = document.tokens().out(its.lemma);
  const sentiment = document.out(its.sentiment);
  const grave = lemmas.filter((lemma) => GRAVE.has(lemma.toLowerCase()));
  const money = document
    .entities()
    .filter((entity) => entity.out(its.type) === "MONEY")
    .out();
  const score = Math.min(1, Math.max(0, 0.3 + 0.25 * grave.length + (sentiment < 0 ? 0.2 : 0) + 0.1 * money.length));
  return {
    urgency: score >= 0.7 ? "high" : score >= 0.4 ? "medium" : "low",
    score: Number(score.toFixed(2)),
    evidence: { words: [...new Set(grave)].sort(), amounts: money, sentiment: Number(sentiment.toFixed(2)) },
    region,
  };
}

/** Keeps a prediction: one line of JSON each way. */
function keep(id, prediction) {
  const { RESULTS_DB_HOST = "results-db.ai-sensitive", RESULTS_DB_PORT = "5432" } = process.env;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(RESULTS_DB_PORT), RESULTS_DB_HOST);
    let answer = "";
    socket.setTimeout(5000, () => socket.destroy(new Error("the results store does not answer")));
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", reject);
    socket.on("end", () => (JSON.parse(answer || "{}").kept === id ? resolve() : reject(new Error("not kept"))));
    socket.end(`${JSON.stringify({ put: id, prediction })}\n`);
  });
}

async function infer(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  const { id, features } = JSON.parse(text);
  const prediction = predict(features);
  await keep(id, prediction);
  return { status: 200, body: JSON.stringify({ id, prediction }) };
}

createServer((request, response) => {
  const isInfer = request.method === "POST" && request.url === "/model/infer";
  const answer = isInfer ? infer(request) : Promise.resolve({ status: 404, body: "{}" });
  void answer
    .catch(() => ({ status: 502, body: "{}" }))
    .then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(body);
      console.log(`${request.method} ${request.url} ${status}`);
    });
}).listen(Number(PORT), HOST, () => console.log(`listening on ${PORT}`));
