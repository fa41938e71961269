from __future__ import annotations

from dudao.outline.evidence import RoleEvidence
from dudao.taxonomy import Taxonomy

TAXONOMY = b"""version = "t"
[[domain]]
id = "a"
name = "a"
[[role]]
id = "done"
name = "done"
evidence_bias = 0.2
[role.evidence]
"\xe5\xb7\xb2" = 2.0
[[role]]
id = "planned"
name = "planned"
[role.evidence]
"\xe5\xb0\x86" = 2.0
[[role]]
id = "other"
name = "other"
"""
DONE, PLANNED = "今年已经建成两所学校。", "明年将要再建两所学校。"


def test_role_evidence_section_takes_the_role_its_sentences_speak_for():
    evidence = RoleEvidence(Taxonomy.from_toml(TAXONOMY))
    assert evidence.roles == ("done", "planned")
    assert evidence.of_section(PLANNED * 3) == "planned"
    assert evidence.of_section(DONE * 2 + PLANNED) == "done"


def test_role_evidence_few_sentences_say_nothing():
    evidence = RoleEvidence(Taxonomy.from_toml(TAXONOMY))
    assert evidence.of_section(PLANNED * 2) is None
    assert evidence.of_sequence([PLANNED]) == [None]


def test_role_evidence_sequence_goes_on_and_one_odd_paragraph_does_not_turn_it_back():
    evidence = RoleEvidence(Taxonomy.from_toml(TAXONOMY))
    texts = [DONE * 4, DONE * 4, PLANNED * 4, DONE, PLANNED * 4]
    assert evidence.of_sequence(texts) == ["done", "done", "planned", "planned", "planned"]


def test_role_evidence_taxonomy_without_any_gives_none():
    evidence = RoleEvidence(
        Taxonomy.from_toml(
            TAXONOMY.replace(b"[role.evidence]\n", b"")
            .replace(b'"\xe5\xb7\xb2" = 2.0\n', b"")
            .replace(b'"\xe5\xb0\x86" = 2.0\n', b"")
        )
    )
    assert evidence.of_section(DONE * 5) is None
    assert evidence.of_sequence([DONE * 20]) == [None]
