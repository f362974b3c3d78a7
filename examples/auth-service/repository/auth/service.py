"""What the service does, apart from HTTP."""
from . import config as configuration
from .tokens import Tokens
from .users import Users


class AuthService:
    def __init__(self, config=None, users=None):
        self.config = config or configuration.load()
        self.users = users or Users()
        self.tokens = Tokens(self.config["issuer"], self.config["token_ttl_seconds"])

    def login(self, user, password):
        """A token, or None when the login is refused."""
        if not self.users.check(user, password, self.config["password_schemes"]):
            return None
        return self.tokens.issue(user)

    def validate(self, token):
        return self.tokens.validate(token)
