#include <hocket/net/resolve.hpp>

#include <gtest/gtest.h>
#include <netdb.h>

#include <string>
#include <vector>

#include <hocket/hocket.hpp>
#include <hocket/net/errors.hpp>

namespace hocket::net {
namespace {

Coro<std::string> first_of(std::string host, int family) {
  std::string text;
  try {
    const std::vector<address> found = co_await resolve(host, 80, family);
    text = found.front().str();
  } catch (const Exception& e) {
    text = std::string(e.name()) + ": " + e.what();
  }
  co_return text;
}

TEST(resolve, a_literal_needs_no_look_up) {
  EXPECT_EQ("('127.0.0.1', 80)", run(first_of("127.0.0.1", AF_UNSPEC)));
  EXPECT_EQ("('::1', 80, 0, 0)", run(first_of("::1", AF_UNSPEC)));
  EXPECT_EQ("gaierror: getaddrinfo(::1): " + std::string(::gai_strerror(EAI_ADDRFAMILY)),
            run(first_of("::1", AF_INET)));
}

TEST(resolve, a_name_is_looked_up_without_stopping_the_loop) {
  run([]() -> Coro<> {
    auto looking = create_task(resolve("localhost", 80, AF_INET));
    int turns = 0;
    while (!looking.done()) {
      co_await sleep(0.0005);
      ++turns;
    }
    EXPECT_GE(turns, 1);
    const auto found = co_await looking;
    EXPECT_EQ("127.0.0.1", found.front().host());
  }());
}

TEST(resolve, what_cannot_be_resolved_is_said_with_the_name) {
  const std::string unknown = run(first_of("no-such-host.invalid", AF_UNSPEC));
  // A machine without any resolver says "Temporary failure in name resolution".
  EXPECT_TRUE(unknown.starts_with("gaierror: getaddrinfo(no-such-host.invalid): ")) << unknown;
  EXPECT_EQ("gaierror: getaddrinfo(): Name or service not known", run(first_of("", AF_UNSPEC)));
  EXPECT_EQ("ValueError: embedded null character", run(first_of(std::string("127.0.0.1\0", 10), AF_UNSPEC)));
}

TEST(resolve, a_cancelled_look_up_is_abandoned) {
  run([]() -> Coro<> {
    auto looking = create_task(resolve("no-such-host.invalid", 80));
    co_await sleep(0);
    looking.cancel();
    const auto outcome = co_await as_result(looking);
    EXPECT_TRUE(outcome.cancelled());
  }());
}

TEST(resolve, all_interfaces_are_ipv4_first) {
  EXPECT_EQ("('0.0.0.0', 7)", any_address(7).front().str());
  EXPECT_EQ(std::size_t{1}, any_address(7, AF_INET).size());
  EXPECT_THROW(any_address(65536), ValueError);
}

}  // namespace
}  // namespace hocket::net
