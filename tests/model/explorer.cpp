#include "explorer.hpp"

#include <ucontext.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <ostream>
#include <random>
#include <sstream>
#include <vector>

#if defined(__SANITIZE_THREAD__)
#define HOCKET_MODEL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HOCKET_MODEL_TSAN 1
#endif
#endif
#if defined(HOCKET_MODEL_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

namespace hocket::model {
namespace {

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
#if defined(HOCKET_MODEL_TSAN)
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
#if defined(HOCKET_MODEL_TSAN)
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

engine* active_engine = nullptr;

// The stacks of a failed run stay, so that what its unfinished threads hold is still reachable (LeakSanitizer).
std::vector<std::unique_ptr<fiber>>& graveyard() {
  static auto* stacks = new std::vector<std::unique_ptr<fiber>>();
  return *stacks;
}

extern "C" void hocket_model_fiber_entry(unsigned thread) { active_engine->body(thread); }

// ---- One run ----

void engine::run_once() {
  preempted_ = delayed_ = 0;
  steps_ = 0;
  depth_ = 0;
  last_ = nobody;
  failure_.clear();
  world_ = maker_();
  threads_ = world_->threads();
  if (threads_ > max_threads) std::abort();
  begin_fibers(threads_);
  const unsigned first = pick();
  if (first != nobody) {
    current_ = first;
#if defined(HOCKET_MODEL_TSAN)
    __tsan_switch_to_fiber(fibers_[first]->tsan, 0);
#endif
    swapcontext(&main_, &fibers_[first]->context);
    current_ = nobody;
  }
  for (unsigned i = 0; i < threads_; ++i) {
    while (!fibers_[i]->stores.empty()) commit_oldest(i);
  }
  if (failure_.empty()) world_->at_end();
  if (!failure_.empty()) {
    for (auto& f : fibers_) graveyard().push_back(std::move(f));
    fibers_.clear();
  }
  world_.reset();
  ++runs_;
}

void engine::begin_fibers(unsigned count) {
  while (fibers_.size() < count) {
    fibers_.push_back(std::make_unique<fiber>());
    getcontext(&fibers_.back()->context);
  }
  for (unsigned i = 0; i < count; ++i) {
    auto& f = *fibers_[i];
    f.state = status::ready;
    f.waits_on = nullptr;
    f.stores.clear();
    f.clock = {};
    f.clock.at[i] = 1;
    f.context.uc_stack.ss_sp = f.stack.data();
    f.context.uc_stack.ss_size = f.stack.size();
    f.context.uc_link = nullptr;
    makecontext(&f.context, reinterpret_cast<void (*)()>(hocket_model_fiber_entry), 1, i);
  }
}

void engine::body(unsigned thread) noexcept {
  try {
    world_->thread(thread);
  } catch (const std::exception& e) {
    fail(std::string("exception: ") + e.what());
  }
  fibers_[thread]->state = status::finished;
  switch_to(pick());
  std::abort();  // a finished fiber is never chosen
}

// `nobody`: the run is over.
void engine::switch_to(unsigned next) {
  const unsigned me = current_;
  if (next == me) return;
  current_ = next;
#if defined(HOCKET_MODEL_TSAN)
  __tsan_switch_to_fiber(next == nobody ? main_tsan_ : fibers_[next]->tsan, 0);
#endif
  swapcontext(&fibers_[me]->context, next == nobody ? &main_ : &fibers_[next]->context);
}

// Who goes on: the running thread, if it can, before all others. What takes the core away from a thread that could go
// on costs a preemption; so does a timeout that comes before threads that are ready. A store buffer is a thread of its
// own.
unsigned engine::pick() {
  for (;;) {
    const bool goes_on = last_ != nobody && fibers_[last_]->state == status::ready;
    const bool may_preempt = preempted_ < limits_.preemptions;
    alternative options[max_threads * 2];
    unsigned n = 0;
    if (goes_on) options[n++] = {last_, event::run, 0};
    if (!goes_on || may_preempt) {
      for (unsigned i = 0; i < threads_; ++i) {
        if (i != last_ && fibers_[i]->state == status::ready) options[n++] = {i, event::run, goes_on};
      }
    }
    const unsigned ready = n;
    if (ready == 0 || may_preempt) {
      for (unsigned i = 0; i < threads_; ++i) {
        if (fibers_[i]->state == status::blocked_timed) options[n++] = {i, event::timeout, ready > 0};
      }
    }
    if (delayed_ > 0 && (!goes_on || may_preempt)) {
      for (unsigned i = 0; i < threads_; ++i) {
        if (!fibers_[i]->stores.empty()) options[n++] = {i, event::commit, goes_on};
      }
    }
    if (n == 0) {
      if (revive_yielded(nobody)) continue;
      report_deadlock();
      return nobody;
    }

    const auto chosen = options[decide(n, n > 1 && mode_ == mode::random ? random_alternative(options, n) : 0)];
    preempted_ += chosen.cost;
    auto& f = *fibers_[chosen.thread];
    if (chosen.what == event::commit) {
      commit_oldest(chosen.thread);
      continue;
    }
    if (chosen.what == event::timeout) f.timed_out = true;
    f.state = status::ready;
    revive_yielded(chosen.thread);
    last_ = chosen.thread;
    return chosen.thread;
  }
}

// Those who let others go first are back in the choice once another thread goes.
bool engine::revive_yielded(unsigned except) {
  bool any = false;
  for (unsigned i = 0; i < threads_; ++i) {
    if (i == except || fibers_[i]->state != status::yielded) continue;
    fibers_[i]->state = status::ready;
    any = true;
  }
  return any;
}

void engine::report_deadlock() {
  for (unsigned i = 0; i < threads_; ++i) {
    if (fibers_[i]->state != status::finished && !world_->is_daemon(i)) {
      return fail("deadlock: thread " + std::to_string(i) + " sleeps for good");
    }
  }
}

unsigned engine::random_alternative(const alternative* options, unsigned n) {
  if (!changes_.empty() && steps_ >= changes_.back()) {
    changes_.pop_back();
    if (last_ != nobody) fibers_[last_]->priority = static_cast<unsigned>(changes_.size());
  }
  if (random_() % 8 == 0) return static_cast<unsigned>(random_() % n);
  unsigned best = 0;
  for (unsigned i = 1; i < n; ++i) {
    if (options[i].what == event::run && fibers_[options[i].thread]->priority > fibers_[options[best].thread]->priority)
      best = i;
  }
  return best;
}

unsigned engine::decide(unsigned of, unsigned random_pick) {
  if (of == 1) return 0;
  if (depth_ == path_.size()) path_.push_back({mode_ == mode::random ? random_pick : 0, of});
  auto& c = path_[depth_++];
  if (c.taken >= of) {
    if (mode_ != mode::replay) {
      std::fprintf(stderr, "model: the world is not deterministic: %u of %u at choice %zu\n", c.taken, of, depth_);
      std::abort();
    }
    c.taken = 0;
  }
  c.of = of;
  return c.taken;
}

// The next path in depth-first order; false when there is none.
bool engine::next_path() {
  path_.resize(depth_);
  while (!path_.empty() && path_.back().taken + 1 == path_.back().of) path_.pop_back();
  if (path_.empty()) return false;
  ++path_.back().taken;
  return true;
}

// ---- What threads do ----

void engine::point(const char* what, const void* where, std::uint64_t value) {
  if (++steps_ > limits_.steps) return fail("livelock: a run of more than " + std::to_string(limits_.steps) + " steps");
  switch_to(pick());
  if (tracing_) note(what, where, value);
}

void engine::yield() {
  if (++steps_ > limits_.steps) return fail("livelock: a run of more than " + std::to_string(limits_.steps) + " steps");
  fibers_[current_]->state = status::yielded;
  switch_to(pick());
}

bool engine::block(const void* where, bool timed) {
  auto& me = *fibers_[current_];
  drain(current_);
  me.waits_on = where;
  me.timed_out = false;
  me.state = timed ? status::blocked_timed : status::blocked;
  if (tracing_) note("sleeps on", where, 0);
  switch_to(pick());
  return !me.timed_out;
}

void engine::wake(const void* where, unsigned count) {
  for (unsigned i = 0; i < threads_ && count > 0; ++i) {
    auto& f = *fibers_[i];
    if ((f.state == status::blocked || f.state == status::blocked_timed) && f.waits_on == where) {
      f.state = status::ready;
      --count;
    }
  }
}

unsigned engine::choose(unsigned n) {
  return n <= 1 ? 0 : decide(n, mode_ == mode::random ? static_cast<unsigned>(random_() % n) : 0);
}

void engine::fail(const std::string& what) {
  if (failure_.empty()) failure_ = what;
  if (current_ == nobody) return;
  current_ = nobody;
#if defined(HOCKET_MODEL_TSAN)
  __tsan_switch_to_fiber(main_tsan_, 0);
#endif
  setcontext(&main_);  // the fiber is left as it is
}

// ---- Store buffers ----

bool engine::delay_store(const delayed_store& store) {
  if (limits_.delays == 0) return false;
  auto& me = *fibers_[current_];
  // A store behind a delayed one waits as well: buffers are first in, first out.
  if (me.stores.empty()) {
    if (delayed_ >= limits_.delays) return false;
    if (decide(2, mode_ == mode::random && random_() % 4 == 0) == 0) return false;
    ++delayed_;
  }
  me.stores.push_back(store);
  if (tracing_) note("  (held back)", store.where, store.value);
  return true;
}

bool engine::own_store(const void* where, std::uint64_t& value) {
  const auto& stores = fibers_[current_]->stores;
  for (auto s = stores.rbegin(); s != stores.rend(); ++s) {
    if (s->where == where) {
      value = s->value;
      return true;
    }
  }
  return false;
}

void engine::commit_oldest(unsigned thread) {
  auto& stores = fibers_[thread]->stores;
  const auto s = stores.front();
  stores.erase(stores.begin());
  std::memcpy(s.where, &s.value, s.size);
  *s.released = s.clock;
  if (tracing_) note("  (becomes visible)", s.where, s.value);
}

void engine::drain(unsigned thread) {
  while (!fibers_[thread]->stores.empty()) commit_oldest(thread);
}

// ---- Orders ----

std::memory_order engine::order_at(std::memory_order asked, const std::source_location& where) {
  if (limits_.weakened && limits_.weakened->same_place(where)) return limits_.weakened->order;
  if (limits_.sites && asked != std::memory_order_relaxed) {
    const auto same = [&](const order_site& s) { return s.same_place(where); };
    if (std::none_of(limits_.sites->begin(), limits_.sites->end(), same)) limits_.sites->push_back({where, asked});
  }
  return asked;
}

void engine::plain_access(plain_history& history, bool write) {
  const auto& mine = own_clock();
  bool ordered = history.written_at <= mine.at[history.writer];
  if (write) {
    for (unsigned i = 0; i < max_threads; ++i) ordered = ordered && history.reads.at[i] <= mine.at[i];
  }
  if (!ordered) fail("data race: plain data is touched by thread " + std::to_string(current_) + " without order");
  if (write) {
    history.writer = current_;
    history.written_at = mine.at[current_];
    history.reads = {};
  } else {
    history.reads.at[current_] = mine.at[current_];
  }
}

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

// "p3 d0 17=1 42=2": the bounds, and the choices that are not the first alternative.
std::string engine::path_text() const {
  std::ostringstream out;
  out << 'p' << limits_.preemptions << " d" << limits_.delays;
  for (std::size_t i = 0; i < path_.size(); ++i) {
    if (path_[i].taken != 0) out << ' ' << i << '=' << path_[i].taken;
  }
  return out.str();
}

void engine::note(const char* what, const void* where, std::uint64_t value) {
  const auto name = names_.try_emplace(where, static_cast<unsigned>(names_.size())).first->second;
  trace_ << "  thread ";
  if (current_ == nobody) {
    trace_ << '-';
  } else {
    trace_ << current_;
  }
  trace_ << "  v" << name << ' ' << what << ' ' << std::hex << value << std::dec << '\n';
}

}  // namespace

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
