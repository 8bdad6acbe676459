#include <gtest/gtest.h>
#include <hocket/rt/base/env.hpp>

#include <cstdlib>
#include <map>
#include <string>

#include "support/support.hpp"

namespace hocket::rt {
namespace {

using pairs = std::map<std::string, std::string>;

cpu_report cpus(unsigned n, std::optional<double> quota = std::nullopt) {
  std::vector<unsigned> allowed;
  for (unsigned i = 0; i < n; ++i) allowed.push_back(i);
  return weigh_cpus(allowed, quota ? std::optional(cpu_quota{*quota, "/cpu.max"}) : std::nullopt);
}

settings parse(const pairs& env, const cpu_report& on = cpus(8)) {
  return parse_settings(
      [&](const char* name) -> const char* {
        const auto found = env.find(name);
        return found == env.end() ? nullptr : found->second.c_str();
      },
      on, "/nowhere");
}

// The error's line, or "accepted".
std::string complaint(const char* name, const std::string& value, const cpu_report& on = cpus(8)) {
  try {
    parse({{name, value}}, on);
    return "accepted";
  } catch (const env_error& e) {
    return e.what();
  }
}

const env_variable& variable(env_id id) { return env_table[static_cast<std::size_t>(id)]; }

// --- the table ---

TEST(env_table, names_are_ours_and_distinct) {
  for (const auto& v : env_table) {
    EXPECT_TRUE(std::string(v.name).starts_with("HOCKET_")) << v.name;
    EXPECT_LE(v.least, v.most) << v.name;
    EXPECT_FALSE(accepted_text(v).empty()) << v.name;
    EXPECT_NE(std::string(v.meaning), "") << v.name;
    for (const auto& other : env_table) EXPECT_TRUE(&v == &other || std::string(v.name) != other.name);
    for (const char* prefix : env_foreign_prefixes) EXPECT_FALSE(std::string(v.name).starts_with(prefix)) << v.name;
  }
}

TEST(env_table, every_default_is_accepted_and_gives_the_default) {
  for (const auto& v : env_table) {
    const settings unset = parse({}), set = parse({{v.name, v.fallback}});
    EXPECT_EQ(value_text(unset, v.id), value_text(set, v.id)) << v.name;
    EXPECT_EQ(unset.source(v.id), env_source::fallback) << v.name;
    EXPECT_EQ(set.source(v.id), env_source::environment) << v.name;
  }
}

TEST(env_table, every_effective_value_is_accepted_and_gives_itself) {
  const settings s = parse({{"HOCKET_AFFINITY", "0-2,5"},
                            {"HOCKET_SPIN", "1500ns"},
                            {"HOCKET_SEED", "7"},
                            {"HOCKET_DISPLAY_ENV", "verbose"}});
  for (const auto& v : env_table) {
    const auto text = value_text(s, v.id);
    EXPECT_EQ(value_text(parse({{v.name, text}}), v.id), text) << v.name;
  }
}

// What no variable may accept, with the exact line.
TEST(env_table, every_variable_refuses_what_nobody_means) {
  for (const auto& v : env_table) {
    for (const std::string value : {"",
                                    " ",
                                    "text",
                                    "-1",
                                    "+1",
                                    " 1",
                                    "1 ",
                                    "1x",
                                    "0x1",
                                    "1.5",
                                    "1e3",
                                    "99999999999999999999",
                                    "18446744073709551616",
                                    "--1",
                                    "AUTO",
                                    "None",
                                    "On",
                                    "TRUE",
                                    "true",
                                    "yes",
                                    "50 %",
                                    "%",
                                    "101%",
                                    "0%",
                                    "-5%",
                                    "1%%",
                                    "1,",
                                    ",1",
                                    "1-",
                                    "-",
                                    "us",
                                    "-1us",
                                    "1 us",
                                    "1US",
                                    "1m",
                                    "1us1",
                                    "99999999999999999999s",
                                    "18446744073709551615s",
                                    "\xff"}) {
      std::string expected = std::string(v.name) + "=\"" + value + "\" is not accepted: expected " + accepted_text(v);
      if (v.id == env_id::affinity) expected += " (usable: 0-7)";
      EXPECT_EQ(complaint(v.name, value), expected);
    }
  }
}

TEST(env_table, what_is_accepted_is_said_in_words) {
  const auto text = [](env_id id) { return accepted_text(variable(id)); };
  EXPECT_EQ(text(env_id::workers), "a number 1..1024, auto, or 1%..100%");
  EXPECT_EQ(text(env_id::blocking_threads), "a number 1..4096, or auto");
  EXPECT_EQ(text(env_id::affinity), "none, cores, or a list of usable CPUs such as 0-3,8");
  EXPECT_EQ(text(env_id::spin), "0, auto, or a time up to 1ms with its unit (ns, us, ms)");
  EXPECT_EQ(text(env_id::standby), "0, 1, off, or on");
  EXPECT_EQ(text(env_id::poll_interval), "a time from 1us to 100ms with its unit (ns, us, ms)");
  EXPECT_EQ(text(env_id::seed), "a number 0..18446744073709551615, or none");
  EXPECT_EQ(text(env_id::virtual_clock), "0, 1, off, or on");
  EXPECT_EQ(text(env_id::debug), "0, 1, off, or on");
  EXPECT_EQ(text(env_id::display_env), "0, 1, or verbose");
}

TEST(env_table, is_rendered_for_people) {
  const auto text = env_table_text(), markdown = env_table_markdown();
  EXPECT_TRUE(text.starts_with("HOCKET_WORKERS\n    worker threads; ")) << text;
  EXPECT_TRUE(
      markdown.starts_with("| variable | accepts | default | meaning |\n|---|---|---|---|\n| `HOCKET_WORKERS` | "))
      << markdown;
  for (const auto& v : env_table) {
    EXPECT_NE(text.find(v.name), text.npos) << v.name;
    EXPECT_NE(markdown.find(std::string("| `") + v.name + "` | " + accepted_text(v) + " | `" + v.fallback + "` | " +
                            v.meaning + " |\n"),
              markdown.npos)
        << v.name;
    EXPECT_EQ((accepted_text(v) + v.meaning).find('|'), std::string::npos) << "would break the Markdown table";
  }
}

// --- one variable at a time ---

TEST(env_workers, takes_a_number_auto_or_a_share) {
  const auto workers = [](const char* text, const cpu_report& on) {
    return parse({{"HOCKET_WORKERS", text}}, on).workers;
  };
  EXPECT_EQ(workers("1", cpus(8)), 1u);
  EXPECT_EQ(workers("1024", cpus(8)), 1024u);
  EXPECT_EQ(workers("007", cpus(8)), 7u);
  EXPECT_EQ(workers("auto", cpus(8)), 8u);
  EXPECT_EQ(workers("auto", cpus(8, 1.5)), 2u);
  EXPECT_EQ(workers("auto", cpus(2000)), 1024u);
  EXPECT_EQ(workers("100%", cpus(8)), 8u);
  EXPECT_EQ(workers("50%", cpus(8)), 4u);
  EXPECT_EQ(workers("50%", cpus(3)), 1u);
  EXPECT_EQ(workers("50%", cpus(8, 2.5)), 1u);
  EXPECT_EQ(workers("1%", cpus(8)), 1u);
  EXPECT_EQ(workers("100%", cpus(2000)), 1024u);
  EXPECT_EQ(parse({}, cpus(8)).workers, 8u);
}

TEST(env_workers, refuses_the_numbers_beside_its_range) {
  EXPECT_EQ(complaint("HOCKET_WORKERS", "0"),
            "HOCKET_WORKERS=\"0\" is not accepted: expected a number 1..1024, auto, or 1%..100%");
  EXPECT_EQ(complaint("HOCKET_WORKERS", "1025"),
            "HOCKET_WORKERS=\"1025\" is not accepted: expected a number 1..1024, auto, or 1%..100%");
  EXPECT_EQ(complaint("HOCKET_WORKERS", "8x"),
            "HOCKET_WORKERS=\"8x\" is not accepted: expected a number 1..1024, auto, or 1%..100%");
  // Would be 1 if it were cut to 32 bits.
  EXPECT_NE(complaint("HOCKET_WORKERS", "4294967297"), "accepted");
}

TEST(env_blocking_threads, is_as_asyncios_executor_by_default) {
  const auto threads = [](const cpu_report& on) { return parse({}, on).blocking_threads; };
  EXPECT_EQ(threads(cpus(1)), 5u);
  EXPECT_EQ(threads(cpus(8)), 12u);
  EXPECT_EQ(threads(cpus(8, 0.5)), 5u);
  EXPECT_EQ(threads(cpus(64)), 32u);
}

TEST(env_blocking_threads, takes_1_to_4096) {
  EXPECT_EQ(parse({{"HOCKET_BLOCKING_THREADS", "1"}}).blocking_threads, 1u);
  EXPECT_EQ(parse({{"HOCKET_BLOCKING_THREADS", "4096"}}).blocking_threads, 4096u);
  EXPECT_EQ(complaint("HOCKET_BLOCKING_THREADS", "0"),
            "HOCKET_BLOCKING_THREADS=\"0\" is not accepted: expected a number 1..4096, or auto");
  EXPECT_NE(complaint("HOCKET_BLOCKING_THREADS", "4097"), "accepted");
  EXPECT_NE(complaint("HOCKET_BLOCKING_THREADS", "50%"), "accepted");
}

TEST(env_affinity, takes_none_cores_or_a_list) {
  const auto pins = [](const char* text, const cpu_report& on = cpus(8)) {
    return parse({{"HOCKET_AFFINITY", text}}, on).pin_to;
  };
  EXPECT_TRUE(pins("none").empty());
  EXPECT_EQ(pins("cores", cpus(3)), (std::vector<unsigned>{0, 1, 2}));
  EXPECT_EQ(pins("0"), std::vector<unsigned>{0});
  EXPECT_EQ(pins("7"), std::vector<unsigned>{7});
  EXPECT_EQ(pins("3-3"), std::vector<unsigned>{3});
  EXPECT_EQ(pins("0-2,5"), (std::vector<unsigned>{0, 1, 2, 5}));
  EXPECT_EQ(pins("5,0-2"), (std::vector<unsigned>{5, 0, 1, 2}));  // the order is the user's
  EXPECT_TRUE(parse({}).pin_to.empty());
}

TEST(env_affinity, refuses_cpus_that_are_not_usable) {
  const cpu_report odd = weigh_cpus({1, 3, 5}, std::nullopt);
  EXPECT_EQ(parse({{"HOCKET_AFFINITY", "5,1"}}, odd).pin_to, (std::vector<unsigned>{5, 1}));
  EXPECT_EQ(complaint("HOCKET_AFFINITY", "1-3", odd),
            "HOCKET_AFFINITY=\"1-3\" is not accepted: expected none, cores, or a list of usable CPUs such as 0-3,8 "
            "(usable: 1,3,5)");
  for (const char* text : {"8", "0-8", "3-1", "0,,1", "0-1-2", "0-4294967295", "0-18446744073709551615", "4294967296",
                           "0;1", "0 1", "cores,1"}) {
    EXPECT_NE(complaint("HOCKET_AFFINITY", text), "accepted") << text;
  }
}

TEST(env_spin, takes_a_time_with_its_unit) {
  const auto spin = [](const char* text) { return parse({{"HOCKET_SPIN", text}}).spin; };
  EXPECT_EQ(spin("0"), 0);
  EXPECT_EQ(spin("0us"), 0);
  EXPECT_EQ(spin("1ns"), 1);
  EXPECT_EQ(spin("20us"), 20 * nanos_per_us);
  EXPECT_EQ(spin("1ms"), nanos_per_ms);
  EXPECT_EQ(spin("1000us"), nanos_per_ms);
  EXPECT_EQ(spin("1000000ns"), nanos_per_ms);
  EXPECT_EQ(spin("0s"), 0);
}

TEST(env_spin, refuses_a_time_without_its_unit_or_too_long) {
  EXPECT_EQ(complaint("HOCKET_SPIN", "20"),
            "HOCKET_SPIN=\"20\" is not accepted: expected 0, auto, or a time up to 1ms with its unit (ns, us, ms)");
  for (const char* text : {"1000001ns", "1001us", "2ms", "1s", "20usec", "1.5us", "20us "})
    EXPECT_NE(complaint("HOCKET_SPIN", text), "accepted") << text;
}

TEST(env_spin, auto_does_not_spin_where_spinning_costs_work) {
  EXPECT_EQ(parse({}, cpus(8)).spin, 20 * nanos_per_us);
  EXPECT_EQ(parse({}, cpus(3)).spin, 20 * nanos_per_us);
  EXPECT_EQ(parse({}, cpus(2)).spin, 0);
  EXPECT_EQ(parse({}, cpus(1)).spin, 0);
  EXPECT_EQ(parse({}, cpus(8, 4)).spin, 0);
  EXPECT_EQ(parse({}, cpus(8, 16)).spin, 20 * nanos_per_us);  // a quota above the mask takes nothing away
}

TEST(env_flags, take_0_1_off_on) {
  const auto check = [](const char* name, bool settings::* field) {
    EXPECT_TRUE(parse({{name, "1"}}).*field) << name;
    EXPECT_TRUE(parse({{name, "on"}}).*field) << name;
    EXPECT_FALSE(parse({{name, "0"}}).*field) << name;
    EXPECT_FALSE(parse({{name, "off"}}).*field) << name;
    EXPECT_EQ(complaint(name, "2"), std::string(name) + "=\"2\" is not accepted: expected 0, 1, off, or on");
    EXPECT_NE(complaint(name, "00"), "accepted");
  };
  check("HOCKET_STANDBY", &settings::standby);
  check("HOCKET_FOLLOW_QUOTA", &settings::follow_quota);
  check("HOCKET_DEBUG", &settings::debug);
  check("HOCKET_VIRTUAL_CLOCK", &settings::virtual_clock);
  EXPECT_TRUE(parse({}).standby);
  EXPECT_FALSE(parse({}).debug);
  EXPECT_FALSE(parse({}).virtual_clock);
}

TEST(env_budget, takes_0_to_a_million_or_auto) {
  const auto budget = [](const char* text) { return parse({{"HOCKET_BUDGET", text}}).budget; };
  EXPECT_EQ(parse({}).budget, 128u);
  EXPECT_EQ(budget("auto"), 128u);
  EXPECT_EQ(budget("0"), 0u);
  EXPECT_EQ(budget("1"), 1u);
  EXPECT_EQ(budget("1000000"), 1'000'000u);
  for (const char* text : {"1000001", "-1", "128 ", "1e3", "off", "128us", "4294967424"}) {
    EXPECT_NE(complaint("HOCKET_BUDGET", text), "accepted") << text;
  }
}

TEST(env_slice, takes_0_to_100ms_or_auto) {
  const auto slice = [](const char* text) { return parse({{"HOCKET_SLICE", text}}).slice; };
  EXPECT_EQ(parse({}).slice, 100 * nanos_per_us);
  EXPECT_EQ(slice("auto"), 100 * nanos_per_us);
  EXPECT_EQ(slice("0"), 0);
  EXPECT_EQ(slice("1ns"), 1);
  EXPECT_EQ(slice("100ms"), 100 * nanos_per_ms);
  for (const char* text : {"101ms", "1s", "-1us", "100", "1 ms", "off"}) {
    EXPECT_NE(complaint("HOCKET_SLICE", text), "accepted") << text;
  }
}

TEST(env_stall_report, takes_0_to_60s_and_is_on_in_debug_mode) {
  const auto threshold = [](const char* text) { return parse({{"HOCKET_STALL_REPORT", text}}).stall_report; };
  EXPECT_EQ(parse({}).stall_report, 0);
  EXPECT_EQ(parse({{"HOCKET_DEBUG", "1"}}).stall_report, 100 * nanos_per_ms);
  EXPECT_EQ(parse({{"HOCKET_DEBUG", "1"}, {"HOCKET_STALL_REPORT", "0"}}).stall_report, 0);
  EXPECT_EQ(threshold("0"), 0);
  EXPECT_EQ(threshold("25ms"), 25 * nanos_per_ms);
  EXPECT_EQ(threshold("60s"), 60 * nanos_per_second);
  for (const char* text : {"61s", "-1ms", "100", "on", "1", "1h", "100 ms"}) {
    EXPECT_EQ(complaint("HOCKET_STALL_REPORT", text),
              std::string("HOCKET_STALL_REPORT=\"") + text +
                  "\" is not accepted: expected 0, auto, or a time up to 60s with its unit (ns, us, ms)");
  }
}

TEST(env_poll_interval, takes_1us_to_100ms) {
  const auto interval = [](const char* text) { return parse({{"HOCKET_POLL_INTERVAL", text}}).poll_interval; };
  EXPECT_EQ(parse({}).poll_interval, 100 * nanos_per_us);
  EXPECT_EQ(interval("1us"), nanos_per_us);
  EXPECT_EQ(interval("100ms"), 100 * nanos_per_ms);
  for (const char* text : {"0", "0us", "999ns", "100001us", "1s", "auto", "off"})
    EXPECT_NE(complaint("HOCKET_POLL_INTERVAL", text), "accepted") << text;
}

TEST(env_seed, takes_every_64_bit_number) {
  const auto seed = [](const char* text) { return parse({{"HOCKET_SEED", text}}).seed; };
  EXPECT_EQ(parse({}).seed, std::nullopt);
  EXPECT_EQ(seed("none"), std::nullopt);
  EXPECT_EQ(seed("0"), 0u);
  EXPECT_EQ(seed("42"), 42u);
  EXPECT_EQ(seed("18446744073709551615"), ~std::uint64_t{0});
  EXPECT_EQ(complaint("HOCKET_SEED", "18446744073709551616"),
            "HOCKET_SEED=\"18446744073709551616\" is not accepted: expected a number 0..18446744073709551615, or none");
}

TEST(env_display, takes_0_1_verbose) {
  const auto display = [](const char* text) { return parse({{"HOCKET_DISPLAY_ENV", text}}).display; };
  EXPECT_EQ(parse({}).display, env_display::off);
  EXPECT_EQ(display("0"), env_display::off);
  EXPECT_EQ(display("1"), env_display::on);
  EXPECT_EQ(display("verbose"), env_display::verbose);
  EXPECT_NE(complaint("HOCKET_DISPLAY_ENV", "2"), "accepted");
  EXPECT_NE(complaint("HOCKET_DISPLAY_ENV", "Verbose"), "accepted");
}

// --- messages ---

TEST(env_error, stays_on_one_line_whatever_the_value) {
  EXPECT_EQ(complaint("HOCKET_DEBUG", "a\nb\tc\x1b[1m\x7f"),
            "HOCKET_DEBUG=\"a\\x0ab\\x09c\\x1b[1m\\x7f\" is not accepted: expected 0, 1, off, or on");
  EXPECT_EQ(complaint("HOCKET_DEBUG", "\"\\"), "HOCKET_DEBUG=\"\\\"\\\\\" is not accepted: expected 0, 1, off, or on");
}

TEST(env_error, cuts_a_long_value) {
  EXPECT_EQ(complaint("HOCKET_DEBUG", std::string(100'000, '1')),
            "HOCKET_DEBUG=\"" + std::string(80, '1') + "...\" is not accepted: expected 0, 1, off, or on");
}

TEST(env_error, the_first_bad_variable_of_the_table_is_named) {
  try {
    parse({{"HOCKET_DEBUG", "x"}, {"HOCKET_WORKERS", "x"}});
    FAIL();
  } catch (const env_error& e) {
    EXPECT_TRUE(std::string(e.what()).starts_with("HOCKET_WORKERS=\"x\"")) << e.what();
  }
}

TEST(unknown_variables, are_named_with_the_nearest_known_one) {
  using lines = std::vector<std::string>;
  EXPECT_EQ(unknown_variables({"HOCKET_WORKER"}),
            lines{"unknown variable HOCKET_WORKER (did you mean HOCKET_WORKERS?)"});
  EXPECT_EQ(unknown_variables({"HOCKET_WROKERS"}),
            lines{"unknown variable HOCKET_WROKERS (did you mean HOCKET_WORKERS?)"});
  EXPECT_EQ(unknown_variables({"HOCKET_workers"}), lines{"unknown variable HOCKET_workers"});
  EXPECT_EQ(unknown_variables({"HOCKET_BLOCKING_THREAD"}),
            lines{"unknown variable HOCKET_BLOCKING_THREAD (did you mean HOCKET_BLOCKING_THREADS?)"});
  EXPECT_EQ(unknown_variables({"HOCKET_STAND_BY"}),
            lines{"unknown variable HOCKET_STAND_BY (did you mean HOCKET_STANDBY?)"});
  EXPECT_EQ(unknown_variables({"HOCKET_"}), lines{"unknown variable HOCKET_"});
  EXPECT_EQ(unknown_variables({"HOCKET_ENTIRELY_DIFFERENT_THING"}),
            lines{"unknown variable HOCKET_ENTIRELY_DIFFERENT_THING"});
}

TEST(unknown_variables, known_ones_and_those_of_others_pass) {
  std::vector<std::string> names{"PATH",   "HOCKETS", "hocket_workers",   "XHOCKET_WORKER",
                                 "HOCKET", "",        "HOCKET_TEST_SEED", "HOCKET_BENCH_ANY"};
  for (const auto& v : env_table) names.emplace_back(v.name);
  EXPECT_TRUE(unknown_variables(names).empty());
}

TEST(display_text, shows_every_value_with_its_source) {
  const settings s = parse({{"HOCKET_WORKERS", "50%"}, {"HOCKET_SEED", "42"}, {"HOCKET_DISPLAY_ENV", "1"}}, cpus(8));
  EXPECT_EQ(display_text(s, false),
            "HOCKET DISPLAY ENVIRONMENT BEGIN\n"
            "  HOCKET_WORKERS = '4' [environment: 50%]\n"
            "  HOCKET_BLOCKING_THREADS = '12' [default: auto]\n"
            "  HOCKET_AFFINITY = 'none' [default: none]\n"
            "  HOCKET_SPIN = '20us' [default: auto]\n"
            "  HOCKET_STANDBY = '1' [default: 1]\n"
            "  HOCKET_FOLLOW_QUOTA = '1' [default: 1]\n"
            "  HOCKET_LEARN = '1' [default: 1]\n"
            "  HOCKET_FOLLOWERS = '16' [default: auto]\n"
            "  HOCKET_STANDERS = 'auto' [default: auto]\n"
            "  HOCKET_THREAD_SLICE = '100us' [default: auto]\n"
            "  HOCKET_STANDBY_NICE = '19' [default: auto]\n"
            "  HOCKET_POLL_INTERVAL = '100us' [default: 100us]\n"
            "  HOCKET_BUDGET = '128' [default: auto]\n"
            "  HOCKET_SLICE = '100us' [default: auto]\n"
            "  HOCKET_SEED = '42' [environment: 42]\n"
            "  HOCKET_VIRTUAL_CLOCK = '0' [default: 0]\n"
            "  HOCKET_DEBUG = '0' [default: 0]\n"
            "  HOCKET_STALL_REPORT = '0' [default: auto]\n"
            "  HOCKET_DISPLAY_ENV = '1' [environment: 1]\n"
            "HOCKET DISPLAY ENVIRONMENT END\n");
}

TEST(display_text, verbose_adds_meanings_and_cpus) {
  const auto text = display_text(parse({}, cpus(8, 1.5)), true);
  for (const auto& v : env_table) EXPECT_NE(text.find(std::string("      ") + v.meaning + "\n"), text.npos) << v.name;
  EXPECT_NE(text.find("  CPUs: 2 usable: 8 in the affinity mask (0-7), quota of 1.50 CPUs (/cpu.max)\n"), text.npos)
      << text;
}

// --- this process: in a child, because settings are read once ---

using process_settings_death_test = ::testing::Test;

[[noreturn]] void start_with(const pairs& env) {
  for (const auto& v : env_table) ::unsetenv(v.name);
  for (const auto& [name, value] : env) ::setenv(name.c_str(), value.c_str(), 1);
  const settings& s = process_settings();
  ::setenv("HOCKET_WORKERS", "999", 1);  // too late
  const bool once = &s == &process_settings() && s.workers != 999;
  std::fprintf(stderr, "started with %u workers", s.workers);
  std::_Exit(once ? 0 : 1);
}

TEST(process_settings_death_test, a_bad_value_stops_start_up_with_one_line) {
  EXPECT_EXIT(
      start_with({{"HOCKET_WORKERS", "8x"}}), testing::ExitedWithCode(2),
      "^hocket: HOCKET_WORKERS=\"8x\" is not accepted: expected a number 1\\.\\.1024, auto, or 1%\\.\\.100%\n$");
}

TEST(process_settings_death_test, an_empty_value_is_a_bad_value) {
  for (const auto& v : env_table) {
    EXPECT_EXIT(start_with({{v.name, ""}}), testing::ExitedWithCode(2),
                std::string("^hocket: ") + v.name + "=\"\" is not accepted: expected [^\n]+\n$");
  }
}

TEST(process_settings_death_test, an_unknown_name_warns_and_starts) {
  EXPECT_EXIT(start_with({{"HOCKET_WORKER", "3"}, {"HOCKET_WORKERS", "5"}}), testing::ExitedWithCode(0),
              "^hocket: unknown variable HOCKET_WORKER \\(did you mean HOCKET_WORKERS\\?\\)\nstarted with 5 workers$");
}

TEST(process_settings_death_test, the_block_is_printed_on_demand) {
  EXPECT_EXIT(start_with({{"HOCKET_WORKERS", "3"}}), testing::ExitedWithCode(0), "^started with 3 workers$");
  EXPECT_EXIT(start_with({{"HOCKET_WORKERS", "3"}, {"HOCKET_DISPLAY_ENV", "1"}}), testing::ExitedWithCode(0),
              "^HOCKET DISPLAY ENVIRONMENT BEGIN\n  HOCKET_WORKERS = '3' \\[environment: 3\\]\n");
}

}  // namespace
}  // namespace hocket::rt
