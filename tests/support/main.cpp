// The main() of every test program: each test gets a deadline, and may leave no descriptor and no thread behind.
#include <gtest/gtest.h>
#include <hocket/rt/sched/roll.hpp>

#include <thread>

#include "support/support.hpp"

namespace {

using namespace hocket::support;

class harness : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& info) override {
    begin_deadline(info.test_suite_name(), info.name());
    begin_seed();
    begin_leftover_check();
  }

  void OnTestEnd(const testing::TestInfo& info) override {
    end_leftover_check();
    end_deadline();
    if (info.result()->Failed()) report_seed();
  }
};

}  // namespace

int main(int argc, char** argv) {
  // The watchdog is a second thread: a death test must start afresh instead of forking this process as it stands.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  testing::InitGoogleTest(&argc, argv);
  set_dump_function(&hocket::rt::dump_schedulers);
  // A sanitizer's own thread, if any, exists from the first thread on: let it be part of every test's "before".
  std::thread([] {}).join();
  testing::UnitTest::GetInstance()->listeners().Append(new harness);
  return RUN_ALL_TESTS();
}
