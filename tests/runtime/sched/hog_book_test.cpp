// What the book says of a function after what it was seen to do.
#include <gtest/gtest.h>

#include <initializer_list>
#include <source_location>
#include <thread>
#include <vector>

#include <hocket/rt/sched/hog_book.hpp>

namespace hocket::rt::test {
namespace {

using enum run_length;

run_history after(run_history h, run_length r, int times = 1) {
  for (int i = 0; i < times; ++i) h = h.after(r);
  return h;
}

TEST(hog_book, a_new_function_is_measured_and_a_short_one_soon_no_more) {
  EXPECT_EQ(run_history().now(), standing::fresh);
  EXPECT_EQ(after({}, brief, 15).now(), standing::fresh);
  EXPECT_EQ(after({}, brief, 16).now(), standing::clean);
}

TEST(hog_book, two_hogs_of_an_unknown_function_convict_it_and_one_does_not) {
  EXPECT_EQ(after({}, hog).now(), standing::suspect);
  EXPECT_EQ(after({}, hog, 2).now(), standing::convict);
}

TEST(hog_book, a_handler_that_is_heavy_now_and_then_is_suspected_and_never_convicted) {
  run_history h = after({}, brief, 64);
  for (int i = 0; i < 5000; ++i) {
    h = h.after(i % 50 == 0 ? hog : brief);
    EXPECT_EQ(h.now(), standing::suspect) << i;
  }
}

TEST(hog_book, even_twenty_hogs_in_a_row_do_not_convict_a_function_with_a_good_name) {
  EXPECT_EQ(after(after({}, brief, 64), hog, 20).now(), standing::suspect);
}

TEST(hog_book, a_function_that_turns_bad_for_good_is_convicted_in_the_end) {
  EXPECT_EQ(after(after({}, brief, 64), hog, 200).now(), standing::convict);
}

TEST(hog_book, a_convict_is_let_go_when_it_mostly_behaves) {
  const run_history convict = after({}, hog, 64);
  ASSERT_EQ(convict.now(), standing::convict);
  EXPECT_EQ(convict.after(brief).now(), standing::convict);
  EXPECT_NE(after(convict, brief, 60).now(), standing::convict);
  EXPECT_EQ(after(after({}, hog, 2), brief, 3).now(), standing::suspect) << "and one of whom little is known, sooner";
}

TEST(hog_book, suspicion_fades_after_some_hundred_good_runs) {
  const run_history suspect = after(after({}, brief, 64), hog);
  EXPECT_EQ(after(suspect, brief, 300).now(), standing::suspect);
  EXPECT_EQ(after(suspect, brief, 400).now(), standing::clean);
}

TEST(hog_book, a_hog_that_is_long_past_is_forgiven_and_a_conviction_is_not) {
  hog_record& r = hog_book::record(hog_book::id_of(std::source_location::current()));
  for (int i = 0; i < 64; ++i) r.note(brief);
  ASSERT_EQ(r.note(hog), standing::suspect);
  EXPECT_FALSE(r.is_stale(steady_now() - nanos_per_second));
  EXPECT_TRUE(r.is_stale(steady_now() + nanos_per_second));
  EXPECT_EQ(r.forgive(), standing::clean);
  EXPECT_EQ(r.now(), standing::clean);
  EXPECT_EQ(after({}, hog, 2).forgiven().now(), standing::convict);
  EXPECT_EQ(after({}, hog).forgiven().now(), standing::fresh) << "and one of whom little is known is measured";
}

TEST(hog_book, lengthy_is_neither_clean_nor_suspect) {
  EXPECT_EQ(after({}, lengthy, 30).now(), standing::lengthy);
  EXPECT_EQ(after(after({}, lengthy, 30), brief, 30).now(), standing::clean);
}

TEST(hog_book, an_alarm_measures_again_and_keeps_the_good_name) {
  const run_history known = after({}, brief, 64);
  EXPECT_EQ(known.alarmed().now(), standing::fresh);
  EXPECT_FALSE(known.alarmed().is_unknown());
  EXPECT_EQ(after(known.alarmed(), hog, 2).now(), standing::suspect);
  EXPECT_EQ(after(known.alarmed(), brief, 16).now(), standing::clean);
  const run_history suspect = after(known, hog);
  EXPECT_EQ(suspect.alarmed().word(), suspect.word()) << "who is measured anyway";
}

TEST(hog_book, the_share_reaches_both_ends) {
  EXPECT_FALSE(after(after({}, hog, 64), brief, 2000).hogs_mostly());
  EXPECT_TRUE(after(after({}, brief, 64), hog, 2000).hogs_mostly());
}

TEST(hog_book, two_hogs_in_a_row_are_a_habit_until_two_runs_are_not) {
  run_habit h;
  EXPECT_TRUE(h.is_good());
  h = h.after(hog);
  EXPECT_FALSE(h.is_good()) << "it is looked at";
  EXPECT_FALSE(h.is_bad());
  EXPECT_TRUE(h.after(brief).is_good());
  EXPECT_TRUE(h.after(lengthy).is_good());
  h = h.after(hog);
  EXPECT_TRUE(h.is_bad());
  for (int i = 0; i < 5; ++i) h = h.after(hog);
  EXPECT_TRUE(h.after(brief).is_bad());
  EXPECT_FALSE(h.after(brief).after(brief).is_bad());
}

TEST(hog_book, a_task_that_is_heavy_every_other_time_has_no_habit) {
  run_habit h;
  for (int i = 0; i < 100; ++i) {
    h = h.after(i % 2 == 0 ? hog : brief);
    EXPECT_FALSE(h.is_bad()) << i;
  }
}

TEST(hog_book, a_function_has_one_number_whoever_asks) {
  const auto here = std::source_location::current();
  const auto there = std::source_location::current();  // another line: another lambda of the same function
  const auto number = hog_book::id_of(here);
  EXPECT_NE(number, hog_book::nobody);
  EXPECT_NE(number, hog_book::id_of(there));
  EXPECT_EQ(hog_book::record(number).line(), here.line());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) EXPECT_EQ(hog_book::id_of(here), number);
    });
  }
  for (auto& t : threads) t.join();
}

TEST(hog_book, a_hint_is_given_once) {
  hog_record& r = hog_book::record(hog_book::id_of(std::source_location::current()));
  EXPECT_TRUE(r.take_hint());
  EXPECT_FALSE(r.take_hint());
}

TEST(hog_book, a_trial_that_takes_long_is_seen_by_others) {
  hog_record& r = hog_book::record(hog_book::id_of(std::source_location::current()));
  EXPECT_FALSE(r.is_on_trial(nanos_per_second));
  r.begin_trial(nanos_per_second);
  r.begin_trial(nanos_per_second + lengthy_time);
  EXPECT_FALSE(r.is_on_trial(nanos_per_second + lengthy_time));
  EXPECT_TRUE(r.is_on_trial(nanos_per_second + lengthy_time + 1));
  r.end_trial();
  r.end_trial();
  EXPECT_FALSE(r.is_on_trial(2 * nanos_per_second));
}

}  // namespace
}  // namespace hocket::rt::test
