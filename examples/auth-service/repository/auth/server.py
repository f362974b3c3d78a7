"""HTTP front of the service, on loopback at PORT."""
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .service import AuthService


def handler_for(service):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            self.answer(200, {"status": "up"}) if self.path == "/healthz" else self.answer(404, {"error": "not found"})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
            if self.path == "/api/auth/login":
                token = service.login(str(body.get("user")), str(body.get("password")))
                self.answer(200, {"token": token}) if token else self.answer(401, {"error": "login refused"})
            elif self.path == "/api/auth/validate":
                user = service.validate(str(body.get("token")))
                self.answer(200, {"user": user}) if user else self.answer(401, {"error": "token refused"})
            else:
                self.answer(404, {"error": "not found"})

        def log_message(self, *_):
            pass

    return Handler


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


if __name__ == "__main__":
    Server(("127.0.0.1", int(os.environ["PORT"])), handler_for(AuthService())).serve_forever()
