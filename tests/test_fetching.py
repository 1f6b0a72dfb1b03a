"""Fetching: against a real server on this machine that misbehaves in every way a server can."""

import contextlib
import gzip
import hashlib
import itertools
import os
import socket
import ssl
import struct
import threading
import time
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_server import chunked, drip, reply, serving

from rag.documents import exchange
from rag.documents.addresses import FetchRules, is_public
from rag.documents.fetching import Fetcher, FetchStatus, Validators, fetch
from rag.documents.limits import DocumentError, Refusal

PAGE = "<p>Lệ phí cấp đổi thẻ căn cước: 50.000 đồng.</p>".encode()
DIGEST = hashlib.sha256(PAGE).hexdigest()
HOSTS = frozenset({".gov.vn", "vbpl.vn"})


def here(host, port):
    """Every name is this machine's, so that no name is looked up outside."""
    return ["127.0.0.1"]


@pytest.fixture
def site():
    with serving() as site:
        yield site


@pytest.fixture
def rules(site):
    return FetchRules(HOSTS, frozenset({site.port}), allow_private=True, total_s=5, pause_s=0, patience_s=0)


@pytest.fixture
def fetcher(rules):
    return Fetcher(rules, here)


def refused(call, *args) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        call(*args)
    return caught.value


def changed(rules, **fields):
    return Fetcher(replace(rules, **fields), here)


def test_a_page_is_fetched_whole_and_named_after_its_address_and_type(site, fetcher, tmp_path):
    site.answers["/le-phi.aspx"] = reply(PAGE, Content_Type="text/html; charset=utf-8", ETag='"1"', Last_Modified="x")
    found = fetcher.fetch(site.url("/le-phi.aspx"), tmp_path)
    assert found.status is FetchStatus.NEW
    assert found.path.read_bytes() == PAGE
    assert found.path.name == f"le-phi-aspx-{DIGEST[:8]}.html"
    assert found.validators == Validators('"1"', "x", DIGEST)
    assert found.content_type == "text/html; charset=utf-8"
    assert (datetime.now(UTC) - found.at) < timedelta(minutes=1)
    assert os.listdir(tmp_path) == [found.path.name]


def test_the_body_s_name_is_always_a_plain_one(site, fetcher, tmp_path):
    for path, kind, name in (
        ("/van-ban/Ngh%E1%BB%8B%20%C4%91%E1%BB%8Bnh%2058.pdf", "application/pdf", "nghi-dinh-58-{}.pdf"),
        ("/..%2f..%2fetc%2fpasswd", "text/plain", "passwd-{}.txt"),
        ("/", "text/html", "xa-gov-vn-{}.html"),
        ("/a.docx", "application/octet-stream", "a-{}.docx"),
        ("/tai?id=5", "", "tai-{}"),
    ):
        site.answers[path] = reply(PAGE, Content_Type=kind)
        assert fetcher.fetch(site.url(path), tmp_path).path.name == name.format(DIGEST[:8])


def test_a_request_says_who_asks_and_nothing_else(site, fetcher, tmp_path):
    site.answers["/a"] = reply(PAGE)
    fetcher.fetch(site.url("/a#muc-2"), tmp_path)
    (robots, _, _), (path, headers, _) = site.asked
    assert (robots, path) == ("/robots.txt", "/a")
    assert headers == {
        "host": f"xa.gov.vn:{site.port}", "user-agent": headers["user-agent"], "accept-encoding": "gzip",
        "connection": "close",
    }  # fmt: skip
    assert headers["user-agent"].startswith("binhdan/")
    assert os.uname().nodename not in headers["user-agent"]


def test_what_has_not_changed_is_asked_for_by_its_validators_and_not_sent_again(site, fetcher, tmp_path):
    def answer(connection, headers):
        same = headers.get("if-none-match") == '"1"' and headers.get("if-modified-since") == "Mon"
        connection.sendall(reply(status=304) if same else reply(PAGE))

    site.answers["/a"] = answer
    known = Validators('"1"', "Mon", DIGEST)
    found = fetcher.fetch(site.url("/a"), tmp_path, known)
    assert (found.status, found.validators, found.path) == (FetchStatus.UNCHANGED, known, None)
    assert fetcher.fetch(site.url("/a"), tmp_path, Validators("", "", "0")).status is FetchStatus.NEW


def test_the_same_bytes_are_unchanged_though_the_server_knows_no_validators(site, fetcher, tmp_path):
    site.answers["/a"] = reply(PAGE)
    assert fetcher.fetch(site.url("/a"), tmp_path, Validators(sha256=DIGEST)).status is FetchStatus.UNCHANGED
    assert os.listdir(tmp_path) == []


def test_a_304_that_nobody_asked_for_is_no_answer(site, fetcher, tmp_path):
    site.answers["/a"] = reply(status=304)
    for known in (None, Validators(sha256=DIGEST), Validators("xấu\r\nX: y")):
        assert refused(fetcher.fetch, site.url("/a"), tmp_path, known).refusal is Refusal.UNREACHABLE


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_not_there_any_more_is_gone(site, fetcher, tmp_path, status):
    site.answers["/a"] = reply("Không tìm thấy", status)
    assert fetcher.fetch(site.url("/a"), tmp_path).status is FetchStatus.GONE
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("status", [204, 206, 400, 401, 403, 451, 500, 502, 599])
def test_any_other_answer_is_an_error_and_leaves_no_file(site, fetcher, tmp_path, status):
    site.answers["/a"] = reply("Lỗi" if status > 299 else b"", status)
    error = refused(fetcher.fetch, site.url("/a"), tmp_path)
    assert error.refusal is Refusal.UNREACHABLE
    assert str(status) in error.detail
    assert os.listdir(tmp_path) == []


def test_an_empty_page_is_no_document(site, fetcher, tmp_path):
    site.answers["/a"] = reply(b"")
    assert refused(fetcher.fetch, site.url("/a"), tmp_path).refusal is Refusal.EMPTY


def test_redirects_are_followed_five_times_and_no_more(site, fetcher, tmp_path):
    for n in range(6):
        site.answers[f"/{n}"] = reply(status=(301, 302, 303, 307, 308, 302)[n], Location=f"{n + 1}?a=đ")
        site.answers[f"/{n}?a=%C4%91"] = site.answers[f"/{n}"]
    site.answers["/6?a=%C4%91"] = reply(PAGE)
    found = fetcher.fetch(site.url("/1"), tmp_path)
    assert found.url == site.url("/6?a=%C4%91")
    assert "redirects" in refused(fetcher.fetch, site.url("/0"), tmp_path).detail
    site.answers |= {"/van%20ban": reply(PAGE), "/khoang-trang": reply(status=302, Location="/van ban")}
    assert fetcher.fetch(site.url("/khoang-trang"), tmp_path).url == site.url("/van%20ban")
    site.answers |= {"/vong": reply(status=302, Location="/vong"), "/khong": reply(status=302)}
    assert refused(fetcher.fetch, site.url("/khong"), tmp_path).refusal is Refusal.UNREACHABLE
    assert refused(fetcher.fetch, site.url("/vong"), tmp_path).refusal is Refusal.UNREACHABLE


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd", "ftp://xa.gov.vn/", "gopher://xa.gov.vn/", "data:text/html,x", "javascript:1",
        "http://xau.example/", "http://gov.vn.xau.example/", "//xau.example/", "http://xa.gov.vn:22/", "http://a:b@xa.gov.vn:PORT/",
        "http://127.0.0.1:PORT/", "http://[::1]:PORT/", "http://169.254.169.254/", "http://2130706433:PORT/", "http://xa.gov.vn.:PORT/",
        "http://xa.gov.vn:PORT\\@xau.example/", "http://xa.gov.vn:PORT/\x01", "http://[::1",
    ],
)  # fmt: skip
def test_a_redirect_leads_nowhere_that_could_not_be_asked_for_directly(site, rules, tmp_path, location):
    site.answers["/a"] = reply(status=302, Location=location.replace("PORT", str(site.port)))
    fetcher = changed(rules, ports=rules.ports | {80})
    error = refused(fetcher.fetch, site.url("/a"), tmp_path)
    assert error.refusal in {Refusal.FORBIDDEN_ADDRESS, Refusal.DAMAGED}  # damaged: no header may have such a byte
    assert site.paths() == ["/robots.txt", "/a"]


def test_a_redirect_to_a_name_of_a_private_address_is_refused(site, rules, tmp_path, monkeypatch):
    def resolve(host, port):
        return ["10.0.0.7"] if host == "noi-bo.gov.vn" else ["127.0.0.1"]

    monkeypatch.setattr(exchange, "is_public", lambda address: address == "127.0.0.1")  # stands for a public server
    site.answers["/a"] = reply(status=302, Location=site.url("/b", "noi-bo.gov.vn"))
    error = refused(Fetcher(replace(rules, allow_private=False), resolve).fetch, site.url("/a"), tmp_path)
    assert error.refusal is Refusal.FORBIDDEN_ADDRESS
    assert error.detail.endswith("noi-bo.gov.vn is at 10.0.0.7, which is not public")


def test_https_never_becomes_http(site, fetcher):
    with pytest.raises(DocumentError, match="from https to http"):
        fetcher._redirected(httpx2.URL(f"https://xa.gov.vn:{site.port}/"), site.url("/a"))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://xa.gov.vn/a", "xa.gov.vn/a", "", "http://", "http:///a", "http://xau.example/",
        "http://xa.gov.vn.xau.example/", "http://xagov.vn/", "http://xvbpl.vn/", "http://xa.gov.vn/a\\..\\b", "http://u@xa.gov.vn/", "http://u:p@xa.gov.vn/", "http://xa.gov.vn:8080/",
        "http://xa.gov.vn:99999/", "http://xa.gov.vn./", "http://xa.gov.vn\\@xau.example/", "http://xau.example#@xa.gov.vn/",
        "http://xau.example%2f.gov.vn/", "http://%78a.gov.vn/", "http://-xa.gov.vn/", "http://xa..gov.vn/", "http://xa .gov.vn/",
        "http://xa.gov.vn/\r\nHost: x", "http://xa.gov.vn/" + "a" * 3000, "http://" + "a" * 64 + ".gov.vn/", "http://ⅹa.gov.vn/",
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_asked_is_refused_before_anything_is_sent(url):
    assert refused(FetchRules(HOSTS).check, url).refusal is Refusal.FORBIDDEN_ADDRESS


@pytest.mark.parametrize(
    "url", ["http://xa.gov.vn", "https://XA.gov.vn:443/đường dẫn?x=1#y", "https://vbpl.vn/a", "http://a.b-c.xa.gov.vn/"]
)
def test_an_address_of_the_list_may_be_asked(url):
    assert FetchRules(HOSTS).check(url).fragment == ""


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.0x1", "0", "[0:0:0:0:0:0:0:1]", "[fe80::1%25lo]"])  # fmt: skip
def test_an_odd_spelling_of_an_address_is_refused_even_where_it_is_on_the_list(rules, tmp_path, host):
    fetcher = changed(rules, hosts=frozenset({host.strip("[]"), host}))
    error = refused(fetcher.fetch, f"http://{host}:{min(rules.ports)}/", tmp_path)
    assert error.refusal is Refusal.FORBIDDEN_ADDRESS
    assert "no host name" in error.detail or "no address" in error.detail


def test_a_vietnamese_host_name_is_compared_and_asked_in_its_ascii_form(site, rules, tmp_path):
    site.answers["/%C4%91?x=%E1%BB%9B"] = reply(PAGE)
    found = changed(rules, hosts=frozenset({"xn--b-8xm.gov.vn"})).fetch(site.url("/đ?x=ớ", "bộ.gov.vn"), tmp_path)
    assert found.status is FetchStatus.NEW
    assert site.asked[-1][1]["host"].startswith("xn--b-8xm.gov.vn:")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "100.127.255.254", "192.0.0.170", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
        "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
        "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::", "2001::1", "2001:db8::1", "3fff::1",
        "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "5f00::1", "2a00:1450::1%eth0", "xa.gov.vn", "",
    ],
)  # fmt: skip
def test_an_address_that_is_not_everybody_s_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "103.28.36.1", "2001:4860:4860::8888", "2a00:1450::1", "2405:4800::1"])
def test_an_address_of_the_internet_is_public(address):
    assert is_public(address)


def test_without_leave_this_machine_is_refused_and_nothing_is_sent(site, rules, tmp_path):
    closed = replace(rules, allow_private=False, hosts=frozenset({"localhost", "xa.gov.vn"}))
    for fetcher, host in ((Fetcher(closed), "localhost"), (Fetcher(closed, here), "xa.gov.vn")):
        assert refused(fetcher.fetch, site.url("/a", host), tmp_path).detail.endswith("which is not public")
    assert refused(fetch, site.url("/a", "localhost"), tmp_path, closed).detail.endswith("which is not public")
    assert site.asked == []


def test_one_private_address_among_public_ones_is_enough_to_refuse(site, rules, tmp_path):
    fetcher = Fetcher(replace(rules, allow_private=False), lambda host, port: ["8.8.8.8", "::ffff:127.0.0.1"])
    assert "::ffff:127.0.0.1" in refused(fetcher.fetch, site.url("/a"), tmp_path).detail


def test_a_name_is_looked_up_once_a_request_and_the_connection_goes_there(site, rules, tmp_path):
    site.answers["/a"] = reply(PAGE)
    looked_up = []

    def rebinding(host, port):
        """Lead elsewhere when a request looks a name up a second time, for the connection."""
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) <= 2 else ["127.0.0.2"]

    assert Fetcher(rules, rebinding).fetch(site.url("/a"), tmp_path).status is FetchStatus.NEW
    assert len(looked_up) == len(site.asked) == 2  # robots.txt and the page


def test_a_name_that_turns_private_between_two_requests_is_refused_at_the_second(site, rules, tmp_path, monkeypatch):
    monkeypatch.setattr(exchange, "is_public", lambda address: address == "127.0.0.1")  # stands for a public server
    answers = iter((["127.0.0.1"], ["127.0.0.9"]))
    fetcher = Fetcher(replace(rules, allow_private=False), lambda host, port: next(answers))
    assert refused(fetcher.fetch, site.url("/a"), tmp_path).detail == "xa.gov.vn is at 127.0.0.9, which is not public"
    assert site.paths() == ["/robots.txt"]


def test_the_next_address_is_tried_when_one_does_not_answer(site, rules, tmp_path):
    site.answers["/a"] = reply(PAGE)
    assert Fetcher(rules, lambda host, port: ["127.0.0.99", "127.0.0.1"]).fetch(site.url("/a"), tmp_path).path


def test_names_that_do_not_exist_or_take_for_ever_are_said(site, rules, tmp_path):
    def unknown(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    assert refused(Fetcher(rules, unknown).fetch, site.url("/a"), tmp_path).refusal is Refusal.UNREACHABLE
    assert refused(Fetcher(rules, lambda host, port: []).fetch, site.url("/a"), tmp_path).refusal is Refusal.UNREACHABLE
    slow = changed(rules, total_s=0.1)
    slow._resolve = lambda host, port: time.sleep(5)
    begun = time.monotonic()
    assert "in time" in refused(slow.fetch, site.url("/a"), tmp_path).detail
    assert time.monotonic() - begun < 1


def test_proxies_of_the_environment_are_not_asked(site, fetcher, tmp_path, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.answers["/a"] = reply(PAGE)
    assert fetcher.fetch(site.url("/a"), tmp_path).status is FetchStatus.NEW


def hang(connection, headers):
    time.sleep(3)


def cut(data):
    """Send `data`, then reset the connection."""

    def answer(connection, headers):
        connection.sendall(data)
        time.sleep(0.05)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return answer


def endless(connection, headers):
    connection.sendall(reply(length=None))
    while True:
        connection.sendall(b"x" * 65536)


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [hang, drip(reply(PAGE), 0.05), drip(reply(PAGE)[:-50] + b"x" * 500, 0.02), drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 99, 0.02)],
    ids=["hangs", "drips its head", "drips its body", "says 100 for ever"],
)  # fmt: skip
def test_a_server_that_hangs_or_drips_is_left_in_time(site, rules, tmp_path, answer):
    fetcher = changed(rules, total_s=0.6)
    site.answers["/a"] = answer
    begun = time.monotonic()
    assert refused(fetcher.fetch, site.url("/a"), tmp_path).refusal is Refusal.TOO_SLOW
    assert time.monotonic() - begun < 1.5
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (reply(PAGE, length=len(PAGE) + 1), Refusal.DAMAGED),
        (reply(PAGE, length=10), Refusal.DAMAGED),
        (chunked([PAGE, PAGE], ended=False), Refusal.DAMAGED),
        (chunked([PAGE])[:-9], Refusal.DAMAGED),
        (reply(gzip.compress(PAGE)[:-9], Content_Encoding="gzip"), Refusal.DAMAGED),
        (reply(PAGE, Content_Encoding="gzip"), Refusal.DAMAGED),
        (reply(PAGE, Content_Encoding="br"), Refusal.UNREACHABLE),
        (reply(PAGE, length=None, Content_Length="-1"), Refusal.DAMAGED),
        (reply(PAGE, length=None, Content_Length="1, 2"), Refusal.DAMAGED),
        (cut(reply(PAGE, length=9999)), Refusal.UNREACHABLE),
        (cut(b""), Refusal.UNREACHABLE),
        (b"SSH-2.0-OpenSSH\r\n", Refusal.DAMAGED),
        (b"", Refusal.DAMAGED),
        (b"HTTP/1.1 200 X\r\n" + b"X: " + b"y" * 300_000 + b"\r\n\r\n", Refusal.DAMAGED),
        (b"HTTP/1.1 200 X\r\n" + b"X: y\r\n" * 90_000 + b"\r\n", Refusal.DAMAGED),
        (endless, Refusal.TOO_LARGE),
        (reply(b"x" * 100_001), Refusal.TOO_LARGE),
        (reply(b"x" * 100_001, length=None), Refusal.TOO_LARGE),
        (chunked([b"x" * 60_000] * 2), Refusal.TOO_LARGE),
        (reply(gzip.compress(b"x" * 50_000_000), Content_Encoding="gzip"), Refusal.TOO_LARGE),
        (reply(gzip.compress(b"") * 10_000, Content_Encoding="gzip"), Refusal.TOO_LARGE),
    ],
)  # fmt: skip
def test_a_body_that_is_cut_off_false_or_too_large_is_no_document(site, rules, tmp_path, answer, refusal):
    site.answers["/a"] = answer
    assert refused(changed(rules, size_bytes=100_000).fetch, site.url("/a"), tmp_path).refusal is refusal
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "answer",
    [
        reply(PAGE + b"\r\n", length=len(PAGE)),
        chunked([PAGE[:9], PAGE[9:]]),
        reply(PAGE, length=None),
        reply(gzip.compress(PAGE), Content_Encoding="gzip"),
        chunked([gzip.compress(PAGE[:9]), gzip.compress(PAGE[9:])], Content_Encoding="gzip"),
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + reply(PAGE),
        b"HTTP/1.1 200 X\nContent-Length: %d\n\n" % len(PAGE) + PAGE,
        drip(reply(PAGE), 0.0005),
    ],
)  # fmt: skip
def test_a_whole_body_is_taken_however_it_is_sent(site, fetcher, tmp_path, answer):
    site.answers["/a"] = answer
    assert fetcher.fetch(site.url("/a"), tmp_path).validators.sha256 == DIGEST


def test_a_bomb_is_refused_before_it_fills_the_memory(site, rules, tmp_path):
    site.answers["/a"] = reply(gzip.compress(bytes(200_000_000), 1), Content_Encoding="gzip")
    tracemalloc.start()
    try:
        error = refused(changed(rules, size_bytes=10**8).fetch, site.url("/a"), tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert error.refusal is Refusal.TOO_LARGE
    assert peak < 4_000_000


def test_what_a_broken_attempt_left_behind_is_overwritten(site, fetcher, tmp_path):
    site.answers["/a"] = reply(PAGE)
    part = tmp_path / f".{hashlib.sha256(site.url('/a').encode()).hexdigest()[:16]}.part"
    part.write_bytes(b"x" * 9999)
    assert fetcher.fetch(site.url("/a"), tmp_path).path.read_bytes() == PAGE
    assert not part.exists()


@pytest.mark.parametrize(
    ("robots", "path", "allowed"),
    [
        (reply("User-agent: *\nDisallow: /"), "/a", False),
        (reply("User-agent: *\nDisallow: /*.pdf$"), "/a.pdf", False),
        (reply("User-agent: *\nDisallow: /\nAllow: /dich-vu-cong/"), "/dich-vu-cong/1", True),
        (reply("User-agent: khac\nDisallow: /"), "/a", True),
        (reply("User-agent: binhdan\nDisallow: /a\n\nUser-agent: *\nAllow: /"), "/a", False),
        (reply("\ufeffUser-agent: *\nDisallow: /a"), "/a", False),
        (reply("<html>Trang chủ</html>"), "/a", True),
        (reply(b"\xff\xfe\x00" * 50), "/a", True),
        (reply(b"User-agent: *\nDisallow: /a\n" + b"#" * 700_000 + b"\nAllow: /a"), "/a", False),
        (reply(status=404), "/a", True),
        (reply(status=403), "/a", True),
        (reply(status=302, Location="/khac.txt"), "/a", False),
        (reply(status=302, Location="http://xau.example/"), "/a", False),
    ],
)
def test_robots_txt_is_obeyed(site, fetcher, tmp_path, robots, path, allowed):
    site.answers |= {"/robots.txt": robots, path: reply(PAGE), "/khac.txt": reply("User-agent: *\nDisallow: /a")}
    if allowed:
        assert fetcher.fetch(site.url(path), tmp_path).status is FetchStatus.NEW
    else:
        assert refused(fetcher.fetch, site.url(path), tmp_path).refusal is Refusal.FORBIDDEN_ADDRESS
        assert path not in site.paths()


@pytest.mark.parametrize(
    "robots",
    [
        reply(status=500),
        reply(status=503),
        reply(status=429),
        cut(b""),
        reply(status=302, Location="/robots.txt"),
    ],
)
def test_a_host_whose_robots_txt_cannot_be_had_is_not_asked_now(site, fetcher, tmp_path, robots):
    site.answers |= {"/robots.txt": robots, "/a": reply(PAGE)}
    assert refused(fetcher.fetch, site.url("/a"), tmp_path).refusal is Refusal.UNREACHABLE
    assert refused(fetcher.fetch, site.url("/a"), tmp_path).refusal is Refusal.UNREACHABLE
    assert set(site.paths()) == {"/robots.txt"}
    assert len(site.paths()) in {1, 6}  # not asked again in the same run


def test_robots_txt_is_obeyed_where_a_redirect_leads_too(site, fetcher, tmp_path):
    def robots(connection, headers):
        other = headers["host"].startswith("khac.gov.vn")
        connection.sendall(reply("User-agent: *\nDisallow: /") if other else reply(status=404))

    site.answers |= {
        "/robots.txt": robots,
        "/a": reply(status=302, Location=site.url("/b", "khac.gov.vn")),
        "/b": reply(PAGE),
    }
    assert "robots.txt of khac.gov.vn" in refused(fetcher.fetch, site.url("/a"), tmp_path).detail
    assert site.paths() == ["/robots.txt", "/a", "/robots.txt"]


def test_one_host_is_asked_one_request_at_a_time_with_a_pause_and_robots_txt_once(site, rules, tmp_path):
    fetcher = changed(rules, pause_s=0.1)
    site.answers |= {f"/{n}": reply(PAGE) for n in range(3)}
    fetcher.fetch(site.url("/0"), tmp_path)
    threads = [threading.Thread(target=fetcher.fetch, args=(site.url(f"/{n}"), tmp_path)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = [at for _, _, at in site.asked]
    assert sorted(site.paths()) == ["/0", "/1", "/2", "/robots.txt"]
    assert all(later - earlier >= 0.1 for earlier, later in itertools.pairwise(times))


def test_a_host_s_own_crawl_delay_is_kept_up_to_our_patience(site, rules, tmp_path):
    site.answers |= {"/robots.txt": reply("User-agent: *\nCrawl-delay: 999"), "/a": reply(PAGE), "/b": reply(PAGE)}
    fetcher = changed(rules, patience_s=0.2)
    fetcher.fetch(site.url("/a"), tmp_path)
    begun = time.monotonic()
    fetcher.fetch(site.url("/b"), tmp_path)
    assert 0.2 <= time.monotonic() - begun + 0.05 < 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again_when_it_says_so_and_soon(site, rules, tmp_path, status):
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=0.5), usegmt=True)
    answers = iter([reply(status=status, Retry_After="0"), reply(status=status, Retry_After=soon), reply(PAGE)])
    site.answers["/a"] = lambda connection, headers: connection.sendall(next(answers))
    assert changed(rules, patience_s=2).fetch(site.url("/a"), tmp_path).status is FetchStatus.NEW


@pytest.mark.parametrize(
    ("wait", "asked"), [("3600", 1), ("Wed, 01 Jan 2200 00:00:00 GMT", 1), ("không", 1), ("0", 3), ("-5", 1)]
)
def test_a_server_that_stays_busy_is_left(site, fetcher, tmp_path, wait, asked):
    site.answers["/a"] = reply(status=503, Retry_After=wait.encode().decode("latin-1"))
    assert "answered 503" in refused(fetcher.fetch, site.url("/a"), tmp_path).detail
    assert site.paths().count("/a") == asked


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for xa.gov.vn that signs itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2120, 1, 1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("xa.gov.vn")]), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "cert.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ) + made.public_bytes(serialization.Encoding.PEM)
    )  # fmt: skip
    return path


def test_https_is_checked_against_the_name_and_not_the_address(certificate, tmp_path):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    names = []
    server.sni_callback = lambda connection, name, context: names.append(name)
    with serving(server) as site:
        site.answers["/a"] = reply(PAGE)
        rules = FetchRules(HOSTS, frozenset({site.port}), allow_private=True, total_s=5, pause_s=0)
        url = site.url("/a").replace("http:", "https:")
        trusting = ssl.create_default_context(cafile=str(certificate))
        assert Fetcher(rules, here, trusting).fetch(url, tmp_path).status is FetchStatus.NEW
        assert set(names) == {"xa.gov.vn"}
        other = url.replace("xa.gov.vn", "khac.gov.vn")
        for fetcher, address in ((Fetcher(rules, here, trusting), other), (Fetcher(rules, here), url)):
            assert "certificate" in refused(fetcher.fetch, address, tmp_path).detail.lower()


def test_a_server_that_keeps_silent_in_the_handshake_is_left_in_time(site, rules, tmp_path):
    fetcher = changed(rules, total_s=0.4)
    begun = time.monotonic()
    assert refused(fetcher.fetch, site.url("/a").replace("http:", "https:"), tmp_path)
    assert time.monotonic() - begun < 1.5


def test_a_server_on_ipv6_is_reached(rules, tmp_path):
    with serving(family=socket.AF_INET6) as site:
        site.answers["/a"] = reply(PAGE)
        rules = replace(rules, ports=frozenset({site.port}), hosts=frozenset({"xa.gov.vn", "::1"}))
        for host in ("xa.gov.vn", "[::1]"):
            assert Fetcher(rules, lambda host, port: ["::1"]).fetch(site.url("/a", host), tmp_path).path
        assert site.asked[-1][1]["host"] == f"[::1]:{site.port}"


@pytest.mark.slow
@given(st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_server_sends_is_a_page_or_a_refusal(site, rules, tmp_path, data):
    """A good answer with some bytes changed, doubled or left out, as robots.txt and as the page."""
    whole = data.draw(
        st.sampled_from(
            [
                reply(PAGE, Content_Type="text/html", ETag='"1"', Retry_After="1"),
                reply(PAGE, 302, Location="/b", Retry_After="1"),
                reply(PAGE, 503, Retry_After="Wed, 01 Jan 2020 00:00:00 GMT"),
                chunked([PAGE, PAGE]),
                reply(gzip.compress(PAGE), Content_Encoding="gzip"),
                reply("User-agent: *\nDisallow: /*x$\nCrawl-delay: 0"),
            ]
        )
    )
    start, end = sorted((data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, len(whole)))))
    broken = whole[:start] + data.draw(st.binary(max_size=20)) + whole[data.draw(st.sampled_from([start, end])) :]
    site.answers |= {"/robots.txt": data.draw(st.sampled_from([broken, reply(status=404)])), "/a": broken}
    with contextlib.suppress(DocumentError):
        assert changed(rules, total_s=1).fetch(site.url("/a"), tmp_path).status in FetchStatus
