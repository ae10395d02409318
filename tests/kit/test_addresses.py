"""Which URLs and addresses may be called: a table of spellings, and controls with the rule removed."""

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit.spellings import LOOPBACK_HOSTS, words

from openmedspa.kit import addresses
from openmedspa.kit.addresses import check_url, is_public, may_connect

# --- addresses -------------------------------------------------------------------------------------------------------

PUBLIC = words("""
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 168.63.129.17
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.167.255.255 192.169.0.0
198.17.255.255 198.20.0.0 223.255.255.255 2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450::1 2003::1
::ffff:8.8.8.8 64:ff9b::8.8.8.8
""")
NOT_PUBLIC = words("""
0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 100.100.100.200 127.0.0.1 127.255.255.255
168.63.129.16 169.254.0.0 169.254.169.254 169.254.170.2 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.1 192.0.0.192
192.0.0.170 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.0.0 192.168.255.255 192.175.48.1 198.18.0.0
198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.0 255.255.255.255
:: ::1 ::7f00:1 ::a00:1 ::808:808 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1 64:ff9b:1:7f00:0:100:: 100::1 100:0:0:1::1
2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:3::1 2001:4:112::1 2001:10::1 2001:20::1 2001:30::1
2001:db8::1 2002:7f00:1:: 2002:a00:1:: 2002:808:808:: 2620:4f:8000::1 3ffe::1 3fff::1 4000::1 5f00::1
2606:4700::5efe:127.0.0.1 2606:4700::200:5efe:10.0.0.1 fc00::1 fd00::1 fd00:ec2::254 fe80::1 fe80::1%eth0
2606:4700::1%eth0 fec0::1 ff02::1 ff0e::1
""")


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_public(text: str) -> None:
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_any_other_address_is_not(text: str) -> None:
    assert not is_public(ipaddress.ip_address(text))


@given(st.ip_addresses())
def test_what_is_public_here_is_global_to_python_too(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    embeds = address in ipaddress.ip_network("64:ff9b::/96") or address in ipaddress.ip_network("::ffff:0:0/96")
    assert embeds or not is_public(address) or (address.is_global and not address.is_multicast)


@given(st.ip_addresses(v=4))
def test_an_embedded_address_is_judged_as_the_one_it_embeds(address: ipaddress.IPv4Address) -> None:
    for prefix in ("::ffff:", "64:ff9b::"):
        assert is_public(ipaddress.ip_address(prefix + str(address))) is is_public(address)


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_allowing_loopback_allows_nothing_else(text: str) -> None:
    expected = text in {"127.0.0.1", "127.255.255.255", "::1"}
    assert may_connect(ipaddress.ip_address(text), allow_loopback=True) is expected


# --- URLs ------------------------------------------------------------------------------------------------------------

OTHER_HOSTS = words("""
10.0.0.1 10.1 167772161 012.0.0.1 0xa.0.0.1 172.16.0.1 192.168.1.1 192.168.257 3232235777 0xc0a80101 169.254.169.254
2852039166 0xa9fea9fe 0251.0376.0251.0376 169.254.43518 100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192 198.18.0.1
192.0.2.1 203.0.113.7 224.0.0.1 255.255.255.255 134744072 8.8.2056 [fd00:ec2::254] [fe80::1] [fe80::1%25eth0] [fc00::1]
[fec0::1] [ff02::1] [::ffff:10.0.0.1] [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [64:ff9b::a9fe:a9fe]
[64:ff9b:1::a9fe:a9fe] [2002:a9fe:a9fe::] [2001:db8::1] [100::1] [::10.0.0.1]
""")
ODD_URLS = [
    "", " ", "/", "hook", "//example.com", "http", "http:", "http:/", "http://", "https:///hook", "http:///example.com",
    "https:example.com", "https:/example.com", "ftp://example.com", "file:///etc/passwd", "javascript:alert(1)",
    "gopher://example.com", "ws://example.com", "httpss://example.com", "data:,x", "unix:///run/x",
    "https//example.com",
    " https://example.com", "https://example.com ", "https://exa mple.com", "https://example.com/a b", "\thttps://a.com",
    "https://example.com\n", "https://example.com/\r\nHost: evil", "ht\ntps://example.com", "https://example.com/\x00",
    "https://exam\x00ple.com", "https://example.com/\x7f", "https://example.com/\x85", "https://example.com/\u2028",
    "https://example.com/\u200b", "https://exa\u00admple.com", "https://example.com/\ud800", "https://example.com/\ufeff",
    "https://example.com\\@127.0.0.1", "https://example.com\\.evil.com", "https:\\\\example.com", "https://a.com/\\",
    "https://user@example.com", "https://user:pass@example.com", "https://@example.com", "https://:@example.com",
    "https://example.com@127.0.0.1", "https://127.0.0.1@example.com", "https://a@b@example.com",
    "https://example.com＠127.0.0.1", "https://example.com／.evil.com", "https://example.com？.evil.com",
    "https://example.com＃.evil.com", "https://example.com：80", "https://ⓐ／b.com", "https://℀.com",
    "https://example.com#", "https://example.com/#a", "https://example.com#@127.0.0.1/", "https://127.0.0.1#.example.com",
    "https://example.com:", "https://example.com:0", "https://example.com:65536", "https://example.com:99999999",
    "https://example.com:-1", "https://example.com:+80", "https://example.com:80a", "https://example.com:8_0",
    "https://example.com:８０", "https://example.com:80:80", "https://example.com: 80", "https://example.com:0x50",
    "https://.", "https://..", "https://.example.com", "https://example..com", "https://example.com..",
    "https://-example.com", "https://example-.com", "https://exa%6dple.com", "https://example%2ecom", "https://*.com",
    "https://exa$mple.com", "https://exam'ple.com", "https://<example>.com", "https://exam|ple.com", "https://a,b.com",
    "https://xn--99999999999999999.com", "https://xn--a\u0301.com", f"https://{'a' * 64}.com",
    "https://" + "a." * 127 + "com", "https://example.com/" + "a" * 2029, "https://[::1", "https://::1", "https://::1]/",
    "https://[fe80::1%25lo0]:80/", "https://[::1]x/", "https://[12345::1]", "https://[1:2:3:4:5:6:7]", "https://[::1::]",
]  # fmt: skip
GOOD_URLS = [
    "https://example.com", "https://example.com/", "https://example.com/hook?a=b&c=%2F", "HTTPS://EXAMPLE.COM/Hook",
    "https://example.com.", "https://example.com:8443/hook", "https://example.com?x=http://127.0.0.1/", "https://a.b.c.d.e",
    "https://example.com/@user:pass", "https://my_app.example.com", "https://bücher.example/ä?ö=ü", "https://straße.de",
    "https://xn--bcher-kva.example", "https://例え.テスト", "https://8.8.8.8/", "https://8.8.8.8:443", "https://localhost.com",
    "https://[2606:4700:4700::1111]/", "https://[::ffff:8.8.8.8]/", "https://127.0.0.1.example.com", "https://1.2.3.4.nip.io",
    "https://3com.com", "https://0x7f.com", "https://notlocalhost", "https://example.com/" + "a" * 2028,
]  # fmt: skip


@pytest.mark.parametrize("url", GOOD_URLS)
def test_a_public_https_url_is_accepted(url: str) -> None:
    check_url(url, production=True, allow_loopback=False)


@pytest.mark.parametrize(
    "url", [*ODD_URLS, *(f"https://{host}/hook" for host in (*LOOPBACK_HOSTS, *OTHER_HOSTS)), "http://example.com/hook"]
)
def test_production_refuses_with_one_sentence(url: str) -> None:
    with pytest.raises(ValueError, match=r"^The URL.*[^.]\.$"):
        check_url(url, production=True, allow_loopback=False)


@pytest.mark.parametrize("url", ODD_URLS)
def test_a_malformed_url_is_refused_in_every_mode(url: str) -> None:
    with pytest.raises(ValueError, match=r"^The URL"):
        check_url(url, production=False, allow_loopback=True)


@pytest.mark.parametrize("host", ["localhost", "a.localhost.", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_loopback_needs_permission(host: str) -> None:
    check_url(f"http://{host}:8080/hook", production=False, allow_loopback=True)
    with pytest.raises(ValueError, match="this machine"):
        check_url(f"http://{host}:8080/hook", production=False, allow_loopback=False)


def test_http_and_private_names_are_for_staging_only() -> None:
    for url in ("http://example.com/hook", "http://10.0.0.1/hook"):
        check_url(url, production=False, allow_loopback=False)


def test_control_without_the_address_rule_a_private_url_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "is_public", lambda _: True)
    check_url("https://10.0.0.1/hook", production=True, allow_loopback=False)


@given(st.text(max_size=20))
def test_no_text_is_more_than_refused(text: str) -> None:
    with suppress(ValueError):
        check_url("https://" + text, production=True, allow_loopback=False)
