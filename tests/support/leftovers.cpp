#include "support/leftovers.hpp"

#include <dirent.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

namespace hocket::support {
namespace {

constexpr auto grace = std::chrono::seconds(3);
constexpr auto look_again = std::chrono::milliseconds(5);

int allowed = 0;  // bits of leftover; tests run one after the other
void (*quiesce_function)() = nullptr;
holdings before;

std::vector<std::string> names_in(const char* folder, std::string& own) {
  std::vector<std::string> names;
  DIR* dir = ::opendir(folder);
  if (!dir) return names;
  own = std::to_string(::dirfd(dir));
  while (const dirent* e = ::readdir(dir)) {
    if (e->d_name[0] != '.') names.emplace_back(e->d_name);
  }
  ::closedir(dir);
  return names;
}

std::vector<std::string> added(const std::vector<std::string>& now, const std::vector<std::string>& then) {
  std::vector<std::string> out;
  std::set_difference(now.begin(), now.end(), then.begin(), then.end(), std::back_inserter(out));
  return out;
}

std::string lines(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items) out += "\n    " + item;
  return out;
}

bool is_allowed(leftover what) { return (allowed & static_cast<int>(what)) != 0; }

}  // namespace

holdings holdings::now() {
  holdings h;
  std::string own;
  for (const auto& fd : names_in("/proc/self/fd", own)) {
    if (fd == own) continue;
    char target[256];
    const auto n = ::readlink(("/proc/self/fd/" + fd).c_str(), target, sizeof target);
    if (n >= 0) h.descriptors.push_back(fd + " -> " + std::string(target, static_cast<std::size_t>(n)));
  }
  for (const auto& id : names_in("/proc/self/task", own)) {
    std::string name;
    std::ifstream comm("/proc/self/task/" + id + "/comm");
    // A thread that is leaving may already have no name: then it has left.
    if (std::getline(comm, name)) h.threads.push_back(id + " " + name);
  }
  std::sort(h.descriptors.begin(), h.descriptors.end());
  std::sort(h.threads.begin(), h.threads.end());
  return h;
}

allow_leftovers::allow_leftovers(leftover what, const char* reason) {
  allowed |= static_cast<int>(what);
  ::testing::Test::RecordProperty("allowed_leftovers", reason);
}

void set_quiesce_function(void (*quiesce)()) { quiesce_function = quiesce; }

void begin_leftover_check() {
  allowed = 0;
  before = holdings::now();
}

void end_leftover_check() {
  if (quiesce_function) quiesce_function();
  const auto until = std::chrono::steady_clock::now() + grace;
  for (;;) {
    const holdings now = holdings::now();
    // Counts decide: a thread of the process may have changed its name, a descriptor its target.
    const bool descriptors = !is_allowed(leftover::descriptors) && now.descriptors.size() > before.descriptors.size();
    const bool threads = !is_allowed(leftover::threads) && now.threads.size() > before.threads.size();
    if (!descriptors && !threads) return;
    if (std::chrono::steady_clock::now() >= until) {
      if (descriptors) ADD_FAILURE() << "descriptors left open:" << lines(added(now.descriptors, before.descriptors));
      if (threads) ADD_FAILURE() << "threads left running:" << lines(added(now.threads, before.threads));
      return;
    }
    std::this_thread::sleep_for(look_again);
  }
}

}  // namespace hocket::support
