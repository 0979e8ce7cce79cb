# SPDX-License-Identifier: MIT
"""Reads the public headers: what they declare and what their comments say. header-man makes manual pages of it,
check-headers and check-abi hold the library to it.

It knows the form of these headers, not C: a doc comment stands directly above what it describes, a declaration is as
clang-format leaves it, and declarations that follow each other without an empty line share the comment above them.
"""
import re
from dataclasses import dataclass, field
from pathlib import Path


ROOT = Path(__file__).resolve().parent.parent


class Unreadable(Exception):
    """A header that is not of the form that is known here."""


@dataclass
class Member:
    """A field of a struct or a constant of an enum."""
    name: str
    doc: list
    type: str = ""
    suffix: str = ""
    words: list = field(default_factory=list)


@dataclass
class Entry:
    """A declaration. `kind` is function, enum, struct, union, typedef or constant; `doc` the lines of its comment."""
    kind: str
    name: str
    doc: list
    line: int
    type: str = ""
    arguments: list = field(default_factory=list)
    members: list = field(default_factory=list)


@dataclass
class Header:
    name: str
    head: list
    includes: list
    entries: list

    @property
    def page(self):
        return f"again_{self.name.removesuffix('.h')}"

    def of(self, *kinds):
        return [entry for entry in self.entries if entry.kind in kinds]

    def summary(self):
        """The first sentence of the head, up to a colon or its end, as a phrase."""
        text = " ".join(line.strip() for line in self.head)
        phrase = re.split(r"[:.](?:\s|$)", text, maxsplit=1)[0]
        return phrase[:1].lower() + phrase[1:]


FUNCTION = re.compile(r"^AGAIN_API (?:AGAIN_MUST_USE )?(?P<type>.*?)(?P<name>again_\w+)\((?P<arguments>.*)\);$")
FIELD = re.compile(r"^(?P<type>.*?[ *])(?P<name>\w+)(?P<suffix>(?:\[\w+\])*(?: *: *\d+)?);$")
CONSTANT = re.compile(r"^(?P<name>[A-Z]\w+)(?: = [^,]+)?,?$")
X_ITEM = re.compile(r'/\*(?P<comment>.*?)\*/|X\((?P<arguments>(?:"(?:[^"\\]|\\.)*"|[^()"])*)\)', re.DOTALL)


class Reader:
    def __init__(self, path):
        self.path = Path(path)
        self.lines = self.path.read_text(encoding="utf-8").splitlines()
        self.at = 0
        self.x_macros = {}
        self.entries = []
        self.includes = []

    def fail(self, what):
        raise Unreadable(f"{self.path}:{self.at}: {what}")

    def take(self):
        line = self.lines[self.at]
        self.at += 1
        return line

    def take_until(self, end):
        """The lines up to one that ends so, joined by a blank."""
        taken = []
        while self.at < len(self.lines):
            taken.append(self.take().strip())
            if taken[-1].endswith(end):
                return " ".join(taken)
        return self.fail(f"nothing ends with {end}")

    def comment(self, first):
        """The lines of a comment whose first line is already taken."""
        lines = [first]
        while "*/" not in lines[-1]:
            lines.append(self.take())
        text = []
        for line in lines:
            line = re.sub(r"^\s*(/\*\*?|\*)", "", re.sub(r"\*/.*$", "", line)).rstrip()
            text.append(line.removeprefix(" "))
        while text and not text[0]:
            text.pop(0)
        while text and not text[-1]:
            text.pop()
        return text

    def head(self):
        while self.at < len(self.lines):
            line = self.take()
            if line == "/*":
                return self.comment(line)
            if line and "SPDX-License-Identifier" not in line:
                break
        return self.fail("no comment at the head that says what it is for")

    def x_macro(self, name, doc):
        text = ""
        while True:
            line = self.take()
            text += line.rstrip().removesuffix("\\") + "\n"
            if not line.endswith("\\"):
                break
        members, comment = [], []
        for item in X_ITEM.finditer(text.split(")", 1)[1]):
            if item["comment"] is not None:
                comment = [" ".join(item["comment"].split())]
                continue
            words = re.findall(r'"(?:[^"\\]|\\.)*"|[^\s,]+', item["arguments"])
            members.append(Member(words[0], comment, words=[word.strip('"') for word in words[1:]]))
            comment = []
        self.x_macros[name] = (doc, members)

    def enum(self, name, doc):
        entry = Entry("enum", name, doc, self.at)
        comment = []
        while (line := self.take().strip()) != "};":
            used = re.match(r"(\w+)\(\w+\)$", line)
            constant = CONSTANT.match(line)
            if line.startswith("/**"):
                comment = self.comment(line)
            elif used and used[1] in self.x_macros:
                of_list, members = self.x_macros[used[1]]
                entry.doc = entry.doc or of_list
                entry.members += members
            elif constant:
                entry.members.append(Member(constant["name"], comment))
                comment = []
            elif line and not line.startswith("#"):
                self.fail(f"not a constant: {line}")
        self.entries.append(entry)

    def struct(self, kind, name, doc):
        entry = Entry(kind, name, doc, self.at)
        comment = []
        while (line := self.take().strip()) != "};":
            member = FIELD.match(line)
            if line.startswith("/**"):
                comment = self.comment(line)
            elif member:
                entry.members.append(Member(member["name"], comment, member["type"].strip(), member["suffix"]))
                comment = []
            elif line:
                self.fail(f"not a field: {line}")
        self.entries.append(entry)

    def function(self, doc):
        start = self.at
        text = self.take_until(";")
        match = FUNCTION.match(text)
        if not match:
            self.fail(f"not a function: {text}")
        arguments = [part.strip() for part in match["arguments"].split(",")]
        self.entries.append(Entry("function", match["name"], doc, start + 1, match["type"].strip(), arguments))

    def directive(self, doc):
        """A line that begins with #."""
        line = self.lines[self.at]
        define = re.match(r"#define (\w+)(\(X\))?(?: (.*))?", line)
        include = re.match(r"#include <again/(\w+\.h)>", line)
        if re.match(r"#if(def)? ", line):
            # What is there for compilers only: __cplusplus, attributes.
            while not self.take().startswith("#endif"):
                pass
        elif define and define[2]:
            self.x_macro(define[1], doc)
        else:
            if include:
                self.includes.append(include[1])
            elif define and doc:
                self.entries.append(Entry("constant", define[1], doc, self.at + 1, define[3]))
            self.take()

    def declaration(self, doc):
        line = self.lines[self.at]
        opened = re.match(r"(enum|struct|union) (\w+) \{$", line)
        if opened and opened[1] == "enum":
            self.take()
            self.enum(opened[2], doc)
        elif opened:
            self.take()
            self.struct(opened[1], opened[2], doc)
        elif line.startswith("AGAIN_API "):
            self.function(doc)
        elif line.startswith("typedef "):
            text = self.take_until(";")
            name = re.search(r"(\w+);$|\(\*?(\w+)\)\(", text)
            self.entries.append(Entry("typedef", name[1] or name[2], doc, self.at, text.removesuffix(";")))
        else:
            self.fail(f"what is this: {line}")

    def read(self):
        head = self.head()
        while not self.lines[self.at].startswith("#define"):
            self.take()
        self.take()
        doc = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if not line:
                doc = []
                self.take()
            elif line.startswith("/**"):
                doc = self.comment(self.take())
            elif line.startswith("#"):
                self.directive(doc)
            else:
                self.declaration(doc)
        return Header(self.path.name, head, self.includes, self.entries)


def read(path):
    return Reader(path).read()


def public():
    """The headers of the library, again.h (which only includes the others) left out."""
    return [read(path) for path in sorted((ROOT / "include/again").glob("*.h")) if path.name != "again.h"]
