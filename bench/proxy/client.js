// The load: keep-alive connections, one request on each at a time. Reports requests per second and latencies.
import { Pool } from "undici";

const { URL: url, TOKEN: token, SECONDS, CONNECTIONS } = process.env;
const pool = new Pool(url, { connections: Number(CONNECTIONS), pipelining: 1 });
const body = JSON.stringify({ features: "x".repeat(1000) });
const headers = { "content-type": "application/json", host: "model", authorization: `Bearer ${token}` };
const latencies = [];
let wrong = 0;
let example;
const until = performance.now() + Number(SECONDS) * 1000;
const started = performance.now();
await Promise.all(
  Array.from({ length: Number(CONNECTIONS) }, async () => {
    while (performance.now() < until) {
      const at = performance.now();
      const answer = await pool.request({ path: "/infer", method: "POST", headers, body });
      const text = await answer.body.text();
      if (answer.statusCode !== 200 || text.length !== 1017) {
        wrong++;
        example ??= `${answer.statusCode} ${text.slice(0, 200)}`;
      }
      latencies.push(performance.now() - at);
    }
  }),
);
const seconds = (performance.now() - started) / 1000;
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.floor(latencies.length * share)] ?? 0;
process.send({
  requests: latencies.length,
  rps: latencies.length / seconds,
  p50: at(0.5),
  p99: at(0.99),
  wrong,
  example,
});
await pool.close();
process.disconnect();
