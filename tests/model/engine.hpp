// One exploration: runs a world's threads as fibers, chooses who goes on at each step, and keeps the path of choices.
//
// engine.cpp is one run; explorer.cpp says which runs there are.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <source_location>
#include <sstream>
#include <string>
#include <vector>

#include <hocket/rt/base/sanitizers.hpp>

#include "explorer.hpp"

#if HOCKET_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace hocket::model {

constexpr std::size_t stack_size = 64 * 1024;

enum class status { ready, yielded, blocked, blocked_timed, finished };

struct delayed_store {
  void* where;
  unsigned size;
  std::uint64_t value;
  vector_clock* released;
  vector_clock clock;
};

struct fiber {
  std::vector<char> stack = std::vector<char>(stack_size);
  ucontext_t context{};
  status state = status::ready;
  const void* waits_on = nullptr;
  bool timed_out = false;
  std::vector<delayed_store> stores;
  vector_clock clock;
  unsigned priority = 0;  // PCT
#if HOCKET_TSAN
  void* tsan = __tsan_create_fiber(0);
#endif
};

struct choice {
  unsigned taken;
  unsigned of;
};

enum class mode { exhaustive, random, replay };

class engine {
 public:
  engine(const world_maker& maker, bounds limits, mode how) : maker_(maker), limits_(limits), mode_(how) {}

  verdict explore();
  verdict sample(std::uint64_t seed, std::uint64_t runs);
  verdict replay(std::vector<choice> path);

  bool on_fiber() const { return current_ != nobody; }
  std::uint64_t now() const { return steps_; }
  void point(const char* what, const void* where, std::uint64_t value);
  void yield();
  bool block(const void* where, bool timed);
  void wake(const void* where, unsigned count);
  bool delay_store(const delayed_store& store);
  std::memory_order order_at(std::memory_order asked, const std::source_location& where);
  vector_clock& own_clock() { return fibers_[current_]->clock; }
  void tick() { ++own_clock().at[current_]; }
  void plain_access(plain_history& history, bool write);
  bool own_store(const void* where, std::uint64_t& value);
  void drain(unsigned thread);
  void drain_own() { drain(current_); }
  unsigned choose(unsigned n);
  void fail(const std::string& what);
  void body(unsigned thread) noexcept;

 private:
  static constexpr unsigned nobody = ~0u;
  enum class event { run, timeout, commit };
  struct alternative {
    unsigned thread;
    event what;
    unsigned cost;
  };

  void run_once();
  void begin_fibers(unsigned count);
  void switch_to(unsigned next);
  unsigned pick();
  bool revive_yielded(unsigned except);
  void report_deadlock();
  bool next_path();
  unsigned decide(unsigned of, unsigned random_pick);
  unsigned random_alternative(const alternative* options, unsigned n);
  void commit_oldest(unsigned thread);
  void note(const char* what, const void* where, std::uint64_t value);
  std::string path_text() const;
  verdict failed();

  const world_maker& maker_;
  const bounds limits_;
  const mode mode_;

  std::unique_ptr<world> world_;
  std::vector<std::unique_ptr<fiber>> fibers_;
  ucontext_t main_{};
#if HOCKET_TSAN
  void* main_tsan_ = __tsan_get_current_fiber();
#endif
  unsigned current_ = nobody;
  unsigned last_ = nobody;  // who ran before the choice at hand
  unsigned threads_ = 0;
  unsigned preempted_ = 0;
  unsigned delayed_ = 0;
  std::uint64_t steps_ = 0;

  std::vector<choice> path_;
  std::size_t depth_ = 0;
  std::uint64_t runs_ = 0;
  std::string failure_;

  std::mt19937_64 random_;
  std::uint64_t usual_steps_ = 64;
  std::vector<std::uint64_t> changes_;  // PCT: steps at which the running thread falls behind all others

  bool tracing_ = false;
  std::ostringstream trace_;
  std::map<const void*, unsigned> names_;
};

/// Whose fibers run now; null between explorations.
extern engine* active_engine;

}  // namespace hocket::model
