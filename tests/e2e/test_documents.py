"""What the documents name as proof is there."""

import re

from support.process import ROOT

DOCUMENTS = sorted((ROOT / "docs").glob("*.md"))


def test_every_test_and_file_that_a_document_names_as_proof_exists():
    tests = set(re.findall(r"^def (test_\w+)", "".join(file.read_text() for file in (ROOT / "tests/e2e").glob("*.py")), re.M))
    missing, named = [], 0
    for document in DOCUMENTS:
        for name in re.findall(r"`([^`\s]+)`", document.read_text()):
            if re.fullmatch(r"test_\w+", name):
                is_there = name in tests or (ROOT / "tests/e2e" / f"{name}.py").exists()
            elif re.match(r"(core|tests|functions|infra)/[\w./-]+$", name):
                is_there = (ROOT / name).exists()
            else:
                continue
            named += 1
            missing += [] if is_there else [f"{document.name}: {name}"]
    assert not missing and named > 20
