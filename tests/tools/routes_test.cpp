// What `hocket serve` answers on each route, and to bad parameters.
#include "hocket/routes.hpp"

#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <hocket/http/request_parser.hpp>
#include <nlohmann/json.hpp>
#include <string>

using namespace hocket;
using namespace hocket::tools;

namespace {

struct answer {
  int status;
  std::string body, type;
};

Coro<http::Response> call(const http::Handler& handler, const http::Request& request) {
  co_return co_await handler(request);
}

answer ask(const std::string& target, const std::string& method = "GET", const std::string& body = "",
           route_options options = {}) {
  http::request_parser parser{http::Limits()};
  const std::string bytes = method + " " + target + " HTTP/1.1\r\nHost: t\r\nContent-Type: x/y\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body;
  std::string_view input = bytes;
  EXPECT_EQ(parser.feed(input), http::request_parser::state::complete);
  const http::Handler handler = make_routes(std::move(options));
  RunOptions run_options;
  run_options.workers = 2;
  const http::Response r = run_parallel(call(handler, parser.request()), run_options);
  return {r.status, r.body, std::string(r.content_type)};
}

}  // namespace

TEST(routes, the_first_page_lists_them) {
  const answer a = ask("/");
  EXPECT_EQ(a.status, 200);
  for (const char* path : {"/sleep", "/fib", "/hash", "/echo", "/stats"})
    EXPECT_NE(a.body.find(path), std::string::npos);
}

TEST(routes, fib_forks_a_tree) {
  EXPECT_EQ(ask("/fib?n=0").body, "fib(0) = 0\n");
  EXPECT_EQ(ask("/fib?n=1").body, "fib(1) = 1\n");
  EXPECT_EQ(ask("/fib?n=20").body, "fib(20) = 6765\n");
  EXPECT_EQ(ask("/fib").body, "fib(20) = 6765\n");
}

#if defined(HOCKET_TOOL_HAS_TBB)
TEST(routes, sort_sorts) {
  EXPECT_NE(ask("/").body.find("/sort"), std::string::npos);
  EXPECT_EQ(ask("/sort?n=50000").body.rfind("sorted 50000 numbers in ", 0), 0u);
  EXPECT_EQ(ask("/sort").body.rfind("sorted 100000 numbers in ", 0), 0u);
  EXPECT_EQ(ask("/sort?n=0").status, 200);
  EXPECT_EQ(ask("/sort?n=10000001").status, 400);
}
#endif

TEST(routes, sleep_and_hash_take_their_time) {
  EXPECT_EQ(ask("/sleep?ms=1").body, "slept 1 ms\n");
  EXPECT_EQ(ask("/sleep?ms=0").status, 200);
  EXPECT_NE(ask("/hash?ms=2").body.find(" rounds\n"), std::string::npos);
  route_options inline_hash;
  inline_hash.inline_hash = true;
  EXPECT_EQ(ask("/hash?ms=2", "GET", "", inline_hash).status, 200);
}

TEST(routes, echo_gives_back_body_or_query) {
  const answer posted = ask("/echo", "POST", "some body");
  EXPECT_EQ(posted.body, "some body");
  EXPECT_EQ(posted.type, "x/y");
  EXPECT_EQ(ask("/echo?a=b").body, "a=b\n");
  EXPECT_EQ(ask("/echo", "DELETE").status, 405);
}

TEST(routes, stats_is_json_with_every_worker) {
  const answer a = ask("/stats");
  EXPECT_EQ(a.type, "application/json");
  const auto stats = nlohmann::json::parse(a.body);
  EXPECT_EQ(stats.at("workers").size(), 2u);
  EXPECT_TRUE(stats.at("workers")[0].contains("steals"));
  EXPECT_TRUE(stats.at("standby").contains("activations"));
}

TEST(routes, bad_parameters_are_answered_with_what_is_accepted) {
  for (const char* bad : {"/fib?n=36", "/fib?n=-1", "/fib?n=", "/fib?n=1e3", "/fib?n=99999999999999999999", "/fib?m=1",
                          "/fib?n=%zz", "/fib?n=+5"}) {
    const answer a = ask(bad);
    EXPECT_EQ(a.status, 400) << bad;
    EXPECT_EQ(a.body, "/fib takes ?n=N, a whole number from 0 to 35\n");
  }
  EXPECT_EQ(ask("/sleep?ms=60001").body, "/sleep takes ?ms=N, a whole number from 0 to 60000\n");
  EXPECT_EQ(ask("/hash?ms=x").body, "/hash takes ?ms=N, a whole number from 0 to 10000\n");
}

TEST(routes, unknown_paths_and_methods) {
  EXPECT_EQ(ask("/nope").status, 404);
  EXPECT_EQ(ask("/nope", "POST").status, 404);
  EXPECT_EQ(ask("/fib?n=1", "POST").status, 405);
  EXPECT_EQ(ask("/", "HEAD").status, 200);
}
