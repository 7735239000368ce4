"""Certificates that a test makes for itself: authorities, servers and clients, strong and weak, in folders of their own."""

import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Authority:
    """Signs certificates. `sign` gives the path of a PEM file: the certificate, then its key."""

    def __init__(self, folder, name="authority", key=("rsa", 2048), digest="sha256"):
        self.folder, self.name = folder, name
        self.path, self._key = folder / f"{name}.pem", folder / f"{name}.key"
        _make_key(self._key, key)
        subject = ["-subj", f"/CN={name}", "-days", 30, f"-{digest}"]
        extensions = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"]
        openssl("req", "-x509", "-new", "-key", self._key, "-out", self.path, *subject, *extensions)

    def sign(self, name, key=("rsa", 2048), digest="sha256", names="IP:127.0.0.1,DNS:localhost", days=(-1, 30), own=False):
        """Certificates share a key of their kind unless one is to have its own: to make keys takes time."""
        keyfile, request, extensions = (self.folder / f"{name}.{kind}" for kind in ("key", "csr", "ext"))
        signed, whole = self.folder / f"{name}.crt", self.folder / f"{name}.pem"
        shared = self.folder / f"shared-{key[0]}-{key[1]}.key"
        if own or not shared.exists():
            _make_key(keyfile if own else shared, key)
        if not own:
            keyfile.write_text(shared.read_text())
        openssl("req", "-new", "-key", keyfile, "-out", request, "-subj", f"/CN={name}")
        extensions.write_text(f"basicConstraints=critical,CA:FALSE\nsubjectAltName={names}\n")
        begin, end = (datetime.now(timezone.utc) + timedelta(days=day) for day in days)
        database = self.folder / f"{name}.db"
        database.write_text("")
        config = self.folder / f"{name}.cnf"
        config.write_text(
            f"[ca]\ndefault_ca=own\n[own]\ndatabase={database}\nnew_certs_dir={self.folder}\nrand_serial=yes\n"
            "policy=any\nunique_subject=no\n[any]\ncommonName=supplied\n"
        )
        openssl(
            "ca", "-batch", "-notext", "-config", config, "-cert", self.path, "-keyfile", self._key, "-md", digest,
            "-in", request, "-out", signed, "-extfile", extensions,
            "-startdate", f"{begin:%Y%m%d%H%M%SZ}", "-enddate", f"{end:%Y%m%d%H%M%SZ}",
        )
        whole.write_text(signed.read_text() + keyfile.read_text())
        return whole


def _make_key(path, key):
    kind, size = key
    if kind == "rsa":
        openssl("genrsa", "-out", path, size)
    else:
        openssl("ecparam", "-genkey", "-noout", "-name", size, "-out", path)


def converted(pem, kind):
    """The key of a PEM file in another form: `pkcs8`, `pkcs1` or `sec1`; the path of a file with nothing but it."""
    path = Path(pem).with_suffix(f".{kind}")
    form = {"pkcs8": ["pkcs8", "-topk8", "-nocrypt"], "pkcs1": ["rsa", "-traditional"], "sec1": ["ec"]}[kind]
    openssl(*form, "-in", pem, "-out", path)
    return path
