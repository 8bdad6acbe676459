// Stream tests run through both doors and at several worker counts.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include <hocket/hocket.hpp>
#include <hocket/stream/open_connection.hpp>
#include <hocket/stream/server.hpp>

namespace hocket::stream_tests {

struct door {
  bool parallel;
  unsigned workers;

  friend std::ostream& operator<<(std::ostream& out, const door& d) {
    return out << (d.parallel ? "parallel" : "serial") << d.workers;
  }
};

class through_each_door : public testing::TestWithParam<door> {
 protected:
  template <class T>
  static T run_here(Coro<T> coro) {
    RunOptions options;
    options.workers = GetParam().workers;
    if (GetParam().parallel) return run_parallel(std::move(coro), options);
    return run(std::move(coro), options);
  }
};

inline const auto all_doors =
    testing::Values(door{false, 1}, door{false, 2}, door{false, 4}, door{true, 1}, door{true, 2}, door{true, 4});

inline std::string door_name(const testing::TestParamInfo<door>& info) { return testing::PrintToString(info.param); }

/// Sends back what comes until the end, however the peer brings it about.
inline Coro<> echo(StreamReader reader, StreamWriter writer) {
  try {
    for (;;) {
      const std::string data = co_await reader.read(4096);
      if (data.empty()) break;
      writer.write(data);
      co_await writer.drain();
    }
  } catch (const ConnectionError&) {
  }
  writer.close();
}

/// The text of what `coro` throws, with its type: "ValueError: ..."; "nothing" if it throws nothing.
template <class T>
Coro<std::string> failure_of(Coro<T> coro) {
  std::exception_ptr error;
  try {
    co_await std::move(coro);
  } catch (...) {
    error = std::current_exception();
  }
  co_return error ? describe(error) : "nothing";
}
template <converts_to_coro A>
Coro<std::string> failure_of(A&& awaitable) {
  return failure_of(Coro<typename std::decay_t<A>::value_type>(std::forward<A>(awaitable)));
}

}  // namespace hocket::stream_tests
