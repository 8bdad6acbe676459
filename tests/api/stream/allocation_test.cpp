// What a request costs in memory: nothing, once the connection is warm.
#include <hocket/stream/open_connection.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>

#include <hocket/stream/server.hpp>
#include "support/allocations.hpp"

#include "doors.hpp"

namespace hocket::stream_tests {
namespace {

Coro<> echo_in_place(StreamReader reader, StreamWriter writer) {
  char bytes[1024];
  for (;;) {
    const std::size_t got = co_await reader.readinto(bytes);
    if (got == 0) break;
    writer.write({bytes, got});
    co_await writer.drain();
  }
}

Coro<std::uint64_t> allocations_of(int requests, StreamReader reader, StreamWriter writer) {
  const std::string message(64, 'x');
  char bytes[1024];
  const auto before = testing_support::allocations();
  for (int i = 0; i < requests; ++i) {
    writer.write(message);
    std::size_t got = 0;
    while (got < message.size()) {
      const std::size_t n = co_await reader.readinto(bytes);
      if (n == 0) throw RuntimeError("the server closed");
      got += n;
    }
  }
  co_return testing_support::allocations() - before;
}

/// One thread runs the tasks, so that each frame comes from a pool that is warm.
class stream_allocations : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(doors, stream_allocations, testing::Bool(),
                         [](const auto& door) { return door.param ? "parallel" : "serial"; });

TEST_P(stream_allocations, a_warm_connection_echoes_without_any) {
  if (!testing_support::counts_allocations()) GTEST_SKIP() << "the sanitizer has the allocator";
  auto body = []() -> Coro<> {
    Server server = co_await start_server(echo_in_place, "127.0.0.1", 0);
    auto [reader, writer] = co_await open_connection("127.0.0.1", server.port());
    co_await allocations_of(100, reader, writer);
    EXPECT_EQ(0u, co_await allocations_of(1000, reader, writer));
    server.close();
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
}  // namespace hocket::stream_tests
