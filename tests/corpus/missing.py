"""Lists of recorded cases that are not answered as recorded yet: a name a line, comments on top. They may only shrink."""


def read(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def write(path, names):
    comments = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    path.write_text("\n".join(comments + sorted(names)) + "\n", encoding="utf-8")
