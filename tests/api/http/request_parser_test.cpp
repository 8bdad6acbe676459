#include <gtest/gtest.h>

#include <hocket/http/request_parser.hpp>
#include <random>
#include <string>
#include <vector>

using hocket::http::Limits;
using hocket::http::request_parser;

namespace {

// What a byte stream is read as, one line a request: "METHOD path?query [name=value ...] body|keep", or "STATUS text"
// at its end.
std::vector<std::string> read_all(const std::vector<std::string>& pieces, const Limits& limits = {}) {
  std::vector<std::string> out;
  request_parser parser(limits);
  for (const std::string& piece : pieces) {
    std::string_view input = piece;
    while (!input.empty()) {
      const auto state = parser.feed(input);
      if (state == request_parser::state::failed) {
        out.push_back(std::to_string(parser.error_status()) + " " + std::string(parser.error_text()));
        return out;
      }
      if (state != request_parser::state::complete) continue;
      const auto& r = parser.request();
      std::string line = std::string(r.method()) + " " + std::string(r.path());
      if (!r.query().empty()) line += "?" + std::string(r.query());
      for (const auto& h : r.headers()) line += " [" + std::string(h.name) + "=" + std::string(h.value) + "]";
      line += " " + std::string(r.body()) + (r.keep_alive() ? "|keep" : "|close");
      out.push_back(line);
      parser.next();
    }
  }
  if (parser.now() == request_parser::state::body || parser.started()) out.push_back("unfinished");
  return out;
}

std::vector<std::string> read_bytewise(const std::string& stream, const Limits& limits = {}) {
  std::vector<std::string> single;
  for (char c : stream) single.emplace_back(1, c);
  return read_all(single, limits);
}

const std::string several =
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    "POST /echo?x=1&y=%20 HTTP/1.1\r\nHost:a\r\nContent-Length: 5\r\nX-Empty:\r\nX-Blanks:  \t b c \t \r\n\r\nhello"
    "\r\nPUT /c HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;name=value\r\n "
    "world\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n"
    "HEAD http://a:80/abs?q HTTP/1.1\r\nHost: a:80\r\nConnection: keep-alive\r\n\r\n"
    "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"
    "POST /zero HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    "POST /c0 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"
    "GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n"
    "GET /ten HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    "GET /bye HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    "GET /old HTTP/1.0\r\n\r\n";
const std::vector<std::string> several_read = {
    "GET / [Host=a] |keep",
    "POST /echo?x=1&y=%20 [Host=a] [Content-Length=5] [X-Empty=] [X-Blanks=b c] hello|keep",
    "PUT /c [host=a] [Transfer-Encoding=chunked] hello world|keep",
    "HEAD /abs?q [Host=a:80] [Connection=keep-alive] |keep",
    "OPTIONS * [Host=a] |keep",
    "POST /zero [Host=a] [Content-Length=0] |keep",
    "POST /c0 [Host=a] [Transfer-Encoding=Chunked] |keep",
    "GET /up [Host=a] [Connection=Upgrade, HTTP2-Settings] [Upgrade=h2c] |keep",
    "GET /ten [Connection=keep-alive] |keep",
    "GET /bye [Host=a] [Connection=close] |close",
    "GET /old |close",
};

// Everything that two servers might read differently. Each is followed by a request that a careless one would see.
struct refused {
  const char* stream;
  int status;
};
const std::string smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
const std::vector<refused> refusals = {
    // Two lengths, or a length that is no plain number.
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 6\r\n\r\nhello", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\t\r\n\r\nhello", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t \r\n\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n", 413},
    // Transfer codings.
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    // Line ends and blanks.
    {"GET / HTTP/1.1\nHost: a\n\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\rContent-Length: 9\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nX: a\rHost: b\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n Content-Length: 9\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\n Content-Length: 9\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n", 400},
    {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    // Chunk framing.
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\rhello\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n200000\r\n", 0},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x\nGET /\r\nhello\r\n0\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n z\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\n", 400},
    // Hosts, targets, methods, versions.
    {"GET / HTTP/1.1\r\n\r\n", 400},
    {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET ht+tp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
    {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"NOSUCH / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0},
    {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
    {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"GET /\r\n\r\n", 400},
    {"GET / RTSP/1.0\r\nHost: a\r\n\r\n", 400},
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: miracles\r\n\r\nx", 417},
    // Another protocol altogether: refused at its first bytes.
    {"\x16\x03\x01\x02", 400},
};

}  // namespace

TEST(request_parser, reads_pipelined_requests) { EXPECT_EQ(read_all({several}), several_read); }

TEST(request_parser, gives_the_same_wherever_the_bytes_are_cut) {
  for (std::size_t cut = 0; cut <= several.size(); ++cut)
    ASSERT_EQ(read_all({several.substr(0, cut), several.substr(cut)}), several_read) << "cut at " << cut;
  EXPECT_EQ(read_bytewise(several), several_read);
}

TEST(request_parser, gives_the_same_in_random_pieces) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < several.size();) {
      const std::size_t size = 1 + random() % 40;
      pieces.push_back(several.substr(at, size));
      at += size;
    }
    ASSERT_EQ(read_all(pieces), several_read);
  }
}

TEST(request_parser, refuses_what_two_servers_could_read_differently) {
  for (const refused& r : refusals) {
    const std::string stream = r.stream + smuggled;
    const auto got = read_all({stream});
    SCOPED_TRACE(::testing::PrintToString(std::string(r.stream)) + "\n read as " + ::testing::PrintToString(got));
    EXPECT_EQ(got.size(), 1u);
    const int status = std::atoi(got[0].c_str());
    EXPECT_TRUE(r.status == 0 ? status >= 400 : status == r.status) << "wanted " << r.status;
  }
}

TEST(request_parser, refuses_the_same_byte_by_byte) {
  for (const refused& r : refusals) {
    const std::string stream = r.stream + smuggled;
    EXPECT_EQ(read_bytewise(stream), read_all({stream})) << stream;
  }
}

// A head that came whole stays where it is; all else must not be looked for in an input that is gone.
TEST(request_parser, a_request_refers_to_no_input_but_the_last) {
  const std::string head = "POST /a?b HTTP/1.1\r\nHost: h\r\nX-Name: value\r\n";
  for (const char* const rest :
       {"Content-Length: 4\r\n\r\nabcd", "Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"}) {
    const std::string stream = head + rest;
    for (std::size_t cut = 1; cut < stream.size(); ++cut) {
      request_parser parser{Limits()};
      std::string first = stream.substr(0, cut), second = stream.substr(cut);
      std::string_view input = first;
      ASSERT_NE(parser.feed(input), request_parser::state::complete);
      first.assign(first.size(), '#');
      input = second;
      ASSERT_EQ(parser.feed(input), request_parser::state::complete) << cut;
      const auto& r = parser.request();
      EXPECT_EQ(r.method(), "POST");
      EXPECT_EQ(r.path(), "/a");
      EXPECT_EQ(r.query(), "b");
      EXPECT_EQ(r.header("x-name"), "value");
      EXPECT_EQ(r.body(), "abcd");
    }
  }
}

TEST(request_parser, a_client_is_told_to_go_on_when_its_head_is_complete_and_not_before) {
  const Limits limits;
  request_parser parser(limits);
  std::string_view line = "POST / HTTP/1.1\r\nExpect: 100-continue\r\n";
  parser.feed(line);
  EXPECT_FALSE(parser.expects_continue());
  std::string_view rest = "Host: a\r\nContent-Length: 2\r\n\r\n";
  EXPECT_EQ(parser.feed(rest), request_parser::state::body);
  EXPECT_TRUE(parser.expects_continue());
}

TEST(request_parser, a_zero_byte_in_the_head_is_refused) {
  EXPECT_EQ(read_all({std::string("GET / HTTP/1.1\r\nHost: a\r\nX\0: y\r\n\r\n", 35)})[0].substr(0, 3), "400");
}

TEST(request_parser, a_request_line_over_its_limit_is_414_even_unfinished) {
  const std::string start = "GET /", end = " HTTP/1.1\r\n";
  const auto path = [&](std::size_t line) { return std::string(line - start.size() - end.size(), 'a'); };
  EXPECT_EQ(read_all({start + path(8192) + end + "Host: a\r\n\r\n"}).size(), 1u);
  EXPECT_TRUE(read_all({start + path(8192) + end + "Host: a\r\n\r\n"})[0].starts_with("GET /aaa"));
  EXPECT_EQ(read_all({start + path(8193) + end + "Host: a\r\n\r\n"})[0].substr(0, 3), "414");
  EXPECT_EQ(read_all({start + std::string(9000, 'a')})[0].substr(0, 3), "414");
}

TEST(request_parser, header_lines_over_their_limits_are_431) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\n";
  const auto with_header = [&](std::size_t block) {  // the block: all header lines and the blank one
    return start + "X: " + std::string(block - std::string("Host: a\r\nX: \r\n\r\n").size(), 'y') + "\r\n\r\n";
  };
  EXPECT_TRUE(read_all({with_header(16384)})[0].starts_with("GET / "));
  EXPECT_EQ(read_all({with_header(16385)})[0].substr(0, 3), "431");
  EXPECT_EQ(read_all({start + "X: " + std::string(20'000, 'y')})[0].substr(0, 3), "431");

  const auto with_count = [&](int lines) {
    std::string s = start;
    for (int i = 1; i < lines; ++i) s += "X: y\r\n";
    return s + "\r\n";
  };
  EXPECT_TRUE(read_all({with_count(100)})[0].starts_with("GET / "));
  EXPECT_EQ(read_all({with_count(101)})[0].substr(0, 3), "431");
}

TEST(request_parser, bodies_over_the_limit_are_413_before_they_are_read) {
  Limits limits;
  limits.body = 10;
  const auto sized = [](std::size_t n) {
    return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(n) + "\r\n\r\n";
  };
  EXPECT_TRUE(read_all({sized(10) + "0123456789"}, limits)[0].starts_with("POST"));
  EXPECT_EQ(read_all({sized(11)}, limits)[0].substr(0, 3), "413");

  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(read_all({chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n"}, limits)[0].starts_with("POST"));
  EXPECT_EQ(read_all({chunked + "5\r\n01234\r\n6\r\n56789a"}, limits)[0].substr(0, 3), "413");
}

TEST(request_parser, endless_chunk_extensions_and_trailers_are_refused) {
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(read_all({chunked + "1;" + std::string(10'000, 'x'), std::string(10'000, 'x')})[0].substr(0, 3), "413");
  EXPECT_EQ(read_all({chunked + "0\r\nX: " + std::string(20'000, 'x')})[0].substr(0, 3), "431");
  std::string tiny = chunked;  // the least efficient honest client
  for (int i = 0; i < 20'000; ++i) tiny += "1\r\nx\r\n";
  EXPECT_TRUE(read_all({tiny + "0\r\n\r\n"})[0].starts_with("POST"));
}

TEST(request_parser, says_when_the_client_waits_to_be_told_to_go_on) {
  request_parser parser{Limits()};
  std::string_view input = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_FALSE(parser.started());
  EXPECT_EQ(parser.feed(input), request_parser::state::body);
  EXPECT_TRUE(parser.started());
  EXPECT_TRUE(parser.expects_continue());
  input = "ok";
  EXPECT_EQ(parser.feed(input), request_parser::state::complete);
  EXPECT_EQ(parser.request().body(), "ok");
  parser.next();
  EXPECT_FALSE(parser.started());
  EXPECT_FALSE(parser.expects_continue());
}

TEST(request_parser, random_bytes_never_break_it) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string stream = several;
    for (int change = 0; change < 3; ++change) {
      const std::size_t at = random() % stream.size();
      if (random() % 2) {
        stream[at] = static_cast<char>(random());
      } else {
        stream.erase(at, random() % 8);
      }
    }
    const auto whole = read_all({stream});
    ASSERT_EQ(read_bytewise(stream), whole) << ::testing::PrintToString(stream);
  }
}
