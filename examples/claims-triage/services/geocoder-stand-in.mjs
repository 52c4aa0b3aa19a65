/**
 * Stands in for the geocoder outside, on this machine, and says so in every answer. Its certificate and key come from
 * whoever starts it: it is spoken to over TLS like the real one.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:https";

const { PORT = "0", TLS_CERTIFICATE = "", TLS_KEY = "" } = process.env;
const REGIONS = ["north", "south", "east", "west"];

const server = createServer(
  { cert: readFileSync(TLS_CERTIFICATE), key: readFileSync(TLS_KEY) },
  (request, response) => {
    const place = new URL(request.url ?? "/", "https://stand-in").searchParams.get("q") ?? "";
    const index = [...place].reduce((sum, character) => sum + character.charCodeAt(0), 0) % REGIONS.length;
    response.writeHead(200, { "content-type": "application/json", "x-stand-in": "true" });
    response.end(JSON.stringify({ region: REGIONS[index], standIn: "not the real geocoder" }));
  },
);
server.listen(Number(PORT), "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
