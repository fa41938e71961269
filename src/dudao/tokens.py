"""Text to terms: normalisation, word segmentation with the domain dictionary, spans of words, pairs and character n-grams.

The only place that knows a tokenizer. A batch of texts becomes one array of code points, and every term is a span of it: no
token is ever held as a Python object beyond the segmenter's own list. Training takes its terms from the same spans.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dudao.language import traditional_characters

Codes = npt.NDArray[np.uint32]
Index = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

# Tokens longer than this are cut into pieces of this length: 中国特色社会主义 → 中国特色 社会主义. Four 16-bit code points are a 64-bit
# key, so that no term can be mistaken for another.
LONGEST = 4
NGRAMS = (2, 3, 4)

_BREAK = ord("，")  # stands for whatever separates; no term crosses it
_DIGIT = ord("0")  # stands for every run of digits
_RARE = ord("〓")  # stands for every character beyond the Basic Multilingual Plane
_HAN = (0x4E00, 0x9FD5)  # what jieba takes for Han


class Spans(NamedTuple):
    """The terms of a batch of texts, as spans of its normalised code points.

    Attributes
    ----------
    codes : array of uint32, shape (n_codes,)
        Normalised code points of all texts, a break behind each text.
    row : array of int64, shape (n_codes,)
        Which text each belongs to.
    origin : array of int64, shape (n_codes,)
        Offset of each in its own text, before normalisation.
    keys : array of uint64, shape (n_codes,)
        The four code points from each place on, 16 bits each, breaks or not; of which `span_keys` makes the keys of terms.
    start, length : array of int64, shape (n_words,)
        Word spans, in order; breaks are in none.
    follows : array of bool, shape (n_words,)
        Whether a word stands directly behind the one before it, so that both make a pair.
    """

    codes: Codes
    row: Index
    origin: Index
    keys: Keys
    start: Index
    length: Index
    follows: npt.NDArray[np.bool_]


@functools.cache
def _table() -> Codes:
    """Normalised code point of every character of the Basic Multilingual Plane; 0 where it is dropped."""
    table = np.full(0x10000, _BREAK, dtype=np.uint32)
    keep = np.arange(0x3400, 0xA000, dtype=np.uint32)
    table[0x3400:0xA000] = keep
    import unicodedata

    for low, high in ((0x2E80, 0x2FE0), (0xF900, 0xFB00), (0xFF01, 0xFF5F)):
        for code in range(low, high):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and ord(plain) <= 0xFFFF:
                table[code] = ord(plain)
    for source, target in zip("⺠⻓⻋⻔⻛⻚⻅⻉⻢⻩⻬⻰⻝", "民长车门风页见贝马黄齐龙食", strict=True):
        table[ord(source)] = ord(target)  # CJK radicals as PDFs give them; NFKC maps the Kangxi block only
    table[0x3007] = _DIGIT
    for code in (*range(0x30, 0x3A), *range(0xFF10, 0xFF1A)):
        table[code] = _DIGIT
    for upper, lower in zip(range(0x41, 0x5B), range(0x61, 0x7B), strict=True):
        table[[upper, lower, upper + 0xFEE0, lower + 0xFEE0]] = lower
    punctuation = [code for code in range(0x21, 0x7F) if not chr(code).isalnum()]
    table[punctuation] = _BREAK
    table[np.asarray(punctuation) + 0xFEE0] = _BREAK
    for code in (
        0x09,
        0x0A,
        0x0B,
        0x0C,
        0x0D,
        0x20,
        0x85,
        0xA0,
        0xAD,
        0x2028,
        0x2029,
        0x3000,
        0xFEFF,
        *range(0x2000, 0x2010),
    ):
        table[code] = 0
    table[0xD800:0xE000] = _BREAK
    written, simple = (np.frombuffer(each.encode("utf-32-le"), dtype="<u4") for each in traditional_characters())
    table[written] = simple
    # Compatibility ideographs can map to traditional forms: map twice.
    compat = np.arange(0xF900, 0xFB00)
    table[compat] = table[table[compat]]
    return table


class Segmenter:
    """Cuts normalised text into words: rjieba where it is installed, jieba with the same result where not.

    Parameters
    ----------
    dictionary : sequence of (str, int)
        Words of the domain with their frequencies, added to jieba's own.
    engine : {"auto", "rjieba", "jieba"}
        Which tokenizer to use.

    Notes
    -----
    The module-level ``jieba.cut`` is not used: its cache file in the shared temporary folder is unmarshalled unchecked,
    whoever put it there. Loading is done at the first use; a pickled segmenter loads again where it is unpickled.
    """

    def __init__(self, dictionary: Sequence[tuple[str, int]] = (), *, engine: str = "auto") -> None:
        self._dictionary = tuple(dictionary)
        self._engine = engine
        self._cut: Callable[[str], list[str]] | None = None
        self._lock = (os.getpid(), threading.Lock())

    def cut(self, text: str) -> list[str]:
        """Words of a text, in order; their lengths add up to the text's."""
        if self._cut is None:
            with self._own_lock():
                if self._cut is None:
                    self._cut = self._load()
        return self._cut(text)

    def _own_lock(self) -> threading.Lock:
        """The lock of this process: one that a thread held while the process was forked is never let go in the child."""
        owner, lock = self._lock
        if owner != os.getpid():
            lock = threading.Lock()
            self._lock = (os.getpid(), lock)
        return lock

    def _load(self) -> Callable[[str], list[str]]:
        if self._engine != "jieba":
            try:
                return _rjieba_cut(self._dictionary)
            except ImportError:
                if self._engine == "rjieba":
                    raise
        return _jieba_cut(self._dictionary)

    def __getstate__(self) -> dict[str, Any]:
        return {"_dictionary": self._dictionary, "_engine": self._engine}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_dictionary"], engine=state["_engine"])  # type: ignore[misc]


def _rjieba_cut(dictionary: Sequence[tuple[str, int]]) -> Callable[[str], list[str]]:
    tokenizer = _rjieba().Jieba()
    for word, frequency in dictionary:
        tokenizer.add_word(word, frequency, None)

    def cut(text: str) -> list[str]:
        words: list[str] = tokenizer.cut(text, True)
        return words

    return cut


def _rjieba() -> Any:
    """rjieba's compiled part alone: its package makes a tokenizer of its own when imported, 0.1 s for nothing."""
    import importlib
    import importlib.util
    import sys

    name = "rjieba.rjieba"
    if name not in sys.modules and (package := importlib.util.find_spec("rjieba")) is not None:
        found = importlib.machinery.PathFinder.find_spec(name, package.submodule_search_locations)
        if found is not None and found.loader is not None:
            module = importlib.util.module_from_spec(found)
            found.loader.exec_module(module)
            sys.modules[name] = module  # a later `import rjieba` takes this one
    return sys.modules.get(name) or importlib.import_module("rjieba")


def _jieba_cut(dictionary: Sequence[tuple[str, int]]) -> Callable[[str], list[str]]:
    tokenizer = private_jieba()
    for word, frequency in dictionary:
        tokenizer.add_word(word, frequency)
    return lambda text: list(tokenizer.cut(text, HMM=True))


def private_jieba() -> Any:
    """A jieba tokenizer of our own, its dictionary built in the process and never read from or written to a cache."""
    import logging
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*invalid escape sequence")
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated.*")
        import jieba

    logging.getLogger("jieba").setLevel(logging.ERROR)
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer


def lengths_of(texts: Sequence[str]) -> Index:
    """How many characters each text has, shape (n_texts,)."""
    return np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))


def batches(texts: Sequence[str], characters: int) -> Iterator[slice]:
    """Cut a list of texts into slices of about that many characters, whatever the texts' lengths; none is empty."""
    ends = np.cumsum(lengths_of(texts) + 1)
    low = behind = 0
    while low < len(texts):
        high = min(int(np.searchsorted(ends, behind + characters)) + 1, len(texts))
        yield slice(low, high)
        low, behind = high, int(ends[high - 1])


def spans(texts: Sequence[str], segmenter: Segmenter) -> Spans:
    """Normalise a batch of texts and find its words.

    Parameters
    ----------
    texts : sequence of str
        Clauses, headings, terms: whatever is to be turned into terms, each by itself.
    segmenter : Segmenter
        What cuts words.
    """
    codes, row, origin = _normalise(texts)
    han = is_han(codes)
    # A line end cuts as any other mark does, and the tokenizer is through with it soonest.
    string = np.where(han, codes, np.uint32(ord("\n"))).astype("<u4").tobytes().decode("utf-32-le")
    words = segmenter.cut(string)
    length = lengths_of(words)
    start = np.cumsum(length) - length
    start, length = _cut_long(start, length)
    start, length = _merge_latin(codes, start, length)
    kept = codes[start] != _BREAK
    start, length = start[kept], length[kept]
    follows = np.zeros(len(start), dtype=np.bool_)
    follows[1:] = start[1:] == start[:-1] + length[:-1]
    return Spans(codes, row, origin, _keys_of_four(codes), start, length, follows)


def _normalise(texts: Sequence[str]) -> tuple[Codes, Index, Index]:
    lengths = lengths_of(texts) + 1
    joined = ("\n".join(texts) + "\n") if texts else ""
    raw = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    codes = _table().take(np.minimum(raw, 0xFFFF))
    codes[raw > 0xFFFF] = _RARE
    ends = np.cumsum(lengths)
    codes[ends - 1] = _BREAK
    at = np.flatnonzero(codes)
    codes = codes.take(at)
    run_on = np.flatnonzero(codes == _DIGIT)
    run_on = run_on[(run_on > 0) & (codes.take(run_on - 1, mode="clip") == _DIGIT)]
    if len(run_on):
        single = np.ones(len(codes), dtype=np.bool_)
        single[run_on] = False
        codes, at = codes[single], at[single]
    row = np.repeat(np.arange(len(texts)), lengths).take(at)
    return codes, row, at - (ends - lengths).take(row)


def _cut_long(start: Index, length: Index) -> tuple[Index, Index]:
    """Cut tokens of more than `LONGEST` characters into pieces of that many."""
    long = np.flatnonzero(length > LONGEST)
    if not len(long):
        return start, length
    pieces = -(-length.take(long) // LONGEST)
    times = np.ones(len(length), dtype=np.int64)
    times[long] = pieces
    token = np.repeat(np.arange(len(length)), times)
    start, length = start.take(token), length.take(token)
    nth = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    at = np.repeat(long + np.cumsum(pieces - 1) - (pieces - 1), pieces) + nth  # where the pieces lie among all
    start[at] += nth * LONGEST
    length[at] = np.minimum(length[at] - nth * LONGEST, LONGEST)
    return start, length


def _merge_latin(codes: Codes, start: Index, length: Index) -> tuple[Index, Index]:
    """Runs of Latin letters, which the segmenter sees as breaks, become one token each."""
    latin = (codes[start] >= ord("a")) & (codes[start] <= ord("z"))
    if not latin.any():
        return start, length
    continues = np.zeros(len(start), dtype=np.bool_)
    continues[1:] = latin[1:] & latin[:-1] & (start[1:] == start[:-1] + length[:-1])
    first = np.flatnonzero(~continues)
    last = np.append(first[1:], len(start)) - 1
    return _cut_long(start.take(first), (start + length).take(last) - start.take(first))


def _keys_of_four(codes: Codes) -> Keys:
    """What stands at each place and behind it as one number: eight bytes at every second byte of the big-endian text."""
    text = np.zeros(len(codes) + LONGEST - 1, dtype=">u2")
    text[: len(codes)] = codes
    return np.ndarray(len(codes), dtype=">u8", buffer=text, strides=text.strides).astype(np.uint64)


def span_keys(found: Spans, start: Index, length: Index) -> Keys:
    """Exact 64-bit keys of spans of up to four characters: their code points, 16 bits each."""
    return found.keys.take(start) >> ((LONGEST - length) * 16).view(np.uint64)


def is_han(codes: Codes) -> npt.NDArray[np.bool_]:
    """Which characters are Han, as jieba takes them."""
    return (codes >= _HAN[0]) & (codes <= _HAN[1])


def is_solid(codes: Codes) -> npt.NDArray[np.bool_]:
    """Which characters a term may hold: all but breaks."""
    solid: npt.NDArray[np.bool_] = codes != _BREAK
    return solid


def ngram_spans(codes: Codes) -> tuple[Index, Index]:
    """Starts and lengths of all character n-grams that cross no break."""
    solid = codes != _BREAK
    starts, lengths = [], []
    run = solid.copy()
    for n in range(2, max(NGRAMS) + 1):
        run = run[:-1] & solid[n - 1 :] if len(run) > 1 else np.zeros(0, dtype=np.bool_)
        if n in NGRAMS:
            found = np.flatnonzero(run)
            starts.append(found)
            lengths.append(np.full(len(found), n, dtype=np.int64))
    return np.concatenate(starts), np.concatenate(lengths)


def key_of(term: str) -> int:
    """The key that `span_keys` gives a term of up to four normalised characters."""
    key = 0
    for char in term:
        key = key << 16 | ord(char)
    return key


def term_strings(texts: Sequence[str], segmenter: Segmenter) -> tuple[list[str], list[str]]:
    """The terms of each text as strings that a vectoriser splits at blanks.

    Returns
    -------
    words : list of str
        Words, and pairs of words joined by ``_``.
    characters : list of str
        Character n-grams.
    """
    found = spans(texts, segmenter)
    string = found.codes.astype("<u4").tobytes().decode("utf-32-le")
    words: list[list[str]] = [[] for _ in texts]
    row = found.row[found.start].tolist() if len(found.start) else []
    previous = ""
    for r, start, length, follows in zip(
        row, found.start.tolist(), found.length.tolist(), found.follows.tolist(), strict=True
    ):
        word = string[start : start + length]
        words[r].append(word)
        if follows:
            words[r].append(f"{previous}_{word}")
        previous = word
    characters: list[list[str]] = [[] for _ in texts]
    starts, lengths = ngram_spans(found.codes)
    for r, start, length in zip(found.row[starts].tolist(), starts.tolist(), lengths.tolist(), strict=True):
        characters[r].append(string[start : start + length])
    return [" ".join(each) for each in words], [" ".join(each) for each in characters]
