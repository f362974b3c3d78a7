"""Signed tokens: user, issuer and expiry."""
import base64
import hashlib
import hmac
import json
import os
import time


class Tokens:
    def __init__(self, issuer, ttl, key=None, clock=time.time):
        self.issuer, self.ttl, self.key, self.clock = issuer, ttl, key or os.urandom(32), clock

    def _sign(self, body):
        return hmac.new(self.key, body, hashlib.sha256).hexdigest()

    def issue(self, user):
        body = base64.urlsafe_b64encode(json.dumps({"sub": user, "iss": self.issuer, "exp": self.clock() + self.ttl}).encode())
        return f"{body.decode()}.{self._sign(body)}"

    def validate(self, token):
        """The user of a valid token, else None."""
        body, _, signature = token.partition(".")
        if not hmac.compare_digest(self._sign(body.encode()), signature):
            return None
        claims = json.loads(base64.urlsafe_b64decode(body))
        return claims["sub"] if claims["iss"] == self.issuer and claims["exp"] > self.clock() else None
