"""The user table. Accounts older than the move to scrypt still carry a pbkdf2 hash until their owner changes the password."""
import hashlib
import hmac

COUNT = 500
#: Accounts that never changed their password since the move.
OLD_ACCOUNTS = 76


def password_of(number):
    """The table is made up, and so are its passwords."""
    return f"correct-horse-{number}"


def scheme_of(number):
    return "pbkdf2" if number < OLD_ACCOUNTS else "scrypt"


def derive(scheme, password, salt):
    if scheme == "pbkdf2":
        return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 50)
    if scheme == "scrypt":
        return hashlib.scrypt(password.encode(), salt=salt, n=16, r=1, p=1)
    raise ValueError(f"unknown scheme {scheme}")


class Users:
    def __init__(self, count=COUNT):
        self.table = {}
        for number in range(count):
            salt = number.to_bytes(8, "big")
            scheme = scheme_of(number)
            self.table[f"user{number}"] = (scheme, salt, derive(scheme, password_of(number), salt))

    def check(self, name, password, schemes):
        """True for the right password under a scheme that is still accepted."""
        entry = self.table.get(name)
        if entry is None:
            return False
        scheme, salt, stored = entry
        return scheme in schemes and hmac.compare_digest(derive(scheme, password, salt), stored)
