// Runs the scenarios and prints their traces, or compares them with the golden ones, which CPython 3.13 gave.
//
//   hocket_differential [--list] [--only [AREA.]NAME] [--golden FOLDER]
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scenario.hpp"

namespace differential {

namespace {

struct entry {
  std::string name;
  std::variant<Coro<> (*)(), void (*)()> run;
};

// By area; within one in the order of the file.
std::map<std::string, std::vector<entry>>& entries() {
  static std::map<std::string, std::vector<entry>> all;
  return all;
}

std::string stem(std::string_view file) {
  file.remove_prefix(file.rfind('/') + 1);
  return std::string(file.substr(0, file.find('.')));
}

std::mutex trace_mutex;
std::string trace;  // guarded by trace_mutex: a scenario may use threads
char now_running[256];

/// The scenario stands still: says which, and ends.
void on_alarm(int) {
  constexpr char text[] = "differential: no end within 60 s: ";
  (void)!::write(2, text, sizeof text - 1);
  (void)!::write(2, now_running, std::strlen(now_running));
  (void)!::write(2, "\n", 1);
  ::_exit(1);
}

std::string trace_of(const std::string& area, const entry& e) {
  std::snprintf(now_running, sizeof now_running, "%s.%s", area.c_str(), e.name.c_str());
  trace.clear();
  ::alarm(60);
  try {
    if (const auto* scenario = std::get_if<0>(&e.run)) {
      run((*scenario)());
    } else {
      std::get<1>(e.run)();
    }
  } catch (...) {
    say("escaped:", describe(std::current_exception()));
  }
  ::alarm(0);
  return trace;
}

/// The traces of one golden file, by name.
std::map<std::string, std::string> read_golden(const std::string& path) {
  std::map<std::string, std::string> golden;
  std::ifstream file(path);
  std::string line;
  std::string* current = nullptr;
  while (std::getline(file, line)) {
    if (line.starts_with("# ")) {
      current = &golden[line.substr(2)];
    } else if (current) {
      *current += line + '\n';
    }
  }
  return golden;
}

/// Both traces, with a mark at the lines that differ.
void print_difference(const std::string& area, const std::string& name, const std::string& golden,
                      const std::string& ours) {
  std::printf("DIFFERS %s.%s\n  %-60s | hocket\n", area.c_str(), name.c_str(), "CPython");
  std::istringstream a(golden), b(ours);
  std::string left, right;
  while (true) {
    const bool more_left = static_cast<bool>(std::getline(a, left));
    const bool more_right = static_cast<bool>(std::getline(b, right));
    if (!more_left && !more_right) break;
    if (!more_left) left = "(no line)";
    if (!more_right) right = "(no line)";
    std::printf("%c %-60s | %s\n", left == right ? ' ' : '!', left.c_str(), right.c_str());
  }
}

int compare_with(const std::string& folder, std::string_view only) {
  int equal = 0, wrong = 0;
  for (const auto& [area, list] : entries()) {
    auto golden = read_golden(folder + "/" + area + ".txt");
    for (const entry& e : list) {
      const auto found = golden.find(e.name);
      const bool wanted = only.empty() || only == e.name || only == area + "." + e.name;
      if (wanted && found == golden.end()) {
        std::printf("NO GOLDEN TRACE of %s.%s\n", area.c_str(), e.name.c_str());
        ++wrong;
      } else if (wanted) {
        const std::string ours = trace_of(area, e);
        ours == found->second ? void(++equal) : (++wrong, print_difference(area, e.name, found->second, ours));
      }
      if (found != golden.end()) golden.erase(found);
    }
    for (const auto& [name, text] : golden) {
      std::printf("NO SCENARIO %s.%s, but a golden trace\n", area.c_str(), name.c_str());
      ++wrong;
    }
  }
  std::printf("%d scenarios equal, %d not\n", equal, wrong);
  return wrong == 0 && equal > 0 ? 0 : 1;
}

}  // namespace

registration::registration(const char* file, const char* name, Coro<> (*scenario)()) {
  entries()[stem(file)].push_back({name, scenario});
}
registration::registration(const char* file, const char* name, void (*program)()) {
  entries()[stem(file)].push_back({name, program});
}

void say_line(const std::string& text) {
  std::string time = "-";
  try {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.3f", asyncio::get_running_loop().time());
    time = buffer;
  } catch (const asyncio::RuntimeError&) {
  }
  const std::lock_guard lock(trace_mutex);
  trace += time + text + "\n";
}

Coro<std::string> worker(std::string name, double delay) {
  say(name, "begins");
  try {
    co_await asyncio::sleep(delay);
  } catch (const CancelledError&) {
    say(name, "is cancelled");
    throw;
  }
  say(name, "ends");
  co_return name;
}

int main(int argc, char** argv) {
  std::string only, golden;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--list") {
      for (const auto& [area, list] : entries()) {
        for (const entry& e : list) std::printf("%s.%s\n", area.c_str(), e.name.c_str());
      }
      return 0;
    }
    if (arg == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else if (arg == "--golden" && i + 1 < argc) {
      golden = argv[++i];
    } else {
      std::fprintf(stderr, "usage: %s [--list] [--only [AREA.]NAME] [--golden FOLDER]\n", argv[0]);
      return 2;
    }
  }
  std::signal(SIGALRM, &on_alarm);
  if (!golden.empty()) return compare_with(golden, only);
  for (const auto& [area, list] : entries()) {
    bool first = true;
    for (const entry& e : list) {
      if (!only.empty() && only != e.name && only != area + "." + e.name) continue;
      if (std::exchange(first, false)) std::printf("## %s\n", area.c_str());
      const std::string text = trace_of(area, e);
      std::printf("# %s\n%s", e.name.c_str(), text.c_str());
    }
  }
  return 0;
}

}  // namespace differential

int main(int argc, char** argv) { return differential::main(argc, argv); }
