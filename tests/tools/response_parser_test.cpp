#include "hocket/response_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

using hocket::tools::response_parser;

namespace {

// What a stream of responses is read as: "status:body bytes:keep" each, and "bad: why".
std::vector<std::string> read_all(const std::vector<std::string>& pieces, bool then_closed = false, bool head = false) {
  std::vector<std::string> out;
  response_parser parser;
  parser.expect_head(head);
  const auto note = [&] {
    out.push_back(std::to_string(parser.status()) + ":" + std::to_string(parser.body_bytes()) +
                  (parser.keep_alive() ? ":keep" : ":close"));
    parser.reset();
  };
  for (const std::string& piece : pieces) {
    std::string_view input = piece;
    while (!input.empty()) {
      const auto outcome = parser.feed(input);
      if (outcome == response_parser::outcome::bad) {
        out.push_back(std::string("bad: ") + parser.error());
        return out;
      }
      if (outcome == response_parser::outcome::complete) note();
    }
  }
  if (then_closed && parser.finish()) note();
  return out;
}

const std::string several =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length:0\r\n\r\n"
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n"
    "HTTP/1.1 204 No Content\r\n\r\n"
    "HTTP/1.0 404 Not Found\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nno"
    "HTTP/1.1 503 Busy\r\nContent-Length: 1\r\nConnection: Close\r\n\r\nx";
const std::vector<std::string> several_read = {"200:5:keep", "201:0:keep", "200:13:keep",
                                               "204:0:keep", "404:2:keep", "503:1:close"};

}  // namespace

TEST(response_parser, reads_a_stream_of_responses) { EXPECT_EQ(read_all({several}), several_read); }

TEST(response_parser, gives_the_same_wherever_the_bytes_are_cut) {
  for (std::size_t cut = 0; cut <= several.size(); ++cut) {
    EXPECT_EQ(read_all({several.substr(0, cut), several.substr(cut)}), several_read) << cut;
  }
  std::vector<std::string> single;
  for (char c : several) single.emplace_back(1, c);
  EXPECT_EQ(read_all(single), several_read);
}

TEST(response_parser, body_without_a_length_ends_with_the_connection) {
  EXPECT_EQ(read_all({"HTTP/1.1 200 OK\r\n\r\nhello"}, true), std::vector<std::string>{"200:5:close"});
  EXPECT_EQ(read_all({"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"}, true), std::vector<std::string>{});
}

TEST(response_parser, head_has_no_body) {
  EXPECT_EQ(read_all({"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}, false, true),
            std::vector<std::string>{"200:0:keep"});
}

TEST(response_parser, refuses_what_is_not_http) {
  for (const char* bad : {"SSH-2.0-x\r\n", "HTTP/2 200\r\n", "HTTP/1.1 2x0 OK\r\n",
                          "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    const auto got = read_all({bad});
    ASSERT_FALSE(got.empty()) << bad;
    EXPECT_TRUE(got.back().starts_with("bad: ")) << bad;
  }
  EXPECT_TRUE(read_all({std::string(100'000, 'H')}).back().starts_with("bad: "));
}
