#include "explorer.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <sstream>
#include <utility>

#include "engine.hpp"

namespace hocket::model {

// ---- Modes ----

verdict engine::explore() {
  active_engine = this;
  do {
    run_once();
    if (!failure_.empty()) return failed();
    if (runs_ >= limits_.interleavings) {
      active_engine = nullptr;
      return {.holds = true, .complete = false, .interleavings = runs_, .failure = {}, .path = {}, .trace = {}};
    }
  } while (next_path());
  active_engine = nullptr;
  return {.holds = true, .complete = true, .interleavings = runs_, .failure = {}, .path = {}, .trace = {}};
}

verdict engine::sample(std::uint64_t seed, std::uint64_t runs) {
  active_engine = this;
  random_.seed(seed);
  const unsigned expected = maker_()->threads();
  begin_fibers(expected);
  for (std::uint64_t r = 0; r < runs; ++r) {
    path_.clear();
    constexpr unsigned change_points = 3;
    changes_.clear();
    for (unsigned i = 0; i < change_points; ++i) changes_.push_back(random_() % usual_steps_);
    std::sort(changes_.rbegin(), changes_.rend());
    for (auto& f : fibers_) f->priority = change_points + static_cast<unsigned>(random_() % 1024);
    run_once();
    if (!failure_.empty()) return failed();
    usual_steps_ = steps_ + 1;
  }
  active_engine = nullptr;
  return {.holds = true, .complete = false, .interleavings = runs_, .failure = {}, .path = {}, .trace = {}};
}

verdict engine::replay(std::vector<choice> path) {
  active_engine = this;
  path_ = std::move(path);
  tracing_ = true;
  run_once();
  active_engine = nullptr;
  verdict v;
  v.holds = failure_.empty();
  v.complete = false;
  v.interleavings = 1;
  v.failure = failure_;
  v.path = path_text();
  v.trace = trace_.str();
  return v;
}

verdict engine::failed() {
  active_engine = nullptr;
  path_.resize(depth_);
  verdict v;
  v.holds = false;
  v.complete = false;
  v.interleavings = runs_;
  v.failure = failure_;
  v.path = path_text();
  v.trace = model::replay(maker_, v.path).trace;
  return v;
}

// ---- The door ----

verdict explore(const world_maker& maker, bounds limits) { return engine(maker, limits, mode::exhaustive).explore(); }

verdict sample(const world_maker& maker, std::uint64_t seed, std::uint64_t runs, bounds limits) {
  limits.preemptions = ~0u;
  return engine(maker, limits, mode::random).sample(seed, runs);
}

verdict replay(const world_maker& maker, const std::string& path) {
  std::istringstream in(path);
  bounds limits;
  char letter = 0;
  char equals = 0;
  in >> letter >> limits.preemptions >> letter >> limits.delays;
  std::vector<choice> choices;
  std::size_t at = 0;
  unsigned taken = 0;
  while (in >> at >> equals >> taken) {
    choices.resize(at + 1, {0, ~0u});
    choices[at] = {taken, ~0u};
  }
  return engine(maker, limits, mode::replay).replay(std::move(choices));
}

std::ostream& operator<<(std::ostream& out, const verdict& v) {
  if (v.holds) return out << "holds in " << v.interleavings << " interleavings" << (v.complete ? "" : " (not all)");
  return out << "fails in interleaving " << v.interleavings << ": " << v.failure << "\npath: " << v.path << "\n"
             << v.trace;
}

void check(bool held, const char* what) {
  if (held) return;
  if (!active_engine) {
    std::fprintf(stderr, "model: check outside of a run: %s\n", what);
    std::abort();
  }
  active_engine->fail(what);
}

void yield() { active_engine->yield(); }
unsigned choose(unsigned n) { return active_engine->choose(n); }
std::uint64_t moment() { return active_engine->now(); }

namespace hooks {

bool active() { return active_engine && active_engine->on_fiber(); }
void point(const char* what, const void* where, std::uint64_t value) { active_engine->point(what, where, value); }
bool block(const void* where, bool timed) { return active_engine->block(where, timed); }
void wake(const void* where, unsigned count) { active_engine->wake(where, count); }
bool delay_store(void* where, unsigned size, std::uint64_t value, vector_clock& released, const vector_clock& clock) {
  return active_engine->delay_store({where, size, value, &released, clock});
}
std::memory_order order_at(std::memory_order asked, const std::source_location& where) {
  return active_engine->order_at(asked, where);
}
vector_clock& own_clock() { return active_engine->own_clock(); }
void tick() { active_engine->tick(); }
void plain_access(plain_history& history, bool write) {
  if (active()) active_engine->plain_access(history, write);
}
bool own_store(const void* where, std::uint64_t& value) { return active_engine->own_store(where, value); }
void drain_stores() { active_engine->drain_own(); }

}  // namespace hooks
}  // namespace hocket::model
