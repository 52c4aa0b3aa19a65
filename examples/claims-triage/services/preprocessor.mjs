/**
 * Takes personal data out of a claim before anything else sees it, and adds where it happened. What goes on to the model
 * and to the geocoder is all that the workflow file says this workload may release. preprocessor.py is the same in
 * Python; whichever language the machine has will do.
 */
import { createServer } from "node:http";

const { PORT = "8081", HOST = "0.0.0.0" } = process.env;
const MODEL_SERVER = process.env.MODEL_SERVER_URL ?? "http://model-server.ai-sensitive:8500";
const GEOCODER = process.env.GEOCODER_URL ?? "https://api.geocoder.example";

const PERSONAL = [
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, "[email]"],
  [/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}\b/g, "[account]"],
  [/\+?\d[\d ()/-]{7,}\d/g, "[number]"],
  [/\b(?:Mr|Mrs|Ms|Dr|Prof)\.? [A-Z][a-z]+(?: [A-Z][a-z]+)?/g, "[person]"],
];

export const redact = (text) => PERSONAL.reduce((clean, [pattern, word]) => clean.replace(pattern, word), text);

/** The geocoder is asked for street and town; who lives there is none of its business. */
async function locate(address) {
  if (address === "") return "unknown";
  const answer = await fetch(`${GEOCODER}/v1/geocode?q=${encodeURIComponent(redact(address))}`);
  return answer.ok ? (await answer.json()).region : "unknown";
}

async function preprocess(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  const claim = JSON.parse(text);
  const features = { text: redact(claim.text), region: await locate(claim.address) };
  const answer = await fetch(`${MODEL_SERVER}/model/infer`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: request.headers.authorization ?? "" },
    body: JSON.stringify({ id: claim.id, features }),
  });
  return { status: answer.status, body: await answer.text() };
}

createServer((request, response) => {
  const answer = request.url === "/preprocess" ? preprocess(request) : Promise.resolve({ status: 404, body: "{}" });
  void answer
    .catch(() => ({ status: 502, body: "{}" }))
    .then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(body);
      console.log(`${request.method} ${request.url} ${status}`);
    });
}).listen(Number(PORT), HOST, () => console.log(`listening on ${PORT} (Node)`));
