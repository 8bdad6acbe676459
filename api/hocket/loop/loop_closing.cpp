// How a loop ends: its tasks are cancelled, its generators closed, what it keeps from the program dropped.
#include <hocket/loop/loop_state.hpp>

#include <array>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <hocket/loop/create_task.hpp>
#include <hocket/loop/executor.hpp>
#include <hocket/loop/fd_watch.hpp>
#include <hocket/loop/generator_book.hpp>
#include <hocket/loop/signal_watch.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket {
namespace {

std::atomic<rt::nanos> virtual_spent{0};

}  // namespace

rt::nanos loop_state::virtual_time_spent() noexcept { return virtual_spent.load(rt::relaxed); }  // order: a sum

void loop_state::cancel_leftovers() {
  // Tasks may make tasks while they end: this goes on until there are none. Other threads could go on for ever, and
  // are refused from the second round on.
  for (; task_count() > 0; limit_intake(intake::insiders)) {
    const auto left = tasks();
    if (left.empty()) {
      std::this_thread::yield();  // a worker is at its last step of ending one
      continue;
    }
    run_to_the_end([&] { return create_drain(left); });
    for (const auto& t : left) {
      if (t->is_cancelled()) continue;
      // Who ends with an exit request has ended the run, which is told below.
      if (const std::exception_ptr e = t->take_notice(); e && !is_exit_request(e)) {
        call_exception_handler(
            ExceptionContext("unhandled exception during asyncio.run() shutdown", e, {{"task", t->repr()}}));
      }
    }
  }
}

// Runs what `make` gives: nobody stops a loop that ends. Throws, before it is made, when the loop cannot be run.
template <class F>
void loop_state::run_to_the_end(F make) {
  rt::counted_ptr<future_core> f;
  do {
    run_claim claim(*this);
    if (!f) f = make();
    try {
      claim.run(f.get());
    } catch (...) {
      const std::exception_ptr e = std::current_exception();
      if (is_exit_request(e) && !exit_) {
        exit_ = e;
      } else {
        write_default_report(ExceptionContext("unhandled exception during asyncio.run() shutdown", e));
      }
    }
  } while (!f->is_done());
}

namespace {

void cancel_all(const std::vector<rt::counted_ptr<task_core>>& tasks) {
  for (const auto& t : tasks) t->cancel("");
}

Coro<> drain(std::vector<rt::counted_ptr<task_core>> tasks, bool are_cancelled) {
  if (!are_cancelled) cancel_all(tasks);
  for (const auto& t : tasks) co_await task_end(t);
}

}  // namespace

rt::counted_ptr<future_core> loop_state::create_drain(std::vector<rt::counted_ptr<task_core>> tasks) {
  // A serial loop stands: as in CPython, what is ready is cancelled before it takes another step.
  const bool stands = home().is_serial();
  if (stands) cancel_all(tasks);
  return start_task(*this, home(), drain(std::move(tasks), stands), {});
}

void loop_state::close_generators() {
  if (generators_->is_empty()) return;
  run_to_the_end([&] { return start_task(*this, home(), generators_->shut_down(), {}); });
}

// From now on there are no new tasks, and nobody hands generators over. False when there are some.
bool loop_state::try_end_intake() noexcept {
  std::array<std::unique_lock<rt::futex_mutex>, shard_count> guards;
  for (unsigned i = 0; i < shard_count; ++i) guards[i] = std::unique_lock(shards_[i].mutex);
  for (const auto& shard : shards_) {
    if (!shard.tasks.empty()) return false;
  }
  if (!generators_->try_end_intake()) return false;
  for (auto& shard : shards_) shard.takes = intake::none;
  return true;
}

// Unless another thread has closed it meanwhile.
void loop_state::limit_intake(intake to) noexcept {
  for (auto& shard : shards_) {
    const std::lock_guard guard(shard.mutex);
    if (shard.takes != intake::none) shard.takes = to;
  }
}

bool loop_state::is_insider() const noexcept {
  // order: only the thread that stored its own address can find it.
  return running_here() == this || closer_.load(rt::relaxed) == &rt::this_thread();
}

void loop_state::close(std::optional<rt::nanos> executor_limit) {
  // Its own code may also call while a parallel loop stands; closing would wait for it.
  if (is_running() || running_here() == this) throw RuntimeError("Cannot close a running event loop");
  if (is_closed()) return;
  // Nor does a worker wait for what the pool would have to call.
  if (running_here() && !home().is_serial() && (callback_count() > 0 || fd_watches_->is_in_use()))
    throw RuntimeError("Cannot run the event loop while another loop is running");
  struct closing {
    explicit closing(loop_state& l) : loop(l) {
      loop.generators_->leave_to_shut_down(true);
      loop.closer_.store(&rt::this_thread(), rt::relaxed);  // order: as is_insider()
    }
    ~closing() {
      loop.generators_->leave_to_shut_down(false);
      if (!loop.is_closed()) loop.limit_intake(intake::all);
    }
    loop_state& loop;
  };
  const closing until_it_is_closed(*this);
  // Other threads may still make tasks: those are ended, too, or refused.
  for (bool is_over = false; !is_over;) {
    cancel_leftovers();
    close_generators();
    if (executor_limit && uses_default_executor()) {
      run_to_the_end([&] { return start_task(*this, home(), join_default_executor(*this, *executor_limit), {}); });
      executor_limit.reset();
    }
    if (!try_claim()) {
      if (is_closed()) return;
      throw RuntimeError("Cannot close a running event loop");
    }
    is_over = is_closed() || try_end_intake();
    const bool was_closed = is_over && closed_.exchange(true, rt::seq_cst);  // order: L2, and O3 with queue_turn()
    end_claim();
    if (was_closed) return;
  }
  generators_->close();
  signal_watches_->close();
  fd_watches_->close();
  // order: O1, O3: who ends a future may be at the last step of ending a run, of queueing what follows, or of saying
  // how long it took.
  while (run_ends_.load(rt::acquire) > 0 || posters_.load(rt::seq_cst) > 0 || observed_steps_.load(rt::acquire) > 0) {
    std::this_thread::yield();
  }
  drop_callbacks();
  set_exception_handler(nullptr);  // it may hold what holds the loop
  set_task_factory(nullptr);       // as above
  set_default_executor(nullptr);   // the last handle waits for what was given to it
  if (sched_->has_virtual_clock()) virtual_spent.fetch_add(sched_->now(), rt::relaxed);  // order: a sum
  release_clock();
  sched_->remove_dump_hook(&loop_state::dump_tasks, this);
  if (exit_) std::rethrow_exception(std::exchange(exit_, nullptr));
}

// Those that wait for a deadline are taken out; those that are queued already run as cancelled ones. From now on there
// are no new ones.
void loop_state::drop_callbacks() {
  std::vector<callback*> taken_out;
  {
    const std::lock_guard guard(callbacks_mutex_);
    takes_callbacks_ = false;
    for (callback *c = callbacks_.front(), *next = nullptr; c; c = next) {
      next = callbacks_.next(*c);
      c->cancelled_.store(true, rt::release);  // order: C1: pairs with the acquire in cancelled()
      if (!callback_home().cancel(*c)) continue;
      unlist(*c);
      taken_out.push_back(c);
    }
  }
  for (callback* c : taken_out) c->release_ref();
  // In the parallel door a worker runs them; another thread may be about to post one.
  for (drain_queue(); callback_count() > 0 || fd_watches_->is_in_use(); drain_queue()) std::this_thread::yield();
}

}  // namespace hocket
