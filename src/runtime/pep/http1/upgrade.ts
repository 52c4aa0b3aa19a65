/** WebSocket: an admitted request to upgrade, and once the destination agrees, two connections joined. */
import { spend } from "../../decision/index.js";
import type { Admitted } from "../admission.js";
import { type Fields, passableAnswer } from "../header-fields.js";
import { join } from "../upstream.js";
import type { ClientExchange } from "./client-exchange.js";
import { fieldLines } from "./field-lines.js";
import { type ForwardOptions, refuseUnreachable } from "./forward.js";
import type { AnswerSyntax } from "./syntax.js";
import type { UpstreamConnection } from "./upstream-connection.js";

const UPGRADE: Fields = [
  ["connection", "Upgrade"],
  ["upgrade", "websocket"],
];

/** Forwards an admitted request to upgrade. */
export async function forwardUpgrade(
  client: ClientExchange,
  { permit, head, target, fields, asOf }: Admitted,
  { flows, silenceMs }: ForwardOptions,
): Promise<void> {
  const permitted = spend(permit);
  if (client.isClosed) return;
  const { socket } = client.connection;
  const done = flows.add(permitted, asOf, () => socket.destroy());
  socket.once("close", done);
  const refuse = (): void => refuseUnreachable(client);
  let upstream: UpstreamConnection;
  try {
    upstream = await target.pool.dedicated();
  } catch {
    return refuse();
  }
  if (client.isClosed) return upstream.abort();
  client.onClose(() => upstream.abort());
  const bytes = `GET ${head.forwardTarget} HTTP/1.1\r\n${fieldLines([...fields, ...UPGRADE])}\r\n`;
  upstream.send(
    "GET",
    Buffer.from(bytes, "latin1"),
    true,
    {
      onHead: (answer) => {
        if (answer.status === 101) switchProtocols(client, upstream, answer, silenceMs);
        else {
          upstream.abort();
          refuse();
        }
      },
      onData: () => true,
      onPause: () => undefined,
      onEnd: () => undefined,
      onDrain: () => undefined,
      onError: refuse,
    },
    true,
  );
}

function switchProtocols(
  client: ClientExchange,
  upstream: UpstreamConnection,
  { fields }: AnswerSyntax,
  silenceMs: number,
): void {
  const { socket } = client.connection;
  const answered = upstream.takeOver();
  const early = client.connection.takeOver();
  const head = `HTTP/1.1 101 Switching Protocols\r\n${fieldLines([...passableAnswer(fields), ...UPGRADE])}\r\n`;
  socket.write(head, "latin1");
  if (answered !== undefined) socket.write(answered);
  if (early !== undefined) upstream.socket.write(early);
  join(socket, upstream.socket, silenceMs);
}
