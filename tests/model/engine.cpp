#include "engine.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace hocket::model {

engine* active_engine = nullptr;

namespace {

// The stacks of a failed run stay, so that what its unfinished threads hold is still reachable (LeakSanitizer).
std::vector<std::unique_ptr<fiber>>& graveyard() {
  static auto* stacks = new std::vector<std::unique_ptr<fiber>>();
  return *stacks;
}

extern "C" void hocket_model_fiber_entry(unsigned thread) { active_engine->body(thread); }

}  // namespace

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
#if HOCKET_TSAN
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
#if HOCKET_TSAN
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
#if HOCKET_TSAN
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

}  // namespace hocket::model
