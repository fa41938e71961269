"""What inference reads of a model: the formats, and every check that comes before anything is built or computed.

A model folder may come from anywhere. Nothing here unpickles, executes or allocates by what a file merely claims: arrays are views of
bytes that are there, and whatever does not fit is refused with its reason. Building a classifier from what has passed is another
module's work.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dudao.errors import ModelError
from dudao.features import NO_KEY
from dudao.taxonomy import MOST_DOMAINS, Taxonomy
from dudao.values import Value

FORMAT = 3
_COUNTING = 1  # the format that counted terms and had no setting for it
_BY_SCORE = 2  # the last one in which the best score came first, with nothing that says which domain is the main one
FILES = ("classifier.json", "classifier.npz", "dictionary.tsv", "taxonomy.toml")
CONTEXT_FEATURES = (
    "paragraph",
    "previous",
    "next",
    "heading",
    "upper headings",
    "paragraph if unsure",
    "heading if unsure",
)
_LONGEST_HEADER = 1024  # bytes that say what an array is; a hundred are usual
_LONGEST_DIRECTORY = 4096  # bytes of the .npz file's list of its nine arrays; half a kilobyte is usual
_END = 22  # bytes of a zip file's end record, which says where its list lies
# Of a file in that list: magic, version, method, size, lengths of its name, extra field and comment, offset.
_LISTED = struct.Struct("<4s2xB3xH12xI3H8xI")
_NEWEST_ZIP = 63  # version 6.3 of the format, which nothing here comes near
_STORED = 0  # the method of what is not compressed
_INFINITE, _BELOW = 0x7C00, 0x8000  # a half float's exponent bits, its sign
_FREQUENCY = 1_000_000_000  # of a dictionary word at most; jieba's own dictionary ends at 3,246,500
_LARGE = 1e6  # no number of a model comes near it; beyond, sums of them could overflow
_INSTALL = "install the version again"
_CLAUSE_KEY = 24  # hexadecimal digits: two of a million clauses share one with a chance of 1 in 10^17
_WORD = re.compile(r"[^\s\x00-\x1f\x7f]{1,32}")

_ARRAYS: dict[str, tuple[str, int]] = {
    "word_keys": ("uint64", 1),
    "word_features": ("int32", 1),
    "pair_keys": ("uint64", 1),
    "pair_features": ("int32", 1),
    "ngram_keys": ("uint64", 1),
    "ngram_features": ("int32", 1),
    "idf": ("float32", 1),
    "weights": ("float16", 2),
    "intercepts": ("float32", 1),
}
_IMPLIED = "ngram_features"  # left out since format 3: n-grams are the last features, in the order of their keys
Arrays = Mapping[str, npt.NDArray[Any]]


class Mended(NamedTuple):
    """Domains that a person gave to a clause, main one first, and its role where it was given too."""

    domains: tuple[str, ...]
    role: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Spread(Value):
    """How a share is spread over the reports of a corpus."""

    median: float
    p95: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Reference(Value):
    """What is usual for a model: figures of its corpus's reports, each seen by a model that did not know it.

    Attributes
    ----------
    reports : int
        How many reports they are taken over.
    unknown : Spread
        Share of words that are not in the vocabulary.
    uncertain : Spread
        Share of clauses marked uncertain, in their paragraphs and under their headings.
    uncertain_alone : Spread
        The same for clauses by themselves, as rows of a table are.
    """

    reports: int
    unknown: Spread
    uncertain: Spread
    uncertain_alone: Spread

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Reference:
        """Read what `dataclasses.asdict` gave; KeyError, TypeError or ValueError where it is something else."""
        spreads = {
            name: Spread(float(entry[name]["median"]), float(entry[name]["p95"]))
            for name in ("unknown", "uncertain", "uncertain_alone")
        }
        if not all(0 <= each.median <= each.p95 <= 1 for each in spreads.values()):
            raise ValueError("drift: a share that is none")
        return cls(int(entry["reports"]), **spreads)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Settings(Value):
    """What training chose beside the weights.

    Attributes
    ----------
    labels : tuple of str
        Domain ids, in the order of the score columns.
    block_weights : tuple of float
        Weight of the words block and of the character block.
    thresholds : tuple of float
        Least score at which each domain is given.
    context : tuple of float
        Weights of the context step: of the clause's own logit, the intercept, then `CONTEXT_FEATURES`.
    certain : float
        Least score of the first domain at which a clause is not marked uncertain.
    binary : bool
        Whether a term counts once a text however often it stands there; models of format 1 count each time.
    main : tuple of tuple of float
        For each domain an intercept and a weight for the log-odds of every domain: the log-odds that it is a clause's main one where
        the clause has it. Empty in models up to format 2, in which the domain of the best score comes first.
    drift : Reference, optional
        What is usual for the model; models up to 0.2.0 have no such figures.
    mended : mapping of str to Mended
        What people decided of single clauses, by `clause_key`: it stands, whatever headings and scores say.
    """

    labels: tuple[str, ...]
    block_weights: tuple[float, float]
    thresholds: tuple[float, ...]
    context: tuple[float, ...]
    certain: float
    binary: bool = True
    main: tuple[tuple[float, ...], ...] = ()
    drift: Reference | None = None
    mended: Mapping[str, Mended] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As ``classifier.json`` holds it; what not every model has is left out where there is none."""
        entry = {name: value for name, value in asdict(self).items() if name != "mended" and value is not None}
        if self.mended:
            entry["mended"] = {key: each._asdict() for key, each in sorted(self.mended.items())}
        return entry


def clause_key(section: Sequence[str], text: str) -> str:
    """By what a mended clause is found again: a digest of its heading path and text, so that a model holds no report's text."""
    path = "\n".join((*section, text)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(path).hexdigest()[:_CLAUSE_KEY]


class Parts(NamedTuple):
    """What a classifier is built from, checked."""

    settings: Settings
    taxonomy: Taxonomy
    dictionary: tuple[tuple[str, int], ...]
    arrays: Arrays


def parse(files: Mapping[str, bytes], *, where: str, known: bool = False) -> Parts:
    """Read and check the bytes of `FILES`: every format, shape, type and number in them, and that they fit each other.

    Parameters
    ----------
    files : mapping of str to bytes
        Each by its name.
    where : str
        What errors call the model.
    known : bool
        They are, to the last byte, those of a model that this package was released with, so that words and numbers were looked at
        then: ten milliseconds less.

    Raises
    ------
    ModelError
        A format from the future, or what is no model of this format.
    TaxonomyError
        ``taxonomy.toml`` breaks its own rules.
    """
    settings = read_settings(files["classifier.json"], where=where)
    dictionary = read_dictionary(files["dictionary.tsv"], where=where, known=known)
    taxonomy = Taxonomy.from_toml(files["taxonomy.toml"], where=f"{where}/taxonomy.toml")
    # Last, since a loader may still be at the digest of so large a file.
    arrays = read_arrays(files["classifier.npz"], where=where, known=known)
    check_fit(settings, taxonomy, arrays, where=where)
    return Parts(settings, taxonomy, dictionary, arrays)


def check_format(number: object, *, where: str) -> int:
    """The number of a format that is read here.

    Raises
    ------
    ModelError
        It is newer, or no number.
    """
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ModelError(f"the model's format is {number!r}, which is no format", where=where, hint=_INSTALL)
    if number > FORMAT:
        raise ModelError(
            f"model format {number} is newer than this dudao reads ({FORMAT})", where=where, hint="upgrade dudao"
        )
    return number


def read_settings(data: bytes, *, where: str) -> Settings:
    """``classifier.json``, checked by itself."""
    try:
        raw = json.loads(data.decode("utf-8"))
        number = check_format(raw["format"], where=where)
        of_words, of_ngrams = raw["block_weights"]
        settings = Settings(
            labels=tuple(map(str, raw["labels"])),
            block_weights=(float(of_words), float(of_ngrams)),
            thresholds=tuple(map(float, raw["thresholds"])),
            context=tuple(map(float, raw["context"])),
            certain=float(raw["certain"]),
            binary=bool(raw.get("binary", number > _COUNTING)),
            main=tuple(tuple(map(float, row)) for row in raw["main"]) if number > _BY_SCORE else (),
            drift=Reference.from_dict(raw["drift"]) if raw.get("drift") else None,
            mended={
                str(key): Mended(tuple(map(str, each["domains"])), str(each["role"]))
                for key, each in raw.get("mended", {}).items()
            },
        )
    except ModelError:
        raise
    except Exception as error:  # whatever a damaged file makes the parser raise
        raise _unreadable(f"classifier.json: {error}", where) from error
    _require(
        len(settings.context) == 2 + len(CONTEXT_FEATURES), "the context step has the wrong number of weights", where
    )
    _require(
        all(len(row) == 1 + len(settings.labels) for row in settings.main)
        and len(settings.main) in {0, len(settings.labels)},
        "what tells the main domain is of other domains",
        where,
    )
    numbers = (
        *settings.thresholds,
        *settings.context,
        *settings.block_weights,
        settings.certain,
        *sum(settings.main, ()),
    )
    _require(all(map(math.isfinite, numbers)), "a number is not finite", where)
    _require(
        all(0 <= each <= 1 for each in (*settings.thresholds, settings.certain)), "a threshold is no probability", where
    )
    _require(all(abs(each) <= _LARGE for each in numbers), "a weight is larger than any model's", where)
    return settings


def read_dictionary(data: bytes, *, where: str, known: bool = False) -> tuple[tuple[str, int], ...]:
    """``dictionary.tsv``: words and their frequencies."""
    try:
        lines = (line.split("\t") for line in data.decode("utf-8").splitlines())
        dictionary = tuple([(word, int(frequency)) for word, frequency in lines])
    except ValueError as error:
        raise _unreadable(f"dictionary.tsv: {error}", where) from error
    if known:
        return dictionary
    for word, frequency in dictionary:
        if not (_WORD.fullmatch(word) and 0 < frequency <= _FREQUENCY):
            raise _unreadable(f"dictionary.tsv: {word[:32]!r} {frequency} is no word with its frequency", where)
    return dictionary


def read_arrays(data: bytes, *, where: str, known: bool = False) -> Arrays:
    """The arrays of an uncompressed .npz file as read-only views of its bytes: nothing is copied, nothing unpickled.

    Whatever the file claims of itself is held against the bytes that are there before anything is made of it.
    """
    try:
        arrays = {name: _array(data, start, stop, name) for name, start, stop in _members(data)}
        if _IMPLIED not in arrays:
            n_features = len(arrays["weights"])
            arrays[_IMPLIED] = np.arange(n_features - len(arrays["ngram_keys"]), n_features, dtype=np.int32)
    except ModelError:
        raise
    except Exception as error:  # whatever a damaged file makes struct and NumPy raise
        raise _unreadable(f"classifier.npz: {error}", where) from error
    if not known:
        _check_keys(arrays, where)
        _check_features(arrays, where)
        _check_numbers(arrays, where)
    return arrays


def check_fit(settings: Settings, taxonomy: Taxonomy, arrays: Arrays, *, where: str) -> None:
    """Refuse files that are right by themselves but not of one model."""
    n_domains = arrays["weights"].shape[1]
    _require(
        len(settings.labels) == len(settings.thresholds) == n_domains and settings.labels == taxonomy.domain_ids,
        "labels, thresholds and taxonomy differ",
        where,
    )
    roles = {"", *taxonomy.role_ids}
    _require(
        all(
            0 < len(each.domains) <= MOST_DOMAINS and set(each.domains) <= set(settings.labels) and each.role in roles
            for each in settings.mended.values()
        ),
        "a mended clause has labels that the taxonomy does not have",
        where,
    )


def directory_bytes(data: bytes) -> int:
    """How long the list of files in a plain zip file is; zipfile holds ten times that, so it is looked at before.

    Raises
    ------
    ValueError
        It is cut short, has a comment, or is of the kind for more than 4 GB.
    """
    end = data[-_END:]
    if len(end) < _END or end[:4] != b"PK\5\6" or end[-2:] != b"\0\0" or data[-_END - 20 : -_END - 16] == b"PK\6\7":
        raise ValueError("it is no plain zip file")
    return int.from_bytes(end[12:16], "little")


def _members(data: bytes) -> list[tuple[str, int, int]]:
    """Name, first byte and last of each array in the file."""
    entries = _directory(data)
    expected = {f"{name}.npy" for name in _ARRAYS}
    found = [entry.name for entry in entries]
    missing = expected.difference(found) - {f"{_IMPLIED}.npy"}
    if missing or not expected.issuperset(found) or len(set(found)) < len(found):
        odd = sorted(missing | set(found) - expected) or found
        raise ValueError(f"its arrays are not a model's: {', '.join(odd)[:200]}")
    members = []
    for entry in entries:
        if entry.method != _STORED:
            raise ValueError(f"{entry.name} is compressed")
        lengths = struct.unpack_from("<HH", data, entry.offset + 26)  # of the member's name and extra field
        start = entry.offset + 30 + sum(lengths)
        if start + entry.size > len(data):
            raise ValueError(f"{entry.name} claims more bytes than the file has")
        members.append((entry.name.removesuffix(".npy"), start, start + entry.size))
    return members


class _Entry(NamedTuple):
    """What a zip file's list says of a file in it."""

    name: str
    method: int
    size: int
    offset: int


def _directory(data: bytes) -> list[_Entry]:
    """The list of files of a plain zip file. Read by hand: importing zipfile takes 4 ms, and `numpy.savez` writes nothing but this."""
    length = directory_bytes(data)
    if length > _LONGEST_DIRECTORY:
        raise ValueError("it lists more than a model's arrays")
    end = len(data) - _END
    at = end - length
    before = at - int.from_bytes(data[end + 16 : end + 20], "little")  # what was put before the zip file, if anything
    if at < 0 or before < 0:
        raise ValueError("it is cut short")
    listed, at = data[at:end], 0
    entries = []
    while at < length:
        magic, needs, method, size, name, extra, comment, offset = _LISTED.unpack_from(listed, at)
        if magic != b"PK\1\2" or needs > _NEWEST_ZIP:
            raise ValueError("its list of files is damaged")
        first = at + _LISTED.size
        entries.append(_Entry(listed[first : first + name].decode("utf-8"), method, size, before + offset))
        at = first + name + extra + comment
    return entries


def _array(data: bytes, start: int, stop: int, name: str) -> npt.NDArray[Any]:
    head = io.BytesIO(data[start : min(stop, start + _LONGEST_HEADER)])
    if np.lib.format.read_magic(head) != (1, 0):
        raise ValueError(f"{name} is no array of format 1.0")
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(head)
    kind, ndim = _ARRAYS[name]
    if dtype != np.dtype(kind) or len(shape) != ndim:
        raise ValueError(f"{name} is {dtype} with {len(shape)} dimensions, not {kind} with {ndim}")
    claimed = math.prod(shape) * dtype.itemsize
    if min(shape) < 0 or head.tell() + claimed != stop - start:
        raise ValueError(f"{name} claims {claimed:,} bytes and has {stop - start - head.tell():,}")
    flat = np.frombuffer(data, dtype, count=math.prod(shape), offset=start + head.tell())
    return flat.reshape(shape, order="F" if by_column else "C")


def _check_keys(arrays: Arrays, where: str) -> None:
    """Keys ascend, and a pair is one of words that are there."""
    for block in ("word", "pair", "ngram"):
        keys, features = arrays[f"{block}_keys"], arrays[f"{block}_features"]
        _require(len(keys) == len(features), f"{len(keys)} {block} keys have {len(features)} features", where)
        _require(
            not len(keys) or bool((keys[1:] > keys[:-1]).all() and keys[-1] < NO_KEY),
            f"{block} keys are not ascending",
            where,
        )
    words, pairs = np.uint64(len(arrays["word_keys"])), arrays["pair_keys"]
    halves = (pairs & np.uint64(0xFFFFFFFF), pairs >> np.uint64(32))
    _require(all(bool((half < words).all()) for half in halves), "a pair of words that are none", where)


def _check_features(arrays: Arrays, where: str) -> None:
    """Each row of the weights is one term's, words and pairs before n-grams; -1 is a word that is no term by itself."""
    n_features = len(arrays["weights"])
    words, pairs, ngrams = (arrays[f"{block}_features"] for block in ("word", "pair", "ngram"))
    for block, features in (("word", words), ("pair", pairs), ("ngram", ngrams)):
        inside = not len(features) or bool(features.min() >= -1 and features.max() < n_features)
        _require(inside, f"{block} vocabulary out of range", where)
    features = np.concatenate([words, pairs, ngrams])
    counts = np.bincount(features[features >= 0], minlength=n_features)
    _require(bool((counts <= 1).all()), "a feature stands for two terms", where)
    _require(bool(counts.all()), f"a vocabulary of {int(counts.sum())} terms has {n_features} weights", where)
    _require(
        max(words.max(initial=-1), pairs.max(initial=-1)) < ngrams.min(initial=n_features, where=ngrams >= 0),
        "words and n-grams are mixed",
        where,
    )


def _check_numbers(arrays: Arrays, where: str) -> None:
    n_features, n_domains = arrays["weights"].shape
    _require(
        len(arrays["idf"]) == n_features and len(arrays["intercepts"]) == n_domains,
        "weights, idf and intercepts differ in length",
        where,
    )
    # Half floats are looked at as what they are stored as, in nothing of a copy's size: infinities and what is no number are the
    # largest, among those below zero as whole numbers without a sign, among the others as whole numbers with one.
    weights = arrays["weights"]
    finite = (
        weights.view(np.int16).max(initial=0) < _INFINITE
        and weights.view(np.uint16).max(initial=0) < _BELOW + _INFINITE
    )
    idf, intercepts = arrays["idf"], arrays["intercepts"]
    _require(finite and bool(np.isfinite(idf).all() and np.isfinite(intercepts).all()), "a number is not finite", where)
    within = bool((idf >= 0).all() and (idf <= _LARGE).all() and (np.abs(intercepts) <= _LARGE).all())
    _require(within, "a weight is larger than any model's", where)


def _require(right: bool, otherwise: str, where: str) -> None:
    if not right:
        raise ModelError(f"the model's files do not fit each other: {otherwise}", where=where, hint=_INSTALL)


def _unreadable(why: str, where: str) -> ModelError:
    return ModelError(f"the model's files cannot be read: {why}", where=where, hint=_INSTALL)
