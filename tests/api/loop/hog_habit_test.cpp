// One handler serves connections of which a few ask for much: the tasks of those are known, and the handler keeps its
// good name.
#include <gtest/gtest.h>

#include <hocket/hocket.hpp>
#include <string>

#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/worker.hpp>

namespace hocket {
namespace {

/// Of the thread's own processor time: whoever else uses the machine.
void compute(rt::nanos time) {
  const rt::nanos until = rt::clock_now(CLOCK_THREAD_CPUTIME_ID) + time;
  while (rt::clock_now(CLOCK_THREAD_CPUTIME_ID) < until) {
  }
}

/// What is known of the function of the calling task.
rt::hog_record& my_functions_record() {
  const rt::hog_record* const mine = rt::this_thread().self->meter().runs_function();
  std::uint16_t number = 1;
  while (&rt::hog_book::record(number) != mine) ++number;
  return rt::hog_book::record(number);
}

std::string my_functions_standing() {
  switch (my_functions_record().now()) {
    case rt::standing::fresh:
    case rt::standing::clean:
    case rt::standing::lengthy:
      return "good\n";
    case rt::standing::suspect:
      return "suspect\n";
    case rt::standing::convict:
      return "convict\n";
  }
  return "unknown\n";
}

Coro<> handle(StreamReader reader, StreamWriter writer) {
  for (;;) {
    const std::string asked = co_await reader.readline();
    if (asked.empty()) break;
    if (asked == "much\n") compute(2 * rt::hog_time);
    if (asked == "blame\n") my_functions_record().note(rt::run_length::hog);
    writer.write(my_functions_standing());
    co_await writer.drain();
  }
  writer.close();
}

struct client {
  StreamReader reader;
  StreamWriter writer;

  Coro<std::string> ask(std::string what) {
    writer.write(what + "\n");
    std::string answer = co_await reader.readline();
    if (!answer.empty()) answer.pop_back();
    co_return answer;
  }
};

Coro<client> connect(int port) {
  auto [reader, writer] = co_await open_connection("127.0.0.1", port);
  co_return client{std::move(reader), std::move(writer)};
}

/// Some little, and in between one of the others asks for much. Gives what the last of the little ones was told.
Coro<std::string> ask_for_a_while(client& little, client& much, int times) {
  std::string told;
  for (int i = 0; i < times; ++i) {
    for (int n = 0; n < 50; ++n) told = co_await little.ask("little");
    co_await much.ask("much");
  }
  co_return co_await little.ask("little");
}

class hog_habit : public testing::TestWithParam<unsigned> {};

TEST_P(hog_habit, a_connection_that_always_asks_for_much_says_nothing_of_its_handler) {
  run_parallel(
      []() -> Coro<> {
        const Server server = co_await start_server(handle, "127.0.0.1", 0);
        client little = co_await connect(server.port());
        client much = co_await connect(server.port());
        for (int i = 0; i < 8; ++i) co_await little.ask("little");  // else the blame alone would convict it
        const std::string blamed = co_await little.ask("blame");
        EXPECT_EQ(blamed, "suspect") << "from here on its runs are measured";
        std::string always = "suspect";
        // A machine that stands still may make a hog of anybody, for a while.
        for (int i = 0; i < 20 && always != "good"; ++i) always = co_await ask_for_a_while(little, much, 20);
        EXPECT_EQ(always, "good");
        for (client* c : {&little, &much}) c->writer.close();
        server.close();
        co_await server.wait_closed();
      }(),
      {.workers = GetParam(), .standby = true});
}

INSTANTIATE_TEST_SUITE_P(workers, hog_habit, testing::Values(1u, 2u, 4u));

}  // namespace
}  // namespace hocket
