#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A small real HTTP server on the loopback that is not ready at first.

    http_server.py --port-file FILE --listen-file FILE --log FILE [--unavailable N] [--retry-after TEXT]

It takes a free port and writes it to --port-file, but refuses connections until --listen-file exists. Then it answers the
first N requests with 503 (with TEXT in the field Retry-After), paths that begin with /no with 404, and all others with 200
and the body "hello". One line a request is appended to --log. Ends on TERM.
"""
import argparse
import http.server
import os
import signal
import socketserver
import sys
import time

sys.dont_write_bytecode = True
import processes  # noqa: E402


def handler_for(options):
    class Handler(http.server.BaseHTTPRequestHandler):
        answered = 0

        def do_GET(self):
            ready = Handler.answered >= options.unavailable
            Handler.answered += 1
            code = 503 if not ready else 404 if self.path.startswith("/no") else 200
            body = b"hello\n" if code == 200 else b"not yet\n"
            self.send_response(code)
            if code == 503 and options.retry_after:
                self.send_header("Retry-After", options.retry_after)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            with open(options.log, "a", encoding="utf-8") as file:
                file.write(f"{code} {self.path}\n")

        def log_message(self, *_):
            pass

    return Handler


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--listen-file", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--unavailable", type=int, default=0)
    parser.add_argument("--retry-after", metavar="TEXT")
    options = parser.parse_args()
    processes.end_with_parent(signal.SIGTERM)
    server = socketserver.TCPServer(("127.0.0.1", 0), handler_for(options), bind_and_activate=False)
    # Bound but not listening: the port is ours and every connection to it is refused.
    server.server_bind()
    processes.write_whole(options.port_file, f"{server.server_address[1]}\n")
    while not os.path.exists(options.listen_file):
        time.sleep(0.005)
    server.server_activate()
    server.serve_forever()


if __name__ == "__main__":
    main()
