#include <hocket/rt/base/env.hpp>

#include <sys/auxv.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <numeric>

extern char** environ;

namespace hocket::rt {
namespace {

constexpr nanos auto_spin = 20 * nanos_per_us;
constexpr unsigned fewest_cpus_to_spin =
    3;  // with less a spinner takes half of the machine from whoever makes its work
constexpr std::string_view name_prefix = "HOCKET_";

constexpr bool table_matches_ids() {
  for (std::size_t i = 0; i < env_count; ++i) {
    if (static_cast<std::size_t>(env_table[i].id) != i) return false;
  }
  return true;
}
static_assert(table_matches_ids(), "env_table is indexed by env_id");

// --- small parsers: the whole text or nothing ---

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t least, std::uint64_t most) {
  const auto value = parse_number(text);
  if (!value || *value < least || *value > most) return std::nullopt;
  return value;
}

struct unit {
  std::string_view name;
  nanos size;
};
constexpr std::array<unit, 4> units{{{"ns", 1}, {"us", nanos_per_us}, {"ms", nanos_per_ms}, {"s", nanos_per_second}}};

std::optional<nanos> parse_duration(std::string_view text, std::uint64_t least, std::uint64_t most) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto value = parse_number(text.substr(0, digits));
  if (!value) return std::nullopt;
  for (const unit& u : units) {
    if (text.substr(digits) != u.name) continue;
    std::uint64_t total = 0;
    if (__builtin_mul_overflow(*value, static_cast<std::uint64_t>(u.size), &total)) return std::nullopt;
    if (total < least || total > most) return std::nullopt;
    return static_cast<nanos>(total);
  }
  return std::nullopt;
}

std::optional<bool> parse_flag(std::string_view text) {
  if (text == "1" || text == "on") return true;
  if (text == "0" || text == "off") return false;
  return std::nullopt;
}

// "0-3,8": every CPU named must be among `allowed`, so that a range cannot be longer than that.
std::optional<std::vector<unsigned>> parse_cpu_list(std::string_view text, const std::vector<unsigned>& allowed) {
  std::vector<unsigned> cpus;
  for (;;) {
    const auto comma = text.find(',');
    const auto item = text.substr(0, comma);
    const auto dash = item.find('-');
    const auto first = parse_number(item.substr(0, dash));
    const auto last = dash == item.npos ? first : parse_number(item.substr(dash + 1));
    if (!first || !last || *first > *last) return std::nullopt;
    for (auto cpu = *first; cpu <= *last; ++cpu) {
      if (!std::binary_search(allowed.begin(), allowed.end(), cpu)) return std::nullopt;
      cpus.push_back(static_cast<unsigned>(cpu));
    }
    if (comma == text.npos) return cpus;
    text.remove_prefix(comma + 1);
  }
}

// --- texts ---

std::string duration_text(nanos n) {
  if (n == 0) return "0";
  const unit* best = &units[0];
  for (const unit& u : units) {
    if (n % u.size == 0) best = &u;
  }
  return std::to_string(n / best->size) + std::string(best->name);
}

// Keeps a message on one line and of a readable length, whatever the value holds.
std::string quoted(std::string_view value) {
  constexpr std::size_t longest = 80;
  std::string out = "\"";
  for (const char c : value.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      char hex[5];
      std::snprintf(hex, sizeof hex, "\\x%02x", byte);
      out += hex;
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + (value.size() > longest ? "...\"" : "\"");
}

[[noreturn]] void refuse(const env_variable& variable, std::string_view value, const cpu_report& cpus) {
  std::string line =
      std::string(variable.name) + "=" + quoted(value) + " is not accepted: expected " + accepted_text(variable);
  if (variable.kind == env_kind::affinity) line += " (usable: " + cpu_list_text(cpus.allowed) + ")";
  throw env_error(line);
}

// --- one variable ---

// False when the text is not accepted.
bool assign(settings& s, const env_variable& v, std::string_view text, const std::filesystem::path& root) {
  const auto number = [&](unsigned& field) {
    const auto value = parse_number(text, v.least, v.most);
    if (value) field = static_cast<unsigned>(*value);
    return value.has_value();
  };
  const auto flag = [&](bool& field) {
    const auto value = parse_flag(text);
    if (value) field = *value;
    return value.has_value();
  };
  const auto duration = [&](nanos& field) {
    const auto value = parse_duration(text, v.least, v.most);
    if (value) field = *value;
    return value.has_value();
  };

  switch (v.id) {
    case env_id::workers: {
      const auto most = static_cast<unsigned>(v.most);
      if (text == "auto") return s.workers = std::min(s.cpus.usable, most), true;
      if (!text.ends_with('%')) return number(s.workers);
      const auto percent = parse_number(text.substr(0, text.size() - 1), 1, 100);
      if (!percent) return false;
      s.workers = std::clamp(static_cast<unsigned>(s.cpus.usable * *percent / 100), 1u, most);
      return true;
    }
    case env_id::blocking_threads:
      if (text == "auto") return s.blocking_threads = std::min(32u, s.cpus.usable + 4), true;
      return number(s.blocking_threads);
    case env_id::affinity: {
      if (text == "none") return s.pin_to.clear(), true;
      if (text == "cores") return s.pin_to = cores_first(s.cpus.allowed, root), true;
      auto list = parse_cpu_list(text, s.cpus.allowed);
      if (!list) return false;
      s.pin_to = std::move(*list);
      return true;
    }
    case env_id::spin:
      if (text == "auto")
        return s.spin = s.cpus.usable < fewest_cpus_to_spin || s.cpus.quota_binds() ? 0 : auto_spin, true;
      if (text == "0") return s.spin = 0, true;
      return duration(s.spin);
    case env_id::standby:
      return flag(s.standby);
    case env_id::follow_quota:
      return flag(s.follow_quota);
    case env_id::learn:
      return flag(s.learns);
    case env_id::followers:
      if (text == "auto") return s.followers = std::clamp(4 * s.workers, 8u, 64u), true;
      return number(s.followers);
    case env_id::standers:
      if (text == "auto") return s.standers = 0, true;
      return number(s.standers);
    case env_id::thread_slice:
      if (text == "auto") return s.thread_slice = 100 * nanos_per_us, true;
      if (text == "0") return s.thread_slice = 0, true;
      return duration(s.thread_slice);
    case env_id::standby_nice:
      if (text == "auto") return s.standby_nice = 19, true;
      return number(s.standby_nice);
    case env_id::poll_interval:
      return duration(s.poll_interval);
    case env_id::budget:
      if (text == "auto") return s.budget = 128, true;
      return number(s.budget);
    case env_id::slice:
      if (text == "auto") return s.slice = 100 * nanos_per_us, true;
      if (text == "0") return s.slice = 0, true;
      return duration(s.slice);
    case env_id::seed: {
      if (text == "none") return s.seed.reset(), true;
      s.seed = parse_number(text);
      return s.seed.has_value();
    }
    case env_id::virtual_clock:
      return flag(s.virtual_clock);
    case env_id::debug:
      return flag(s.debug);
    case env_id::stall_report:
      if (text == "auto") return s.stall_report = s.debug ? debug_stall : 0, true;
      if (text == "0") return s.stall_report = 0, true;
      return duration(s.stall_report);
    case env_id::display_env:
      if (text == "verbose") return s.display = env_display::verbose, true;
      if (const auto value = parse_number(text, 0, 1))
        return s.display = *value ? env_display::on : env_display::off, true;
      return false;
    case env_id::count_:
      break;
  }
  return false;
}

// --- this process ---

// getauxval rather than secure_getenv alone: the warning about unknown names walks environ itself.
bool is_secure_process() { return ::getauxval(AT_SECURE) != 0; }

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  for (char** e = environ; e && *e; ++e) {
    const std::string_view pair = *e;
    names.emplace_back(pair.substr(0, pair.find('=')));
  }
  return names;
}

settings read_process_settings() {
  const bool secure = is_secure_process();
  const auto lookup = [secure](const char* name) -> const char* { return secure ? nullptr : ::secure_getenv(name); };
  if (!secure) {
    for (const auto& line : unknown_variables(environment_names())) std::fprintf(stderr, "hocket: %s\n", line.c_str());
  }
  try {
    settings s = parse_settings(lookup, detect_cpus());
    if (s.display != env_display::off) std::fputs(display_text(s, s.display == env_display::verbose).c_str(), stderr);
    return s;
  } catch (const env_error& e) {
    std::fprintf(stderr, "hocket: %s\n", e.what());
    std::fflush(stdout);
    std::fflush(stderr);
    ::_exit(2);
  }
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row.back();
}

}  // namespace

settings parse_settings(const env_lookup& lookup, const cpu_report& cpus, const std::filesystem::path& root) {
  settings s;
  s.cpus = cpus;
  for (std::size_t i = 0; i < env_count; ++i) {
    const env_variable& v = env_table[i];
    const char* value = lookup(v.name);
    s.sources[i] = value ? env_source::environment : env_source::fallback;
    s.texts[i] = value ? value : v.fallback;
    if (!assign(s, v, s.texts[i], root)) refuse(v, s.texts[i], cpus);
  }
  return s;
}

const settings& process_settings() {
  static const settings s = read_process_settings();
  return s;
}

std::string accepted_text(const env_variable& v) {
  const std::string range = std::to_string(v.least) + ".." + std::to_string(v.most);
  switch (v.kind) {
    case env_kind::workers:
      return "a number " + range + ", auto, or 1%..100%";
    case env_kind::count:
      return "a number " + range + ", or auto";
    case env_kind::affinity:
      return "none, cores, or a list of usable CPUs such as 0-3,8";
    case env_kind::spin:
      return "0, auto, or a time up to " + duration_text(static_cast<nanos>(v.most)) + " with its unit (ns, us, ms)";
    case env_kind::duration:
      return "a time from " + duration_text(static_cast<nanos>(v.least)) + " to " +
             duration_text(static_cast<nanos>(v.most)) + " with its unit (ns, us, ms)";
    case env_kind::flag:
      return "0, 1, off, or on";
    case env_kind::seed:
      return "a number " + range + ", or none";
    case env_kind::display:
      return "0, 1, or verbose";
  }
  return {};
}

std::string value_text(const settings& s, env_id id) {
  const auto flag = [](bool on) { return std::string(on ? "1" : "0"); };
  switch (id) {
    case env_id::workers:
      return std::to_string(s.workers);
    case env_id::blocking_threads:
      return std::to_string(s.blocking_threads);
    case env_id::affinity:
      return s.pin_to.empty() ? "none" : cpu_list_text(s.pin_to);
    case env_id::spin:
      return duration_text(s.spin);
    case env_id::standby:
      return flag(s.standby);
    case env_id::follow_quota:
      return flag(s.follow_quota);
    case env_id::learn:
      return flag(s.learns);
    case env_id::followers:
      return std::to_string(s.followers);
    case env_id::standers:
      return s.standers ? std::to_string(s.standers) : "auto";
    case env_id::thread_slice:
      return duration_text(s.thread_slice);
    case env_id::standby_nice:
      return std::to_string(s.standby_nice);
    case env_id::poll_interval:
      return duration_text(s.poll_interval);
    case env_id::budget:
      return std::to_string(s.budget);
    case env_id::slice:
      return duration_text(s.slice);
    case env_id::seed:
      return s.seed ? std::to_string(*s.seed) : "none";
    case env_id::virtual_clock:
      return flag(s.virtual_clock);
    case env_id::debug:
      return flag(s.debug);
    case env_id::stall_report:
      return duration_text(s.stall_report);
    case env_id::display_env:
      return s.display == env_display::verbose ? "verbose" : flag(s.display == env_display::on);
    case env_id::count_:
      break;
  }
  return {};
}

std::string display_text(const settings& s, bool verbose) {
  std::string out = "HOCKET DISPLAY ENVIRONMENT BEGIN\n";
  for (const env_variable& v : env_table) {
    const auto& text = s.texts[static_cast<std::size_t>(v.id)];
    out += std::string("  ") + v.name + " = '" + value_text(s, v.id) + "'";
    out += s.source(v.id) == env_source::environment ? " [environment: " : " [default: ";
    out += text + "]\n";
    if (verbose) out += std::string("      ") + v.meaning + "\n";
  }
  if (verbose) out += "  CPUs: " + s.cpus.describe() + "\n";
  return out + "HOCKET DISPLAY ENVIRONMENT END\n";
}

std::string env_table_text() {
  std::string out;
  for (const env_variable& v : env_table) {
    out += std::string(v.name) + "\n    " + v.meaning + "\n    accepts " + accepted_text(v) + "; default " +
           v.fallback + "\n";
  }
  return out;
}

std::string env_table_markdown() {
  std::string out = "| variable | accepts | default | meaning |\n|---|---|---|---|\n";
  for (const env_variable& v : env_table) {
    out += std::string("| `") + v.name + "` | " + accepted_text(v) + " | `" + v.fallback + "` | " + v.meaning + " |\n";
  }
  return out;
}

const env_variable* nearest_variable(std::string_view name) {
  const env_variable* best = nullptr;
  std::size_t best_distance = 0;
  for (const env_variable& v : env_table) {
    const std::size_t distance = edit_distance(name, v.name);
    if (!best || distance < best_distance) best = &v, best_distance = distance;
  }
  // Beyond half of what follows the prefix, a guess would mislead.
  const std::size_t tail = name.size() > name_prefix.size() ? name.size() - name_prefix.size() : 0;
  return best_distance <= std::max<std::size_t>(2, tail / 2) ? best : nullptr;
}

std::vector<std::string> unknown_variables(const std::vector<std::string>& names) {
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    if (!name.starts_with(name_prefix)) continue;
    const auto named = [&](const env_variable& v) { return name == v.name; };
    const auto foreign = [&](const char* prefix) { return name.starts_with(prefix); };
    if (std::any_of(env_table.begin(), env_table.end(), named)) continue;
    if (std::any_of(env_foreign_prefixes.begin(), env_foreign_prefixes.end(), foreign)) continue;
    std::string line = "unknown variable " + name;
    if (const env_variable* near = nearest_variable(name)) line += std::string(" (did you mean ") + near->name + "?)";
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace hocket::rt
