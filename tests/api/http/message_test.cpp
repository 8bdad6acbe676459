#include <gtest/gtest.h>

#include <hocket/http/message.hpp>
#include <hocket/http/request_parser.hpp>
#include <hocket/loop/exceptions.hpp>

using namespace hocket::http;

namespace {

std::string bytes_of(const Response& response, const ResponseContext& context = {}) {
  std::string out;
  append_response(out, response, context);
  return out;
}

}  // namespace

TEST(http_message, a_response_says_its_length_and_type) {
  EXPECT_EQ(bytes_of(Response("hi\n")),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\r\nhi\n");
  EXPECT_EQ(bytes_of(Response::json("{}")),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(bytes_of(Response(204)), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(http_message, a_head_request_gets_the_length_without_the_body) {
  EXPECT_EQ(bytes_of(Response(200, "hi", ""), {.head_request = true}), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
}

TEST(http_message, closing_and_http_1_0_are_said_in_connection) {
  EXPECT_EQ(bytes_of(Response(200, "", ""), {.keep_alive = false}),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(bytes_of(Response(200, "", ""), {.http_1_0 = true}),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
  Response last(200, "", "");
  last.close = true;
  EXPECT_EQ(bytes_of(last, {.http_1_0 = true}), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST(http_message, headers_cannot_break_out_of_their_line) {
  const auto with = [](std::string name, std::string value) {
    Response r;
    r.headers.emplace_back(std::move(name), std::move(value));
    return r;
  };
  EXPECT_NE(bytes_of(with("X-Name", "a b\t\xc3\xa4")).find("X-Name: a b\t\xc3\xa4\r\n"), std::string::npos);
  for (const Response& bad : {with("X", "a\r\nSet-Cookie: b"), with("X", "a\nb"), with("X", std::string("\0", 1)),
                              with("X\r\nY", "a"), with("X Y", "a"), with("", "a"), with("X:", "a"),
                              with("content-length", "5"), with("Transfer-Encoding", "chunked")}) {
    std::string out = "before";
    EXPECT_THROW(append_response(out, bad, {}), hocket::ValueError);
    EXPECT_EQ(out, "before");
  }
  EXPECT_THROW(bytes_of(Response(200, "", "a\r\nb")), hocket::ValueError);
  EXPECT_THROW(bytes_of(Response(99)), hocket::ValueError);
  EXPECT_THROW(bytes_of(Response(600)), hocket::ValueError);
}

TEST(http_message, percent_escapes_are_decoded) {
  EXPECT_EQ(percent_decoded("a%20b+c"), "a b+c");
  EXPECT_EQ(percent_decoded("a%20b+c", true), "a b c");
  EXPECT_EQ(percent_decoded("%C3%a4"), "\xc3\xa4");
  EXPECT_EQ(percent_decoded("%00"), std::string(1, '\0'));
  for (const char* bad : {"%", "%4", "a%", "a%4", "%4g", "%g4", "%%41"})
    EXPECT_EQ(percent_decoded(bad), std::nullopt) << bad;
}

TEST(http_message, query_parameters_are_found_by_their_decoded_name) {
  request_parser parser{Limits()};
  std::string_view input =
      "GET /p?n=20&empty=&flag&n=30&a%20b=c%26d&bad=%zz&x=1=2 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\n\r\n";
  ASSERT_EQ(parser.feed(input), request_parser::state::complete);
  const Request& r = parser.request();
  EXPECT_EQ(r.path(), "/p");
  EXPECT_EQ(r.query("n"), "20");
  EXPECT_EQ(r.query("empty"), "");
  EXPECT_EQ(r.query("flag"), "");
  EXPECT_EQ(r.query("a b"), "c&d");
  EXPECT_EQ(r.query("bad"), std::nullopt);
  EXPECT_EQ(r.query("x"), "1=2");
  EXPECT_EQ(r.query("none"), std::nullopt);
  EXPECT_EQ(r.header("x-A"), "1");
  EXPECT_EQ(r.header("none"), std::nullopt);
}
