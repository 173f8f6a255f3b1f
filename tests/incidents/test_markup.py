"""Whatever people paste, the page shows its words and nothing in it runs, loads or spies."""

import random
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import html5lib
import pytest
from django.utils.safestring import SafeString
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments.token import STANDARD_TYPES

from incidents import markup
from incidents.errors import InvalidInput

PICTURE = "/incidents/INC-3/pictures/0d3b3a1e-6a0f-4d8e-9f53-3c1f0f3d9a10.png"
OWN_PICTURE = re.compile(r"/incidents/(INC|DRILL)-\d+/pictures/[0-9a-f-]{36}\.(png|jpg|webp|gif)")
ALLOWED = {
    **{tag: {"id"} for tag in ("h3", "h4", "h5", "h6", "li", "sup")},
    **{key: {"class"} for key in ("p", "span")},
    **{tag: set() for tag in ("br", "hr", "strong", "em", "code", "pre", "blockquote", "ul")},
    **{tag: set() for tag in ("table", "thead", "tbody", "tr")},
    "ol": {"start"},
    "a": {"href", "title", "rel", "class"},
    "img": {"src", "alt", "title", "loading"},
    "div": {"class", "role", "tabindex", "aria-label"},
    "th": {"align"},
    "td": {"align"},
}
CLASSES = {
    *("md-code", "md-table", "admonition", "admonition-title", "footnote", "footnote-ref", "footnote-backref"),
    *("note", "info", "tip", "warning", "danger", "important", "example"),
    *STANDARD_TYPES.values(),
}


def tree(html):
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    return parser.parseFragment(html, container="div")


def elements(html, tag=None):
    return [
        element
        for element in tree(html).iter(tag)
        if isinstance(element.tag, str) and element.tag != "DOCUMENT_FRAGMENT"
    ]


def words(html):
    return "".join(tree(html).itertext())


def assert_harmless(html):
    for node in tree(html).iter():
        assert isinstance(node.tag, str), "a comment"
        if node.tag == "DOCUMENT_FRAGMENT":
            continue
        assert node.tag in ALLOWED, node.tag
        assert set(node.keys()) <= ALLOWED[node.tag], (node.tag, node.attrib)
        assert set(node.get("class", "").split()) <= CLASSES, node.get("class")
        assert node.get("id", "text-").find("text-") >= 0
        assert node.tag != "img" or OWN_PICTURE.fullmatch(node.get("src", ""))
        if "href" in node.attrib:
            assert_harmless_address(node)


def assert_harmless_address(link):
    bare = re.sub(r"[\x00-\x20]", "", link.get("href"))
    scheme = re.match(r"([^/?#]*?):", bare)
    assert not bare.startswith(("//", "\\", "/\\")), bare
    assert scheme is None or scheme[1].lower() in {"http", "https", "mailto", "tel"}, bare
    if scheme and scheme[1].lower().startswith("http") and link.get("rel") is None:
        assert urlsplit(bare).hostname == "nevertwice.test", bare


@pytest.fixture(autouse=True)
def _own_address(settings):
    settings.BASE_URL = "https://nevertwice.test"


# --- What people write


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**a** and *b* and `c`", "<p><strong>a</strong> and <em>b</em> and <code>c</code></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("> said", "<blockquote>\n<p>said</p>\n</blockquote>"),
        ("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        ("[a](/incidents/INC-1/)", '<p><a href="/incidents/INC-1/">a</a></p>'),
        ("[a](?page=2)", '<p><a href="?page=2">a</a></p>'),
        ("[ring](tel:+4930123)", '<p><a href="tel:+4930123">ring</a></p>'),
        ("<ada@example.org>", '<p><a href="mailto:ada@example.org">ada@example.org</a></p>'),
        ("&lt;b&gt; &amp; 1 < 2", "<p>&lt;b&gt; &amp; 1 &lt; 2</p>"),
        (r"\*a\*", "<p>*a*</p>"),
        ("", ""),
    ],
)
def test_markdown_becomes_html(text, html):
    assert markup.render(text) == html
    assert isinstance(markup.render(text), SafeString)


def test_a_table_keeps_its_alignment_and_can_be_scrolled_by_keyboard():
    html = markup.render("| a | b |\n|--:|:-:|\n| 1 | `x|y` |")
    assert [cell.get("align") for cell in elements(html, "td")] == ["right", "center"]
    box = elements(html, "div")[0]
    assert (box.get("class"), box.get("tabindex"), box.get("role")) == ("md-table", "0", "group")
    assert [child.tag for child in box] == ["table"]


def test_known_languages_are_coloured_and_unknown_ones_stay_plain():
    coloured = markup.render('```python\ndef f():\n    return "<b>"\n```')
    assert '<span class="k">def</span>' in coloured
    assert words(coloured) == 'def f():\n    return "<b>"\n'
    plain = markup.render("```nonsense\nx < y\n```")
    assert elements(plain, "span") == []
    assert words(plain) == "x < y\n"


def test_indented_code_and_code_in_a_list():
    assert words(markup.render("    a < b\n")).strip() == "a < b"
    html = markup.render("- item\n\n    ```\n    a\n      b\n    ```\n- next")
    assert elements(html, "ul")[0].find(".//pre/code").text == "a\n  b\n"
    assert len(elements(html, "li")) == 2


def test_a_fence_that_is_never_closed_reaches_to_the_end():
    assert words(markup.render("a\n\n```\n<b>\n\n# c")).split() == ["a", "<b>", "#", "c"]


def test_much_code_is_shown_without_colours():
    html = markup.render("```json\n" + '{"a": 1}\n' * 4_000 + "```")
    assert elements(html, "span") == []
    assert words(html).count('{"a": 1}') == 4_000


def test_line_ends_break_where_asked():
    assert markup.render("a\nb", breaks=True) == "<p>a<br>\nb</p>"
    assert markup.render("a\nb") == "<p>a\nb</p>"


@pytest.mark.parametrize(
    ("text", "base", "tags"),
    [
        ("# a\n\n## b", 3, ["h3", "h4"]),
        ("## a\n\n### b", 3, ["h3", "h4"]),
        ("a\n===\n\nb\n---", 4, ["h4", "h5"]),
        ("# a\n\n###### b", 3, ["h3", "h6"]),
        ("### a\n\n# b", 3, ["h5", "h3"]),
    ],
)
def test_headings_never_reach_those_of_the_page(text, base, tags):
    html = markup.render(text, heading_base=base)
    assert [element.tag for element in elements(html) if element.get("id")] == tags


def test_a_heading_base_of_the_page_is_a_mistake_of_the_programmer():
    with pytest.raises(ValueError, match="belong to the page"):
        markup.render("# a", heading_base=2)


def test_ids_carry_the_prefix_and_own_links_follow():
    html = markup.render("# Was ist los?\n\n# Was ist los?\n\n[up](#was-ist-los) [out](#event-3)", id_prefix="s7-")
    assert [heading.get("id") for heading in elements(html, "h3")] == ["s7-text-was-ist-los", "s7-text-was-ist-los_2"]
    assert [link.get("href") for link in elements(html, "a")] == ["#s7-text-was-ist-los", "#event-3"]


def test_footnotes_link_there_and_back():
    html = markup.render("a[^1] b[^1]\n\n[^1]: why *so*", id_prefix="x-")
    ids = {element.get("id") for element in elements(html) if element.get("id")}
    targets = {link.get("href")[1:] for link in elements(html, "a")}
    assert ids == targets == {"x-text-fn:1", "x-text-fnref:1", "x-text-fnref2:1"}


def test_admonitions_of_a_known_kind_keep_it():
    assert elements(markup.render("!!! warning\n    x"), "div")[0].get("class") == "admonition warning"
    assert elements(markup.render("!!! hidden modal\n    x"), "div")[0].get("class") == "admonition note"


# --- Links and images


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://example.org/a_b_c.", "https://example.org/a_b_c"),
        ("(https://example.org/a)", "https://example.org/a"),
        ("https://example.org/a_(b)", "https://example.org/a_(b)"),
        ("**https://example.org/a**", "https://example.org/a"),
        ("<https://example.org/?a=1&b=2>", "https://example.org/?a=1&b=2"),
        ("[x](https://example.org/ 'why')", "https://example.org/"),
        ("[x][1]\n\n[1]: https://example.org/", "https://example.org/"),
        ("[x](HTTPS://example.org/)", "HTTPS://example.org/"),
    ],
)
def test_foreign_links_say_that_we_do_not_vouch_for_them(text, address):
    (link,) = elements(markup.render(text), "a")
    assert (link.get("href"), link.get("rel")) == (address, "noopener nofollow ugc")


@pytest.mark.parametrize("text", ["[x](https://nevertwice.test/a)", "https://nevertwice.test/a", "[x](/a)"])
def test_own_links_need_no_such_remark(text):
    (link,) = elements(markup.render(text), "a")
    assert link.get("rel") is None


@pytest.mark.parametrize(
    "text", ["[x](https://nevertwice.test.evil.example/)", "[x](https://nevertwice.test@evil.example/)"]
)
def test_a_host_that_only_looks_like_ours_is_foreign(text):
    (link,) = elements(markup.render(text), "a")
    assert link.get("rel") == "noopener nofollow ugc"


@pytest.mark.parametrize("text", ["https://", "http://.", "xhttp://a", "`https://a.example`"])
def test_what_is_no_address_stays_text(text):
    assert elements(markup.render(text), "a") == []


def test_a_refused_link_keeps_its_words_and_shows_its_address():
    html = markup.render("[the runbook](file:///srv/runbook.txt)")
    assert elements(html, "a") == []
    assert words(html) == "the runbook (file:///srv/runbook.txt)"


def test_own_images_are_shown_and_foreign_ones_become_links():
    own = markup.render(f'![graph]({PICTURE} "CPU")')
    assert [image.attrib for image in elements(own, "img")] == [
        {"alt": "graph", "src": PICTURE, "title": "CPU", "loading": "lazy"}
    ]
    foreign = markup.render("![graph](https://example.org/a.png)")
    assert elements(foreign, "img") == []
    assert [(link.get("href"), link.text) for link in elements(foreign, "a")] == [
        ("https://example.org/a.png", "graph")
    ]


@pytest.mark.parametrize(
    "address",
    [
        f"/incidents/INC-3/pictures/../../{PICTURE}",
        f"//evil.example{PICTURE}",
        f"https://evil.example{PICTURE}",
        f"{PICTURE}?zone=utc",
        f"{PICTURE}#x",
        f"{PICTURE}/",
        PICTURE.replace("png", "svg"),
        PICTURE.replace("INC-3", "inc-3"),
        PICTURE.replace("INC-3", "INC-0"),
        PICTURE.replace("a", "A"),
        PICTURE[:-6] + ".png",
        "/incidents/INC-3/follow/",
        "/incidents/INC-3/pictures/",
        "/media/a.png",
        "//evil.example/x.png",
        "/logout/",
    ],
)
def test_only_the_address_of_a_picture_is_an_own_image(address):
    assert elements(markup.render(f"![x]({address})"), "img") == []


def test_an_image_in_a_link_is_no_link_in_a_link():
    html = markup.render("[![build](https://ci.example/badge.svg)](https://ci.example/)")
    assert [(link.get("href"), words(html)) for link in elements(html, "a")] == [("https://ci.example/", "build")]


# --- Hostile strings, of our own

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\n>alert(1)</script\n>",
    "</p><script>alert(1)</script>",
    "<script/x>alert(1)//",
    "<img src=x onerror=alert(1)>",
    "<img/src='x'/onerror='alert(1)'>",
    '<a href="#" onclick="alert(1)">x</a>',
    "<details open ontoggle=alert(1)>x</details>",
    "<body onload=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<p style='animation:x' onanimationend=alert(1)>x</p>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](java&Tab;script:alert(1))",
    "[x](java&NewLine;script:alert(1))",
    "[x](&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](&#1;javascript:alert(1))",
    "[x](\u00a0javascript:alert(1))",
    r"[x](javascript\:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](<java script:alert(1)> 'y')",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](view-source:javascript:alert(1))",
    "[x](blob:https://evil.example/1)",
    "[x](feed:javascript:alert(1))",
    "[x](//evil.example/)",
    "[x](/\\evil.example/)",
    "[x](\\\\evil.example\\x)",
    "[x](/\t/evil.example/)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    "[x][1]\n\n[1]: <javascript:alert(1)> 'y'",
    "[x]\n\n[x]: data:text/html,1",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    f'![x" onerror="alert(1)]({PICTURE})',
    f'![x]({PICTURE}" onerror="alert(1))',
    "![x](https://evil.example/pixel.gif)",
    "![x][1]\n\n[1]: https://evil.example/pixel.gif",
    '[x](/a "y\\" onclick=\\"alert(1)")',
    "[x](/a 'y\" onmouseover=\"alert(1)')",
    '[x](https://a.example/"onmouseover="alert(1))',
    "<javascript:alert(1)>",
    "<javascript://%0aalert(1)>",
    "<data://text/html,1>",
    '<x@y.example"onclick=alert(1)>',
    'https://a.example/"onmouseover=alert(1)',
    "https://a.example/<script>alert(1)</script>",
    "http://a.example/'><img/src=x/onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math href='javascript:alert(1)'>x</math>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo '<script>alert(1)</script>' ?>",
    "<style>@import '//evil.example/x.css';</style>",
    "<p style='background:url(//evil.example/x)'>x</p>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=//evil.example/x.swf></object>",
    "<embed src=//evil.example/x>",
    "<form action=//evil.example><input name=password></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<base href=//evil.example/>",
    "<template><script>alert(1)</script></template>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "[a[b](javascript:alert(1))](javascript:alert(2))",
    "[![x](javascript:alert(1))](javascript:alert(2))",
    "[<b onclick=alert(1)>](/x)",
    "[`](javascript:alert(1))`](javascript:alert(2))",
    "*[x*](javascript:alert(1))",
    "[^1]\n\n[^1]: <script>alert(1)</script> [x](javascript:alert(1))",
    '[^"onclick="alert(1)]\n\n[^"onclick="alert(1)]: x',
    "[^<script>]\n\n[^<script>]: x",
    '```"onclick="alert(1)\nx\n```',
    '```js" onload="alert(1)\n</code></pre><script>alert(1)</script>\n```',
    "```{.python cssclass='x\" onclick=alert(1)' noclasses=true}\nx\n```",
    "```html\n<script>alert(1)</script>\n```",
    "    </code></pre><script>alert(1)</script>",
    "`</code><script>alert(1)</script>`",
    "    #!python tagsfile=/etc/passwd\n    x",
    '!!! note "<img src=x onerror=alert(1)>"\n    x',
    '!!! note "[x](javascript:alert(1))"\n    x',
    '!!! a-b "x"\n    <script>alert(1)</script>',
    "!!! modal backdrop\n    x",
    "# <img src=x onerror=alert(1)>",
    '# x {: onclick="alert(1)" }',
    "x{: #login .hidden onclick=alert(1) }",
    "# constructor\n\n# __proto__\n\n# document",
    "<div markdown=1 onclick=alert(1)>x</div>",
    "|a|\n|-|\n|<script>alert(1)</script>|",
    '|a|b|\n|:-"onclick="alert(1)|-|\n|c|d|',
    "1. <li onclick=alert(1)>",
    "> <blockquote cite=javascript:alert(1)>",
    "\x02wzxhzdk:0\x03 \x02klzzwxh:0000\x03 \x0260\x03script\x0262\x03",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&lt;img src=x onerror=alert(1)&gt; [&lt;script&gt;](/a '&quot;&gt;&lt;script&gt;')",
    "\u2028<script>alert(1)</script>\ufeff<\0script>",
    "＜script＞alert(1)＜/script＞",
]


@pytest.mark.parametrize("breaks", [False, True])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_strings_are_harmless(text, breaks):
    assert_harmless(markup.render(text, breaks=breaks))


def test_there_are_enough_hostile_strings():
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize(
    "text", [text for text in HOSTILE if text.startswith(("<", "&lt;")) and not re.match("<[^ >]*(:|@)", text)]
)
def test_raw_html_is_shown_as_it_was_typed(text):
    assert elements(markup.render(text), "script") == []
    assert "<" in words(markup.render(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_the_second_wall_holds_alone(text):
    """What nh3 makes of raw HTML, as if the first wall had let everything through."""
    html = markup._cleaner.clean(text)
    allowed = {**ALLOWED, "img": {"src", "alt", "title", "loading"}}
    for element in elements(html):
        assert element.tag in allowed
        assert set(element.keys()) <= allowed[element.tag]
        assert not re.match(r"(?i)\s*(javascript|vbscript|data):", element.get("href", element.get("src", "")))


def test_the_check_itself_sees_what_it_should():
    for html in (
        "<script></script>",
        "<p onclick=x>",
        "<a href='javascript:x'>",
        "<img src='//e'>",
        "<p class=modal>",
        "<!-- -->",
    ):
        with pytest.raises(AssertionError):
            assert_harmless(html)


# --- Bombs: refused with a sentence, or small

KILO = 1_000
REFUSED = {
    "open links": "[a(" * 8 * KILO,
    "open targets": "[a](" * 20 * KILO,
    "open titles": '[a]("' * 20 * KILO,
    "open brackets": "[" * 501,
    "deep brackets": "[" * 100 + "a" * 100 * KILO + "]" * 100,
    "open images": "![" * 50 * KILO,
    "open footnotes": "[^" * 50 * KILO,
    "one long definition": "[x]: http://a.example/" + "a" * 25 * KILO + "\n\n" + "[x]\n\n" * 8 * KILO,
    "one definition": "[x]: http://a.example/" + "a" * 5 * KILO + "\n\n" + "[x]\n\n" * 500,
    "definitions": "".join(f"[{n}]: /x\n" for n in range(201)),
    "footnotes": "".join(f"[^{n}]: x\n" for n in range(201)),
    "footnote marks": "[^1]: x\n\n" + "[^1]" * 600,
    "quotes": ">" * 101 + "a",
    "many quotes": ">" * 200 * KILO,
    "lists": "\n".join("    " * depth + "- a" for depth in range(102)),
    "lists on a line": "- " * 101 + "a",
    "lists on lines": ("- " * 90 + "a\n") * KILO,
    "list items": "- a\n" * 20 * KILO,
    "paragraphs": "a\n\n" * 20 * KILO,
    "headings": "# a\n" * 20 * KILO,
    "rules": "---\n" * 20 * KILO,
    "admonitions": "!!! a\n" * 20 * KILO,
    "emphasis": "*a_" * 50 * KILO,
    "strong": "a **" * 50 * KILO,
    "stars": "*" * 150 * KILO,
    "backticks": "`a" * 50 * KILO,
    "less than": "<" * 150 * KILO,
    "escapes": "\\*" * 50 * KILO,
    "addresses": "http://a " * 20 * KILO,
    "wide table": "|" + "a|" * 500 + "\n|" + "-|" * 500 + "\n" + "|\n" * KILO,
    "quoted table": "> |" + "a|" * 500 + "\n> |" + "-|" * 500 + "\n" + "> |\n" * KILO,
    "long table": "|a|b|\n|-|-|\n" + "|a|b|\n" * 10 * KILO,
    "many tables": "|a|\n|-|\n|b|\n\n" * 8 * KILO,
    "fences": "```\n```\n" * 8 * KILO,
}
BOUNDED = {
    "quotes": ">" * 99 + "a",
    "brackets": "[" * 499 + " a",
    "lists": "\n".join("    " * depth + "- a" for depth in range(99)),
    "entities": "&#" * 30 * KILO,
    "ampersands": "&" * 50 * KILO,
    "one line": "a" * 199 * KILO,
    "one address": "http://" + "a" * 190 * KILO,
    "full stops": "http://a" + ")." * 90 * KILO,
    "dashes": "-" * 190 * KILO + "x",
    "table rule": "|" + "-" * 190 * KILO + "x",
    "backticks": "`" * 199 * KILO,
    "tabs": "\t" * 199 * KILO,
    "footnotes": "[^1]: x\n\n" + "[^1]" * 490,
    "long footnotes": f"[^{'a' * 380}]: x\n\n" + f"[^{'a' * 380}]" * 480,
    "footnotes in circles": "[^1]: [^2]\n[^2]: [^1]\n\n[^1]",
    "fences": "```python\na = 1\n```\n" * 900,
    "log in a fence": "```\n" + "2026-01-06 [web_1] GET /a_b <x> `y` [\n" * 4 * KILO + "```",
    "no place for footnotes": "///Footnotes Go Here///\n\n[^1]\n\n[^1]: x",
    "contents": "[TOC]\n\n" * 500 + "# a\n\n" * 500,
    "surrogates": "\ud800\udfff" * KILO,
}


@pytest.mark.parametrize("name", REFUSED)
def test_text_bombs_are_refused_with_a_sentence(name):
    with pytest.raises(InvalidInput) as refusal:
        markup.render(REFUSED[name])
    assert refusal.value.code == "text_too_complex"
    assert refusal.value.message.endswith(".")


@pytest.mark.parametrize("name", BOUNDED)
def test_what_only_looks_like_a_bomb_comes_out_small(name):
    html = markup.render(BOUNDED[name])
    assert len(html) <= markup.MAX_HTML_CHARACTERS
    assert_harmless(html)


def test_length_is_counted_in_bytes():
    assert markup.render("é" * 100_000)
    with pytest.raises(InvalidInput) as refusal:
        markup.render("é" * 100_001)
    assert refusal.value.code == "text_too_large"


def test_a_refusal_leaves_nothing_behind():
    for _attempt in range(3):
        with pytest.raises(InvalidInput):
            markup.render("[x]: http://a.example/" + "a" * 5_000 + "\n\n- a\n\n" + "    [x]\n\n" * 500)
        assert markup.render("[x] a") == "<p>[x] a</p>"


def test_long_definitions_are_refused_before_they_are_copied():
    with pytest.raises(InvalidInput, match="repeats long link addresses"):
        markup.render(REFUSED["one definition"])


def test_a_stack_that_is_nearly_full_is_a_refusal_too():
    nested = "\n".join("    " * depth + "- a" for depth in range(99))

    def deeper(frames):
        return deeper(frames - 1) if frames else markup.render(nested)

    with pytest.raises(InvalidInput) as refusal:
        deeper(sys.getrecursionlimit() - 300)
    assert refusal.value.code == "text_too_complex"
    assert markup.render("- a") == "<ul>\n<li>a</li>\n</ul>"
    assert words(markup.render(nested)).split() == ["a"] * 99


def test_an_ordinary_long_postmortem_is_no_bomb():
    section = (
        "## What happened\n\nAt **01:30** the `web` nodes answered *503*; see [INC-3](/incidents/INC-3/).\n\n"
        "| when | what |\n|---|---|\n| 01:30 | deploy |\n| 02:00 | rollback |\n\n"
        "- one\n    - two\n- https://example.org/graph\n\n```sql\nSELECT 1;\n```\n\n"
    )
    html = markup.render(section * 300)
    assert words(html).count("What happened") == 300


# --- Whatever it is


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300) | st.text(alphabet="*_`[]()<>!#|-=~:\\\"'&;^ \n\tax1.{}/@", max_size=120), st.booleans())
def test_any_text_comes_out_harmless_and_the_same_each_time(text, breaks):
    try:
        html = markup.render(text, breaks=breaks)
    except InvalidInput:
        return
    assert_harmless(html)
    assert markup.render(text, breaks=breaks) == html
    assert markup._cleaner.clean(html).strip() == html


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.text(alphabet=st.characters(categories=["L"], exclude_characters="ªº"), min_size=1, max_size=8), max_size=12
    )
)
def test_words_survive(typed):
    html = markup.render("\n".join(typed))
    assert words(html).split() == "\n".join(typed).split()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_plain_and_blank_take_anything(text):
    line = markup.plain(text)
    assert line == " ".join(line.split())
    assert not markup.is_blank("x" + text)


def test_control_characters_are_gone():
    assert markup.render("a\0b\x02c\x1bd\x7fe\x9ff\ud800g") == "<p>abcdefg</p>"
    assert markup.plain("a\0b\r\nc") == "ab c"


def test_threads_do_not_meet():
    texts = [f"# h{n}\n\n[x]\n\n[^1]\n\n[^1]: f{n}\n\n[x]: /n{n}\n\n- a\n\n    - b{n}" for n in range(40)]
    expected = [markup.render(text, id_prefix=f"p{n}-") for n, text in enumerate(texts)]
    order = list(range(40)) * 5
    random.Random(7).shuffle(order)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: (n, markup.render(texts[n], id_prefix=f"p{n}-")), order))
    assert all(html == expected[n] for n, html in results)


# --- One line, and nothing


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("**a** *b* `c` _d_ ~~e~~", "a b c d e"),
        ("# Title\n\n> said\n\n- one\n- two\n1. three", "Title said one two three"),
        (
            "[a](https://example.org/) ![b](/incidents/INC-3/pictures/b.png) [c][1] <https://example.org/>",
            "a b c https://example.org/",
        ),
        ("```python\nx = 1\n```\nafter", "x = 1 after"),
        ("snake_case_name and 2 * 3 and a\\*b", "snake_case_name and 2 3 and a*b"),
        ("a[^1]\n\n---\n\n&lt;b&gt;", "a <b>"),
        ("  \n ", ""),
    ],
)
def test_plain_has_no_marks(text, line):
    assert markup.plain(text) == line


@pytest.mark.parametrize("text", ["", " \n\t", "\0", "\u200b\ufeff\u00a0", "\r\n"])
def test_blank(text):
    assert markup.is_blank(text)


@pytest.mark.parametrize("text", ["a", ".", "---", "\u200ba"])
def test_not_blank(text):
    assert not markup.is_blank(text)
