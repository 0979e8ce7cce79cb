// SPDX-License-Identifier: MIT
// The player as WebAssembly: `node run_wasm.mjs PLAYER.wasm`, vectors from standard input, one a line; the answer to each is
// one line. The module needs nothing of its host: it gets a line in its memory and leaves the answer there.
import { readFileSync } from "node:fs";

const LINE_MAX = 65536;
const PAGE = 65536;

const [file] = process.argv.slice(2);
if (file === undefined) {
	console.error("usage: node run_wasm.mjs PLAYER.wasm <LINES");
	process.exit(2);
}
const { instance } = await WebAssembly.instantiate(readFileSync(file), {});
const { memory, again_play } = instance.exports;

// Two pages behind everything that the module uses.
const line_at = memory.grow((2 * LINE_MAX) / PAGE) * PAGE;
const answer_at = line_at + LINE_MAX;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const play = (line) => {
	const bytes = encoder.encode(line + "\0");
	if (bytes.length > LINE_MAX) {
		return "";
	}
	new Uint8Array(memory.buffer).set(bytes, line_at);
	const len = again_play(line_at, answer_at, LINE_MAX);
	return decoder.decode(new Uint8Array(memory.buffer, answer_at, len));
};

const lines = readFileSync(0, "utf8").split("\n").slice(0, -1);
process.stdout.write(lines.map((line) => play(line) + "\n").join(""));
