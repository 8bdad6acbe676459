// What a request costs in memory: nothing, once the connection is warm and the answer is short.
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <hocket/http/server.hpp>
#include <hocket/stream/open_connection.hpp>
#include <string>

#include "support/allocations.hpp"

namespace hocket::http_tests {
namespace {

Coro<http::Response> hello(const http::Request&) { co_return http::Response("hello, world\n"); }

Coro<std::uint64_t> allocations_of(int rounds, std::string requests, std::size_t answers, StreamReader reader,
                                   StreamWriter writer) {
  char bytes[4096];
  const auto before = testing_support::allocations();
  for (int i = 0; i < rounds; ++i) {
    writer.write(requests);
    std::size_t got = 0;
    while (got < answers) {
      const std::size_t n = co_await reader.readinto(bytes);
      if (n == 0) throw RuntimeError("the server closed");
      got += n;
    }
  }
  co_return testing_support::allocations() - before;
}

/// One thread runs the tasks, so that each frame comes from a pool that is warm.
class http_allocations : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(doors, http_allocations, testing::Bool(),
                         [](const auto& door) { return door.param ? "parallel" : "serial"; });

TEST_P(http_allocations, a_warm_connection_is_answered_without_any) {
  if (!testing_support::counts_allocations()) GTEST_SKIP() << "the sanitizer has the allocator";
  auto body = []() -> Coro<> {
    http::Server server = co_await http::serve(hello, "127.0.0.1", 0);
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    const std::string request = "GET /hello?x=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n";
    const std::size_t answer =
        std::string(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 13\r\n\r\nhello, world\n")
            .size();
    co_await allocations_of(100, request + request, 2 * answer, reader, writer);
    // The copy of `requests` that the coroutine is given is made before it counts.
    EXPECT_EQ(0u, co_await allocations_of(1000, request + request, 2 * answer, reader, writer));
    writer.close();
    server.close();
    co_await server.wait_closed();
  };
  RunOptions options;
  options.workers = 1;
  options.standby = false;
  if (GetParam()) {
    run_parallel(body(), options);
  } else {
    run(body(), options);
  }
}

}  // namespace
}  // namespace hocket::http_tests
