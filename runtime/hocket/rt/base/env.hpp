// The environment variables, parsed once and strictly: whole string, base 10, range-checked; empty is an error.
//
// A bad value stops start-up with one line and exit status 2: an operator who sets a variable wants its effect, and a
// default that silently takes its place is found weeks later. Set-user-ID programs ignore every variable.
// The variables are listed in env_table.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/cpu.hpp>
#include <hocket/rt/base/env_table.hpp>

namespace hocket::rt {

inline constexpr nanos debug_stall = 100 * nanos_per_ms;  // asyncio's slow_callback_duration

enum class env_source { fallback, environment };
enum class env_display { off, on, verbose };

/// The effective values. Plain data; a copy is independent.
struct settings {
  unsigned workers = 1;
  unsigned blocking_threads = 1;
  std::vector<unsigned> pin_to;  ///< worker i runs on pin_to[i % size()]; empty: workers are not pinned
  nanos spin = 0;
  bool standby = true;
  bool follow_quota = true;
  bool learns = true;
  unsigned followers = 0;
  unsigned standers = 0;
  nanos thread_slice = 0;
  unsigned standby_nice = 0;
  nanos poll_interval = 0;
  unsigned budget = 0;
  nanos slice = 0;
  std::optional<std::uint64_t> seed;
  bool virtual_clock = false;
  bool debug = false;
  nanos stall_report = 0;
  env_display display = env_display::off;

  std::array<env_source, env_count> sources{};  ///< by env_id
  std::array<std::string, env_count> texts;     ///< by env_id: the text that was parsed, maybe the default's
  cpu_report cpus;                              ///< what `auto` and N% were reckoned from

  env_source source(env_id id) const { return sources[static_cast<std::size_t>(id)]; }
};

/// A value that is not accepted. what() is the line for people, without the leading "hocket: ":
/// `HOCKET_WORKERS="8x" is not accepted: expected a number 1..1024, auto, or 1%..100%`.
class env_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Gives a variable's value, or null when it is not set. Like getenv.
using env_lookup = std::function<const char*(const char* name)>;

/// Pure: reads nothing but its arguments (and, for HOCKET_AFFINITY=cores, the topology below `root`). Throws env_error.
settings parse_settings(const env_lookup& lookup, const cpu_report& cpus, const std::filesystem::path& root = "/");

/// This process's settings, parsed at the first call; later changes of the environment are not seen. Any thread.
/// Does not return on a bad value: prints one line to stderr, flushes stdout and stderr, and leaves by _exit(2),
/// without destructors or atexit handlers. The first call also warns about unknown HOCKET_ names, and prints the block
/// that HOCKET_DISPLAY_ENV asks for.
const settings& process_settings();

/// One line for each HOCKET_ name among `names` that is not in the table:
/// `unknown variable HOCKET_WORKER (did you mean HOCKET_WORKERS?)`.
std::vector<std::string> unknown_variables(const std::vector<std::string>& names);

/// What a variable accepts, in words: "a number 1..1024, auto, or 1%..100%".
std::string accepted_text(const env_variable& variable);

/// A variable's effective value, in the variable's own language: `8`, `20us`, `0-3,8`, `none`.
std::string value_text(const settings& s, env_id id);

/// The block of HOCKET_DISPLAY_ENV: each effective value with its source, one a line.
std::string display_text(const settings& s, bool verbose);

/// The table for a terminal: name, what is accepted, default, meaning. Ends in a newline.
std::string env_table_text();

/// The table as Markdown, which the README holds between `<!-- env-table:begin -->` and `<!-- env-table:end -->`.
/// Ends in a newline.
std::string env_table_markdown();

/// The variable of the table whose name is nearest to `name` by edit distance; null when none is near.
const env_variable* nearest_variable(std::string_view name);

}  // namespace hocket::rt
