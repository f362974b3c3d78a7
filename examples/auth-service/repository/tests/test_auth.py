import unittest

from auth import config
from auth.service import AuthService
from auth.users import OLD_ACCOUNTS, password_of


class AuthTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = AuthService()

    def test_login(self):
        """Accounts of both password schemes can log in."""
        for number in (0, OLD_ACCOUNTS - 1, OLD_ACCOUNTS, 499):
            self.assertIsNotNone(self.service.login(f"user{number}", password_of(number)), f"user{number} was refused")

    def test_wrong_password(self):
        self.assertIsNone(self.service.login("user200", "wrong"))

    def test_unknown_user(self):
        self.assertIsNone(self.service.login("nobody", "x"))

    def test_token_validation(self):
        """A token of a login names its user, for old accounts too."""
        token = self.service.login("user1", password_of(1))
        self.assertIsNotNone(token)
        self.assertEqual(self.service.validate(token), "user1")

    def test_forged_token(self):
        token = self.service.login("user300", password_of(300))
        self.assertIsNone(self.service.validate(token[:-1] + ("0" if token[-1] != "0" else "1")))

    def test_config_is_strict(self):
        self.assertIn("issuer", config.load())
