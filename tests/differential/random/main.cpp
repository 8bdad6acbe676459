// Random programs: emits them as data, runs them, or compares their traces with the golden hashes.
//
//   hocket_differential_random --emit N | --run N | --golden FILE   [--first SEED] [--without NUMBER,NUMBER...]
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "program.hpp"

namespace {

using namespace differential::random;

volatile std::sig_atomic_t seed_running;

void on_alarm(int) {
  char text[80];
  const int n =
      std::snprintf(text, sizeof text, "differential: no end within 60 s: seed %ld\n", static_cast<long>(seed_running));
  (void)!::write(2, text, static_cast<std::size_t>(n));
  ::_exit(1);
}

std::string run_seed(std::uint64_t seed, const std::vector<int>& dropped) {
  seed_running = static_cast<std::sig_atomic_t>(seed);
  ::alarm(60);
  std::string trace = trace_of(without(generate(seed), dropped));
  ::alarm(0);
  return trace;
}

/// FNV-1a; interpret.py has it too.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return h;
}

int compare_with(const std::string& path) {
  std::ifstream golden(path);
  std::uint64_t seed = 0;
  std::string expected;
  int equal = 0, wrong = 0;
  while (golden >> seed >> expected) {
    const std::string trace = run_seed(seed, {});
    char hash[17];
    std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(hash_of(trace)));
    if (hash == expected) {
      ++equal;
    } else if (++wrong <= 3) {
      std::printf("DIFFERS seed %llu; hocket's trace:\n%s", static_cast<unsigned long long>(seed), trace.c_str());
    }
  }
  std::printf("%d seeds equal, %d not\n", equal, wrong);
  return wrong == 0 && equal > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string mode, value;
  std::uint64_t first = 1;
  std::vector<int> dropped;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view arg = argv[i];
    if (arg == "--first") {
      first = std::strtoull(argv[i + 1], nullptr, 10);
    } else if (arg == "--without") {
      for (char* at = argv[i + 1]; *at;) {
        dropped.push_back(static_cast<int>(std::strtol(at, &at, 10)));
        if (*at == ',') ++at;
      }
    } else {
      mode = arg;
      value = argv[i + 1];
    }
  }
  std::signal(SIGALRM, &on_alarm);
  if (mode == "--golden") return compare_with(value);
  if (mode != "--emit" && mode != "--run") {
    std::fprintf(stderr, "usage: %s --emit N | --run N | --golden FILE [--first SEED] [--without NUMBERS]\n", argv[0]);
    return 2;
  }
  const std::uint64_t count = std::strtoull(value.c_str(), nullptr, 10);
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const std::string text =
        mode == "--emit" ? to_json(without(generate(seed), dropped)) + "\n" : run_seed(seed, dropped);
    std::printf("# %llu\n%s", static_cast<unsigned long long>(seed), text.c_str());
  }
  return 0;
}
