// SPDX-License-Identifier: MIT
// run_wasm.mjs PLAYER.wasm: player_main.c for WebAssembly. Lines on standard input, for each one an answer; run.py starts it.
import { readFileSync } from 'node:fs';

const PAGE = 65536;
// AGAIN_PLAY_MAX of player.h
const PLAY_MAX = 65536;

const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(process.argv[2])));
// Room that the module does not know of: the line, then the answer.
const line = exports.memory.grow((2 * PLAY_MAX) / PAGE) * PAGE;
const answer = line + PLAY_MAX;
const memory = new Uint8Array(exports.memory.buffer);

for (const text of readFileSync(0, 'utf8').split('\n').slice(0, -1)) {
	const bytes = Buffer.from(text);
	if (bytes.length >= PLAY_MAX) {
		throw new Error('a line is too long');
	}
	memory.set(bytes, line);
	memory[line + bytes.length] = 0;
	const length = exports.again_play(line, answer, PLAY_MAX);
	process.stdout.write(`${Buffer.from(memory.subarray(answer, answer + length))}\n`);
}
