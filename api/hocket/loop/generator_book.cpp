#include <hocket/loop/generator_book.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/event_loop.hpp>
#include <hocket/loop/gather.hpp>
#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/base/error.hpp>

namespace hocket {
namespace {

// Of the whole process, so that a generator finds its lock without its loop, which may be gone: a loop that ends looks
// at all of them. A generator's shard is that of its address.
struct alignas(rt::cache_line) generator_shard {
  rt::futex_mutex mutex;
  rt::intrusive_list<async_generator_base> generators;  // guarded by mutex
};
constexpr std::size_t shard_count = 64;

constinit std::array<generator_shard, shard_count> shards;

generator_shard& shard_of(const async_generator_base& g) noexcept {
  return shards[reinterpret_cast<std::uintptr_t>(&g) / 64 % shard_count];
}

Coro<> close_taken(taken_generator g) {
  g.keep();
  co_await generator_close(&*g);
}

}  // namespace

// --- one generator ---

// The first step: the one time that it costs a lock.
void async_generator_base::note_begin(rt::task_base& task) noexcept {
  has_begun_ = true;
  stage_ = stage::begun;
  auto& loop = *static_cast<loop_state*>(task.home().owner());
  generator_book& book = loop.generators();
  number_ = book.begun_.load(rt::relaxed);                // order: a number, exact where the loop is serial
  book.begun_.store(number_ + 1, rt::relaxed);            // order: as above
  if (book.is_shut_.load(rt::relaxed) && loop.debug()) {  // order: a hint
    std::fprintf(
        stderr,
        "%s:%u: ResourceWarning: asynchronous generator %s was scheduled after loop.shutdown_asyncgens() call\n",
        function_.file_name(), static_cast<unsigned>(function_.line()), repr().c_str());
  }
  generator_shard& shard = shard_of(*this);
  const std::lock_guard guard(shard.mutex);
  loop_ = &loop;
  shard.generators.push_back(*this);
}

bool async_generator_base::begin_close() {
  if (is_over()) return false;
  if (is_running()) throw RuntimeError("aclose(): asynchronous generator is already running");
  stage_ = stage::closed;
  if (!has_begun_) return false;
  throw_at_yield(std::make_exception_ptr(GeneratorExit()));
  return true;
}

void async_generator_base::finish_close() {
  if (reset_value()) throw RuntimeError("async generator ignored GeneratorExit");
  try {
    rethrow_error();
  } catch (const GeneratorExit&) {
    // It has ended as it was asked to.
  }
}

bool async_generator_base::begin_throw(std::exception_ptr e) {
  if (!e) throw TypeError("athrow(): an exception was expected, got null");
  if (is_over()) return false;
  if (is_running()) throw RuntimeError("athrow(): asynchronous generator is already running");
  if (stage_ == stage::closed) return false;
  throw_at_yield(std::move(e));
  if (has_begun_) return true;
  stage_ = stage::closed;
  return false;
}

void async_generator_base::drop(bool may_hand_over) noexcept {
  const std::coroutine_handle<> self = self_;
  if (has_begun_) {
    generator_shard& shard = shard_of(*this);
    const std::lock_guard guard(shard.mutex);
    if (taken_) {
      dropped_ = true;
      return;
    }
    if (is_running()) rt::fatal("generator", "%s is destroyed while its next value is awaited", repr().c_str());
    if (loop_) {
      // The loop cannot end while it has this one, for it takes the same lock first.
      loop_state& loop = *std::exchange(loop_, nullptr);
      shard.generators.erase(*this);
      if (may_hand_over && closes_by_loop_ && !self.done() && loop.generators().adopt(*this)) return;
    }
  }
  self.destroy();  // the body's locals are the user's code: outside the lock
}

std::string async_generator_base::repr() const {
  return "<async_generator object " + coroutine_name(function_) + " at " + address_text(self_.address()) + ">";
}

taken_generator::~taken_generator() {
  if (!generator_) return;
  {
    const std::lock_guard guard(shard_of(*generator_).mutex);
    generator_->taken_ = false;
    if (!generator_->dropped_) return;
  }
  if (book_ && book_->adopt_again(*generator_)) return;
  generator_->self_.destroy();
}

// --- those of a loop ---

// With the generator's shard locked, and the loop alive by that.
bool generator_book::adopt(async_generator_base& g) noexcept {
  {
    const std::lock_guard guard(mutex_);
    if (!takes_) return false;
    g.dropped_ = true;
    adopted_.push_back(g);
  }
  try {
    if (loop_.try_call_soon([this] { close_next_adopted(); })) return true;
  } catch (...) {
    // Memory is out.
  }
  const std::lock_guard guard(mutex_);
  if (!g.is_linked()) return true;  // the loop has it, and closes it at its end
  adopted_.erase(g);
  g.dropped_ = false;
  return false;
}

bool generator_book::adopt_again(async_generator_base& g) noexcept {
  const std::lock_guard guard(mutex_);
  if (!takes_) return false;
  adopted_.push_back(g);  // until shut_down()
  return true;
}

// A call for each that was handed over, in their order.
void generator_book::close_next_adopted() {
  if (is_closing_.load(rt::relaxed)) return;  // order: the loop stood
  async_generator_base* g = nullptr;
  {
    const std::lock_guard guard(mutex_);
    g = adopted_.pop_front();
  }
  if (!g) return;    // shut_down() was here first
  g->taken_ = true;  // nobody else has it
  (void)EventLoop(rt::counted_ptr<loop_state>(&loop_)).create_task(close_taken(taken_generator(*g, *this)));
}

std::vector<taken_generator> generator_book::take_all() {
  std::vector<async_generator_base*> all;
  for (generator_shard& shard : shards) {
    const std::lock_guard guard(shard.mutex);
    for (async_generator_base *g = shard.generators.front(), *next = nullptr; g; g = next) {
      next = shard.generators.next(*g);
      if (g->loop_ != &loop_) continue;
      all.push_back(g);
      shard.generators.erase(*g);
      g->loop_ = nullptr;
      g->taken_ = true;
    }
  }
  {
    const std::lock_guard guard(mutex_);
    while (async_generator_base* const g = adopted_.pop_front()) {
      g->taken_ = true;
      all.push_back(g);
    }
  }
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->number_ < b->number_; });
  std::vector<taken_generator> taken;
  taken.reserve(all.size());
  for (async_generator_base* const g : all) taken.emplace_back(*g, *this);
  return taken;
}

Coro<> generator_book::shut_down() {
  is_shut_.store(true, rt::relaxed);  // order: a hint
  std::vector<taken_generator> taken = take_all();
  if (taken.empty()) co_return;
  std::vector<std::string> names;
  std::vector<Coro<>> closing;
  for (taken_generator& g : taken) {
    names.push_back((*g).repr());
    closing.push_back(close_taken(std::move(g)));
  }
  taken.clear();
  auto all = gather(return_exceptions, std::move(closing));
  auto results = co_await all;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::exception_ptr& e = results[i].error();
    if (!e || !is_exception<std::exception>(e)) continue;
    loop_.call_exception_handler(ExceptionContext(
        "an error occurred during closing of asynchronous generator " + names[i], e, {{"asyncgen", names[i]}}));
  }
}

bool generator_book::is_empty() const noexcept {
  {
    const std::lock_guard guard(mutex_);
    if (!adopted_.empty()) return false;
  }
  if (begun_.load(rt::relaxed) == 0) return true;  // order: the loop stands
  for (generator_shard& shard : shards) {
    const std::lock_guard guard(shard.mutex);
    for (async_generator_base* g = shard.generators.front(); g; g = shard.generators.next(*g)) {
      if (g->loop_ == &loop_) return false;
    }
  }
  return true;
}

bool generator_book::try_end_intake() noexcept {
  const std::lock_guard guard(mutex_);
  if (!adopted_.empty()) return false;
  takes_ = false;
  return true;
}

void generator_book::close() noexcept {
  if (begun_.load(rt::relaxed) == 0) return;  // order: the loop is closed
  for (generator_shard& shard : shards) {
    const std::lock_guard guard(shard.mutex);
    for (async_generator_base *g = shard.generators.front(), *next = nullptr; g; g = next) {
      next = shard.generators.next(*g);
      if (g->loop_ != &loop_) continue;
      shard.generators.erase(*g);
      g->loop_ = nullptr;
    }
  }
}

}  // namespace hocket
