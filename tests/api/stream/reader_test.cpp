// StreamReader fed by hand: what is read when, and what is left. After CPython 3.13,
// Lib/test/test_asyncio/test_streams.py.
#include <hocket/stream/reader.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "doors.hpp"

namespace hocket::stream_tests {
namespace {

const std::string line_1 = "line1\n", line_2 = "line2\n", line_3 = "line3\n", all_lines = line_1 + line_2 + line_3;

StreamReader fed(std::string_view bytes, std::size_t limit = default_limit, bool ended = false) {
  StreamReader r(limit);
  r.feed_data(bytes);
  if (ended) r.feed_eof();
  return r;
}

Coro<> feed_later(StreamReader r, std::vector<std::string> pieces, bool end) {
  for (const std::string& p : pieces) {
    co_await sleep(0);
    r.feed_data(p);
  }
  if (end) r.feed_eof();
}

class stream_reader : public through_each_door {};
INSTANTIATE_TEST_SUITE_P(doors, stream_reader, all_doors, door_name);

TEST_P(stream_reader, read_gives_what_is_there_and_at_most_n) {
  run_here([]() -> Coro<> {
    auto r = fed(all_lines);
    EXPECT_EQ("", co_await r.read(0));
    EXPECT_EQ("line1", co_await r.read(5));
    EXPECT_EQ(all_lines.substr(5), co_await r.read(1000));
    r.feed_eof();
    EXPECT_TRUE(r.at_eof());
    EXPECT_EQ("", co_await r.read(10));
  }());
}

TEST_P(stream_reader, read_without_n_goes_on_to_the_end) {
  run_here([]() -> Coro<> {
    auto r = fed("");
    auto feeder = create_task(feed_later(r, std::vector<std::string>{"chunk1\n", "chunk2"}, true));
    EXPECT_EQ("chunk1\nchunk2", co_await r.read());
    EXPECT_EQ("", co_await r.read(-1));
    co_await feeder;
  }());
}

TEST_P(stream_reader, read_is_not_bounded_by_the_limit) {
  run_here([]() -> Coro<> {
    auto r = fed("chunk", 3);
    EXPECT_EQ("chunk", co_await r.read(5));
    auto s = fed("chunk", 3, true);
    EXPECT_EQ("chunk", co_await s.read(-1));
  }());
}

TEST_P(stream_reader, readline_gives_lines_and_then_the_rest) {
  run_here([]() -> Coro<> {
    auto r = fed("li");
    auto feeder = create_task(feed_later(r, std::vector<std::string>{"ne1", "\nli", "ne2\nrest"}, true));
    EXPECT_EQ("line1\n", co_await r.readline());
    EXPECT_EQ("line2\n", co_await r.readline());
    EXPECT_EQ("rest", co_await r.readline());
    EXPECT_EQ("", co_await r.readline());
    co_await feeder;
  }());
}

TEST_P(stream_reader, readline_over_the_limit_is_a_value_error_and_the_line_is_gone) {
  run_here([]() -> Coro<> {
    auto with_end = fed("li", 4, false);
    with_end.feed_data("ne1\nline2\n");
    EXPECT_EQ("ValueError: Separator is found, but chunk is longer than limit",
              co_await failure_of(with_end.readline()));
    EXPECT_EQ("line2\n", with_end.buffered());

    auto without_end = fed("123456789", 7);
    EXPECT_EQ("ValueError: Separator is not found, and chunk exceed the limit",
              co_await failure_of(without_end.readline()));
    EXPECT_EQ("", without_end.buffered());

    auto fits = fed("1234567\n", 7);
    EXPECT_EQ("1234567\n", co_await fits.readline());
  }());
}

TEST_P(stream_reader, readuntil_finds_a_separator_at_every_split) {
  run_here([]() -> Coro<> {
    const std::string text = "abAAABAAx";
    const std::string separator = "AAB";
    for (std::size_t a = 0; a <= text.size(); ++a) {
      for (std::size_t b = a; b <= text.size(); ++b) {
        StreamReader r;
        auto feeder = create_task(
            feed_later(r, std::vector<std::string>{text.substr(0, a), text.substr(a, b - a), text.substr(b)}, true));
        const std::string first = co_await r.readuntil(separator);
        EXPECT_EQ("abAAAB", first) << a << " " << b;
        EXPECT_EQ("IncompleteReadError: 3 bytes read on a total of undefined expected bytes",
                  co_await failure_of(r.readuntil(separator)));
        EXPECT_TRUE(r.at_eof());
        co_await feeder;
      }
    }
  }());
}

TEST_P(stream_reader, readuntil_over_the_limit_says_how_much_and_leaves_the_bytes) {
  run_here([]() -> Coro<> {
    auto r = fed("some dataAA", 3);
    try {
      co_await r.readuntil("AAA");
      ADD_FAILURE();
    } catch (const LimitOverrunError& e) {
      EXPECT_STREQ("Separator is not found, and chunk exceed the limit", e.what());
      EXPECT_EQ(9u, e.consumed());
    }
    EXPECT_EQ("some dataAA", r.buffered());
    r.feed_data("A");
    EXPECT_EQ("LimitOverrunError: Separator is found, but chunk is longer than limit",
              co_await failure_of(r.readuntil("AAA")));
    EXPECT_EQ("some dataAAA", r.buffered());
    EXPECT_EQ("ValueError: Separator should be at least one-byte string", co_await failure_of(r.readuntil("")));
  }());
}

TEST_P(stream_reader, readuntil_of_several_separators_gives_the_shortest_that_ends_with_one) {
  run_here([]() -> Coro<> {
    auto r = fed("line 1\nline 2\r");
    EXPECT_EQ("line 1\n", co_await r.readuntil("\r", "\n"));
    EXPECT_EQ("line 2\r", co_await r.readuntil("\r", "\n"));

    const std::vector<std::string> later_and_longer{"DEF", "BCDE"};
    r.feed_data("ABCDEFG");
    EXPECT_EQ("ABCDE", co_await r.readuntil(later_and_longer));
    EXPECT_EQ("FG", r.buffered());
  }());
}

TEST_P(stream_reader, readuntil_waits_for_a_long_separator_beside_a_short_one_at_every_split) {
  run_here([]() -> Coro<> {
    const std::string text = "dataZlong seAlong sep";
    for (std::size_t a = 0; a <= text.size(); ++a) {
      for (std::size_t b = a; b <= text.size(); ++b) {
        StreamReader r;
        auto feeder = create_task(
            feed_later(r, std::vector<std::string>{text.substr(0, a), text.substr(a, b - a), text.substr(b)}, true));
        EXPECT_EQ("dataZlong seA", co_await r.readuntil("long sep", "A")) << a << " " << b;
        EXPECT_EQ("long sep", co_await r.readuntil("A", "long sep")) << a << " " << b;
        co_await feeder;
      }
    }
  }());
}

TEST_P(stream_reader, readuntil_of_several_separators_measures_the_shortest_of_those_that_match) {
  run_here([]() -> Coro<> {
    auto r = fed("some dataA", 3);
    try {
      co_await r.readuntil("ome dataA", "A");
      ADD_FAILURE();
    } catch (const LimitOverrunError& e) {
      EXPECT_STREQ("Separator is found, but chunk is longer than limit", e.what());
      EXPECT_EQ(9u, e.consumed());
    }
    EXPECT_EQ("some dataA", r.buffered());
    EXPECT_EQ("ValueError: Separator should be at least one-byte string", co_await failure_of(r.readuntil("A", "")));
    EXPECT_EQ("ValueError: Separator should contain at least one element",
              co_await failure_of(r.readuntil(std::vector<std::string>())));
  }());
}

TEST_P(stream_reader, readexactly_waits_for_all_and_tells_of_a_short_end) {
  run_here([]() -> Coro<> {
    auto r = fed("abc");
    EXPECT_EQ("", co_await r.readexactly(0));
    auto feeder = create_task(feed_later(r, std::vector<std::string>{"de", "fgh"}, true));
    EXPECT_EQ("abcde", co_await r.readexactly(5));
    try {
      co_await r.readexactly(8);
      ADD_FAILURE();
    } catch (const IncompleteReadError& e) {
      EXPECT_STREQ("3 bytes read on a total of 8 expected bytes", e.what());
      EXPECT_EQ("fgh", e.partial());
      EXPECT_EQ(8u, e.expected());
    }
    EXPECT_EQ("", r.buffered());
    EXPECT_EQ("ValueError: readexactly size can not be less than zero", co_await failure_of(r.readexactly(-1)));
    co_await feeder;
  }());
}

Coro<std::string> read_ten(StreamReader r) { co_return co_await r.readexactly(10); }

TEST_P(stream_reader, a_cancelled_read_leaves_what_had_come) {
  run_here([]() -> Coro<> {
    auto r = fed("some");
    for (int i = 0; i < 2; ++i) {
      auto t = create_task(i == 0 ? r.readexactly(10) : r.read(-1), {.eager_start = true});
      t.cancel();
      const auto outcome = co_await as_result(t);
      EXPECT_TRUE(outcome.cancelled());
      EXPECT_EQ("some", r.buffered());
    }
    r.feed_data(" bytes");
    EXPECT_EQ("some bytes", co_await read_ten(r));
  }());
}

TEST_P(stream_reader, a_second_task_that_would_wait_is_refused) {
  run_here([]() -> Coro<> {
    StreamReader r;
    auto first = create_task(r.read(10), {.eager_start = true});
    const std::string tail = "() called while another coroutine is already waiting for incoming data";
    EXPECT_EQ("RuntimeError: read" + tail, co_await failure_of(r.read(1)));
    EXPECT_EQ("RuntimeError: readuntil" + tail, co_await failure_of(r.readline()));
    EXPECT_EQ("RuntimeError: readexactly" + tail, co_await failure_of(r.readexactly(1)));
    r.feed_data("data");
    EXPECT_EQ("data", co_await first);
  }());
}

TEST_P(stream_reader, an_exception_reaches_who_waits_and_who_comes_later) {
  run_here([]() -> Coro<> {
    StreamReader r;
    auto waiting = create_task(r.readline());
    co_await sleep(0.01);
    r.set_exception(std::make_exception_ptr(ZeroDivisionError("boom")));
    const auto outcome = co_await as_result(waiting);
    EXPECT_EQ("ZeroDivisionError: boom", describe(outcome.error()));
    EXPECT_EQ("ZeroDivisionError: boom", co_await failure_of(r.read(1)));
  }());
}

TEST_P(stream_reader, bytes_may_be_parsed_in_place) {
  run_here([]() -> Coro<> {
    auto r = fed("head");
    auto feeder = create_task(feed_later(r, std::vector<std::string>{"er"}, true));
    while (r.buffered().size() < 6) co_await r.fill();
    EXPECT_EQ("header", r.buffered());
    r.consume(4);
    EXPECT_EQ("er", r.buffered());
    const bool yet_more = co_await r.fill();
    EXPECT_FALSE(yet_more);
    co_await feeder;
  }());
}

TEST_P(stream_reader, lines_are_iterated_to_the_last) {
  run_here([]() -> Coro<> {
    auto r = fed("one\n\nthree", default_limit, true);
    std::vector<std::string> lines;
    ASYNC_FOR(std::string line, r) {
      lines.push_back(line);
    }
    EXPECT_EQ((std::vector<std::string>{"one\n", "\n", "three"}), lines);
  }());
}

TEST(stream_reader_limit, must_be_positive) { EXPECT_THROW(StreamReader(0), ValueError); }

}  // namespace
}  // namespace hocket::stream_tests
