"""A certificate authority of a test's own, and what it signs."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Signed:
    """A certificate with its key, as files of a folder."""

    def __init__(self, folder, name, certificate, key, chain=()):
        self.name, self.certificate, self.key = name, certificate, key
        self.certificate_path = folder / f"{name}.pem"
        self.key_path = folder / f"{name}.key"
        pem = serialization.Encoding.PEM
        self.certificate_path.write_bytes(b"".join(one.public_bytes(pem) for one in (certificate, *chain)))
        no_password = serialization.NoEncryption()
        self.key_path.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password))

    @property
    def serial(self):
        return self.certificate.serial_number


class Authority(Signed):
    """A root, with an intermediate that signs for it."""

    def __init__(self, folder, name="authority"):
        self.folder = folder
        root_key, root_name = ec.generate_private_key(ec.SECP256R1()), _name(f"The root of {name}")
        root = self._build(root_name, root_key, root_name, root_key, is_authority=True)
        super().__init__(folder, name, root, root_key)
        self._signing_key, self._signing_name = ec.generate_private_key(ec.SECP256R1()), _name(f"The signer of {name}")
        self._signing = self._build(self._signing_name, self._signing_key, root_name, root_key, is_authority=True)

    def sign(self, name):
        """A certificate of loopback, for servers and clients, with the intermediate behind it."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._build(_name(name), key, self._signing_name, self._signing_key, is_authority=False)
        return Signed(self.folder, name, certificate, key, [self._signing])

    def revoke(self, *revoked):
        """The lists of the root and the intermediate, one file."""
        path = self.folder / f"{self.name}.crl"
        lists = [(self.certificate.subject, self.key, ()), (self._signing_name, self._signing_key, revoked)]
        path.write_bytes(b"".join(self._list(*each) for each in lists))
        return path

    @staticmethod
    def _list(issuer, key, revoked):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateRevocationListBuilder().issuer_name(issuer).last_update(now - DAY).next_update(now + DAY)
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.serial).revocation_date(now - DAY).build()
            builder = builder.add_revoked_certificate(entry)
        builder = builder.add_extension(x509.CRLNumber(1), False)
        return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    @staticmethod
    def _build(name, key, issuer, issuer_key, is_authority):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + 80 * DAY)
            .add_extension(x509.BasicConstraints(is_authority, None), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
            .add_extension(
                x509.KeyUsage(not is_authority, False, False, False, False, is_authority, is_authority, False, False), True
            )
        )
        if not is_authority:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
            builder = builder.add_extension(x509.ExtendedKeyUsage(uses), False)
        return builder.sign(issuer_key, hashes.SHA256())
