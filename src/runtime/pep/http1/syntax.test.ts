import { describe, expect, it } from "vitest";
import { BodyReader, type Framing } from "./body-reader.js";
import { Malformed, mayBecomeHead, readAnswerSyntax, readRequestSyntax } from "./syntax.js";

describe("the head of a request", () => {
  it("is read as it stands, names in lower case, values without the space around them", () => {
    expect(readRequestSyntax("POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Empty:\r\nX-Two: \t a  b \t")).toEqual({
      method: "POST",
      target: "/a?b=c",
      minor: 1,
      fields: [
        ["host", "x"],
        ["x-empty", ""],
        ["x-two", "a  b"],
      ],
    });
    expect(readRequestSyntax("GET / HTTP/1.0").minor).toBe(0);
  });

  it("reads a line that it read before in the same way, and never one for another", () => {
    const head = "GET / HTTP/1.1\r\nX-A: 1\r\nx-a: 1\r\nX-A:1";
    expect(readRequestSyntax(head)).toEqual(readRequestSyntax(head));
    expect(readRequestSyntax(head).fields).toEqual([
      ["x-a", "1"],
      ["x-a", "1"],
      ["x-a", "1"],
    ]);
    expect(() => readRequestSyntax("GET / HTTP/1.1\r\nX-A : 1")).toThrow(Malformed);
  });

  it.each([
    ["no version", "GET /"],
    ["another version", "GET / HTTP/2.0"],
    ["a longer version", "GET / HTTP/1.10"],
    ["lower case", "GET / http/1.1"],
    ["two spaces", "GET  / HTTP/1.1"],
    ["a space at the end", "GET / HTTP/1.1 "],
    ["a tab", "GET\t/ HTTP/1.1"],
    ["a space in the target", "GET /a b HTTP/1.1"],
    ["an empty line in front", "\r\nGET / HTTP/1.1"],
    ["a method that is no token", "G(T / HTTP/1.1"],
    ["no colon", "GET / HTTP/1.1\r\nHost"],
    ["no name", "GET / HTTP/1.1\r\n: x"],
    ["space before the colon", "GET / HTTP/1.1\r\nHost : x"],
    ["a folded line", "GET / HTTP/1.1\r\nA: b\r\n c"],
    ["space in front of the first field", "GET / HTTP/1.1\r\n A: b"],
    ["a bare line feed", "GET / HTTP/1.1\r\nA: b\nC: d"],
    ["a bare carriage return", "GET / HTTP/1.1\r\nA: b\rC: d"],
    ["a null", "GET / HTTP/1.1\r\nA: b\0"],
    ["a control character", "GET / HTTP/1.1\r\nA: \x01"],
    ["DEL", "GET / HTTP/1.1\r\nA: \x7f"],
  ])("is refused: %s", (_what, head) => {
    expect(() => readRequestSyntax(head)).toThrow(Malformed);
  });

  it("is linear, whatever stands in it", () => {
    const spaces = " ".repeat(30_000);
    expect(readRequestSyntax(`GET / HTTP/1.1\r\nA:${spaces}b${spaces}`).fields).toEqual([["a", "b"]]);
  });

  it("is given up as soon as it cannot become one", () => {
    const may = (text: string, looked = 0): boolean => mayBecomeHead(Buffer.from(text, "latin1"), looked);
    for (const text of ["GET / HTTP/1.1\r", "GET / HTTP/1.1\r\nA: b", ""]) expect(may(text)).toBe(true);
    for (const text of ["\x16\x03\x01", "GET /\n", "GET /\rX", "\n", "a\0"]) expect(may(text)).toBe(false);
  });

  it("is judged alike in whatever pieces it comes", () => {
    const inPieces = (text: string, size: number): boolean => {
      const bytes = Buffer.from(text, "latin1");
      for (let looked = 0; looked < bytes.length; looked += size) {
        if (!mayBecomeHead(bytes.subarray(0, looked + size), looked)) return false;
      }
      return true;
    };
    for (let size = 1; size < 8; size++) {
      expect(inPieces("GET / HTTP/1.1\r\nA: b\r\nCd: e\r\n", size)).toBe(true);
      for (const text of ["GET /\nA: b", "A: b\r\n\nC", "A: b\r\rC", "A: b\rC", "\nA"]) {
        expect(inPieces(text, size)).toBe(false);
      }
    }
  });
});

describe("the head of an answer", () => {
  it("is read with and without a phrase", () => {
    expect(readAnswerSyntax("HTTP/1.1 200 OK\r\nA: b")).toEqual({ status: 200, minor: 1, fields: [["a", "b"]] });
    expect(readAnswerSyntax("HTTP/1.0 204").status).toBe(204);
    expect(readAnswerSyntax("HTTP/1.1 204 ").status).toBe(204);
  });

  it.each(["HTTP/1.1 20 OK", "HTTP/1.1 2000", "HTTP/1.1 099", "HTTP/1.1200", "ICY 200 OK", "HTTP/1.1 200 OK\r\nA : b"])(
    "is refused: %s",
    (head) => {
      expect(() => readAnswerSyntax(head)).toThrow(Malformed);
    },
  );
});

describe("a body", () => {
  interface Read {
    readonly data: string;
    readonly rest: string;
    readonly isDone: boolean;
    readonly trailers: unknown;
  }

  /** Reads a text in pieces of some size. */
  function read(framing: Framing, text: string, size: number, of: "request" | "answer" = "request"): Read {
    const reader = new BodyReader(framing, of);
    const data: Buffer[] = [];
    let taken = 0;
    for (let at = 0; at < text.length && !reader.isDone; at += size) {
      taken += reader.read(Buffer.from(text.slice(at, at + size), "latin1"), (piece) => data.push(piece));
    }
    return {
      data: Buffer.concat(data).toString("latin1"),
      rest: text.slice(taken),
      isDone: reader.isDone,
      trailers: reader.trailers,
    };
  }

  const CHUNKED = "5\r\nhello\r\n00A\r\n, world\r\nX\r\n0\r\nX-Sum: 1\r\nX-B: \r\n\r\nGET /next";

  it.each([1, 2, 3, 5, 7, 1000])("in chunks ends where its last chunk ends, in pieces of %i bytes", (size) => {
    expect(read({ kind: "chunked" }, CHUNKED, size)).toEqual({
      data: "hello, world\r\nX".slice(0, 15),
      rest: "GET /next",
      isDone: true,
      trailers: [
        ["x-sum", "1"],
        ["x-b", ""],
      ],
    });
  });

  it.each([1, 3, 1000])("of a length ends there, in pieces of %i bytes", (size) => {
    expect(read({ kind: "length", bytes: 5 }, "helloGET", size)).toMatchObject({ data: "hello", rest: "GET" });
    expect(read({ kind: "length", bytes: 50 }, "hello", size)).toMatchObject({ data: "hello", isDone: false });
    expect(read({ kind: "none" }, "GET", size)).toMatchObject({ data: "", rest: "GET", isDone: true });
    expect(read({ kind: "close" }, "all of it", size, "answer")).toMatchObject({ data: "all of it", isDone: false });
  });

  it.each([
    ["no size", "\r\nhello"],
    ["a sign", "+5\r\nhello\r\n0\r\n\r\n"],
    ["a prefix", "0x5\r\nhello\r\n0\r\n\r\n"],
    ["a space", "5 \r\nhello\r\n0\r\n\r\n"],
    ["a space in front", " 5\r\nhello\r\n0\r\n\r\n"],
    ["an extension", "5;a=b\r\nhello\r\n0\r\n\r\n"],
    ["a bare line feed behind the size", "5\nhello\r\n0\r\n\r\n"],
    ["a bare line feed behind the data", "5\r\nhello\n0\r\n\r\n"],
    ["more data than it says", "5\r\nhello!\r\n0\r\n\r\n"],
    ["a carriage return in the size", "5\r\r\nhello\r\n0\r\n\r\n"],
    ["a size beyond all sizes", "fffffffff\r\nhello"],
    ["a line without end", "5".repeat(300)],
    ["a bare line feed in the trailers", "0\r\nA: b\n\r\n"],
    ["a trailer that is no field", "0\r\nA b\r\n\r\n"],
    ["a length in the trailers", "0\r\nContent-Length: 5\r\n\r\n"],
    ["a folded trailer", "0\r\nA: b\r\n c\r\n\r\n"],
    ["trailers without end", `0\r\n${"A: b\r\n".repeat(2000)}`],
  ])("is refused: %s", (_what, text) => {
    for (const size of [1, 1000]) expect(() => read({ kind: "chunked" }, text, size)).toThrow(Malformed);
  });

  it("of an answer may have extensions, which say nothing", () => {
    const text = '5;a="b"\r\nhello\r\n0 ; c\r\n\r\n';
    expect(read({ kind: "chunked" }, text, 1, "answer")).toMatchObject({ data: "hello", isDone: true });
  });
});
