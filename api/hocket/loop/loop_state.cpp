#include <hocket/loop/loop_state.hpp>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>

#include <hocket/loop/call_graph.hpp>
#include <hocket/loop/create_task.hpp>
#include <hocket/loop/creation.hpp>
#include <hocket/loop/executor.hpp>
#include <hocket/loop/fd_watch.hpp>
#include <hocket/loop/generator_book.hpp>
#include <hocket/loop/interrupts.hpp>
#include <hocket/loop/observed_step.hpp>
#include <hocket/loop/serial_loop.hpp>
#include <hocket/loop/signal_watch.hpp>
#include <hocket/loop/task_scope.hpp>
#include <hocket/rt/base/env.hpp>
#include <hocket/rt/coro/origins.hpp>
#include <hocket/rt/sched/thread_context.hpp>

namespace hocket {
namespace {

rt::scheduler_options to_scheduler_options(const RunOptions& o) {
  rt::scheduler_options out;
  out.workers = o.workers;
  out.blocking_threads = o.blocking_threads;
  out.standby = o.standby ? *o.standby : -1;
  out.virtual_clock = o.virtual_clock.value_or(rt::process_settings().virtual_clock);
  // As HOCKET_DEBUG, where nobody said otherwise.
  if (o.debug && rt::process_settings().texts[static_cast<std::size_t>(rt::env_id::stall_report)] == "auto") {
    out.stall_report = *o.debug ? rt::debug_stall : 0;
  }
  if (o.budget) out.budget = static_cast<int>(std::min<unsigned>(*o.budget, INT_MAX));
  out.seed = o.seed ? o.seed : rt::process_settings().seed;
  return out;
}

// The pool that loops of this process share while at least one of them lives; one of its own for a virtual clock or a
// seed.
std::shared_ptr<rt::scheduler> acquire_scheduler(const RunOptions& o) {
  const rt::scheduler_options asked = to_scheduler_options(o);
  if (asked.virtual_clock || asked.seed) return std::make_shared<rt::scheduler>(asked);
  static std::mutex mutex;
  static std::weak_ptr<rt::scheduler> shared;  // guarded by mutex
  const std::lock_guard guard(mutex);
  std::shared_ptr<rt::scheduler> it = shared.lock();
  if (!it) {
    it = std::make_shared<rt::scheduler>(asked);
    shared = it;
  } else if (asked.workers != 0 && asked.workers != it->workers()) {
    throw RuntimeError("this process already runs a pool of " + std::to_string(it->workers()) + " workers; " +
                       std::to_string(asked.workers) + " were asked for");
  }
  return it;
}

class serial_loop final : public loop_state {
 public:
  explicit serial_loop(const RunOptions& o)
      : loop_state(acquire_scheduler(o), o),
        strand_(rt::counted_ptr<serial_strand>::adopt(new serial_strand(sched(), *this))) {}

  rt::task_home& home() noexcept override { return *strand_; }
  rt::task_home& callback_home() noexcept override { return *strand_; }

 private:
  void begin_run(void (*on_stop)(void*), void* argument) override { strand_->begin_run(on_stop, argument); }
  void go() override { strand_->go(); }
  void stop_now(std::uint64_t number) override {
    if (number == run_number()) strand_->stop_soon();
  }
  void stop_at_once(std::uint64_t number) override {
    if (number == run_number()) strand_->stop_at_once();
  }
  void drain_queue() override { strand_->drain(); }

  rt::counted_ptr<serial_strand> strand_;
};

class parallel_loop final : public loop_state {
 public:
  explicit parallel_loop(const RunOptions& o)
      : loop_state(acquire_scheduler(o), o), callbacks_(sched(), static_cast<loop_state*>(this)) {}

  rt::task_home& home() noexcept override { return pool_home(); }
  rt::task_home& callback_home() noexcept override { return callbacks_; }

 private:
  void begin_run(void (*on_stop)(void*), void* argument) override {
    const std::lock_guard guard(mutex_);
    on_stop_ = on_stop;
    argument_ = argument;
  }
  void go() override {
    bool stop = false;
    {
      const std::lock_guard guard(mutex_);
      stop = stop_wanted_ == run_number();
    }
    if (stop) stop_now(run_number());
  }
  void stop_now(std::uint64_t number) override {
    void (*on_stop)(void*) = nullptr;
    void* argument = nullptr;
    {
      const std::lock_guard guard(mutex_);
      if (number < run_number()) return;
      if (number == run_number()) on_stop = std::exchange(on_stop_, nullptr);
      if (!on_stop) stop_wanted_ = number;  // it has not begun
      argument = argument_;
    }
    if (on_stop) on_stop(argument);
  }

  strand_task_home callbacks_;
  std::mutex mutex_;
  void (*on_stop_)(void*) = nullptr;  // guarded by mutex_, as is all below; null between two runs
  void* argument_ = nullptr;
  std::uint64_t stop_wanted_ = 0;  // of which run
};

}  // namespace

rt::counted_ptr<loop_state> loop_state::make_serial(const RunOptions& options) {
  return rt::counted_ptr<loop_state>::adopt(new serial_loop(options));
}

rt::counted_ptr<loop_state> loop_state::make_parallel(const RunOptions& options) {
  return rt::counted_ptr<loop_state>::adopt(new parallel_loop(options));
}

loop_state::loop_state(std::shared_ptr<rt::scheduler> sched, const RunOptions& options)
    : on_unhandled_(options.on_unhandled),
      sched_(std::move(sched)),
      pool_home_(*sched_, this),
      bulk_home_(*sched_, this),
      fd_watches_(std::make_unique<fd_watches>(*this)),
      signal_watches_(std::make_unique<signal_watches>(*this)),
      generators_(std::make_unique<generator_book>(*this)) {
  if (options.debug.value_or(rt::process_settings().debug)) set_debug(true);
  sched_->add_dump_hook(&loop_state::dump_tasks, this);
  hold_clock();
}

loop_state::~loop_state() {
  if (debug()) rt::origins::end();
  // A pool does not join itself: when its own worker drops the last handle of a loop, another thread takes the pool
  // down.
  if (rt::this_thread().sched == sched_.get()) std::thread([last = std::move(sched_)] {}).detach();
}

void loop_state::release_ref() const noexcept {
  // order: L1: all use happens before the end; pairs with itself.
  if (refs_.fetch_sub(1, rt::acq_rel) != 1) return;
  if (!is_closed()) {
    // Closing runs what is left, which may look at the loop: so while it is whole, and with a reference to it.
    refs_.store(1, rt::relaxed);  // order: owner-only: nobody else has one
    auto* const self = const_cast<loop_state*>(this);
    const auto end = [self] {
      try {
        self->close();
      } catch (...) {
        write_default_report(ExceptionContext("unhandled exception while a loop was closed", std::current_exception()));
      }
      self->release_ref();
    };
    // A worker cannot wait for tasks.
    if (rt::this_thread().sched) return std::thread(end).detach();
    return end();
  }
  delete this;
}

loop_state* loop_state::running_here() noexcept {
  const rt::thread_context& context = rt::this_thread();
  if (context.task) return static_cast<loop_state*>(static_cast<rt::task_base*>(context.task)->home().owner());
  return static_cast<loop_state*>(context.loop);
}

rt::task_home& loop_state::home_for_new_task() noexcept {
  const rt::task_base* creator = rt::current_task();
  if (!creator || creator->home().owner() != this) return home();
  return home_for_child_of(creator->home());
}

rt::task_home& loop_state::home_for_child_of(rt::task_home& home) noexcept {
  return &home == &bulk_home_ ? pool_home() : home;
}

rt::task_home* loop_state::serial_home_here() noexcept {
  const rt::task_base* caller = rt::current_task();
  rt::task_home& here = caller ? caller->home() : home();
  return here.is_serial() ? &here : nullptr;
}

bool loop_state::queue_turn(rt::task_home* serial_home, rt::runnable& r) noexcept {
  if (!serial_home) return false;
  if (serial_home->runs_here()) return serial_home->post(r), true;
  auto& loop = *static_cast<loop_state*>(serial_home->owner());
  // order: O3: either this sees that the loop is closed, or close() sees this and waits; pairs with close().
  loop.posters_.fetch_add(1, rt::seq_cst);
  const bool is_open = !loop.closed_.load(rt::seq_cst);
  if (is_open) serial_home->post(r);
  loop.posters_.fetch_sub(1, rt::release);  // order: O3: the last touch
  return is_open;
}

void loop_state::check_closed() const {
  if (is_closed()) throw RuntimeError("Event loop is closed");
}

loop_state::run_claim::run_claim(loop_state& loop) : loop_(loop) {
  loop.check_closed();
  if (loop.is_running()) throw RuntimeError("This event loop is already running");
  if (running_here()) throw RuntimeError("Cannot run the event loop while another loop is running");
  if (!loop.try_claim()) throw RuntimeError("This event loop is already running");
  if (!loop.is_closed()) return;
  loop.end_claim();
  loop.check_closed();
}

loop_state::run_claim::~run_claim() { loop_.end_claim(); }

bool loop_state::try_claim() noexcept {
  std::uint64_t number = run_number();
  // order: L2: with end_claim(): who comes after the claim in which the loop was closed sees it closed.
  return number % 2 == 0 && run_number_.compare_exchange_strong(number, number + 1, rt::acquire, rt::relaxed);
}

void loop_state::end_claim() noexcept { run_number_.fetch_add(1, rt::release); }  // order: L2

// The end of the future that a run waits for. In a serial loop it takes its turn in the ready queue, as CPython's
// callback does. A run may be stopped before; then its end is out of the future, or it comes when nobody cares.
class loop_state::run_end final : public future_waiter, public rt::runnable {
 public:
  run_end(loop_state& loop, std::uint64_t number) noexcept : loop_(loop), number_(number) {
    loop.run_ends_.fetch_add(1, rt::relaxed);  // order: close() comes after, on this thread
  }

  void fire(future_core&) noexcept override {
    loop_state& loop = loop_;
    queue();
    // order: O1: with the load in close(), which waits for this last touch.
    loop.run_ends_.fetch_sub(1, rt::release);
  }
  void queue() noexcept {
    if (rt::task_home& home = loop_.home(); home.is_serial()) {
      home.post(*this);
    } else {
      run();
    }
  }

  void release_ref() noexcept {
    // order: O2: all use happens before the end; pairs with itself.
    if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
  }

 private:
  void run() noexcept override {
    loop_.stop_now(number_);
    release_ref();
  }

  loop_state& loop_;
  const std::uint64_t number_;
  std::atomic<std::uint32_t> refs_{2};  // the run's, and the future's or the queue's
};

void loop_state::run_claim::run(future_core* until) {
  stop_signal stopped;
  stopping_run run{loop_, stopped};
  auto* const end = until ? new run_end(loop_, loop_.run_number()) : nullptr;
  loop_.begin_run(&stopping_run::end, &run);
  if (end && !until->add_waiter(*end)) end->fire(*until);
  {
    // Who arms a timer from elsewhere finds the loop standing, or sees it turn.
    const std::lock_guard guard(loop_.callbacks_mutex_);
    loop_.go();
  }
  // Not before: the tasks of a parallel loop may have ended, or stopped it, by now, and then no time is to pass.
  loop_.release_clock();
  stopped.wait();
  if (end) {
    if (until->remove_waiter(*end)) {
      loop_.run_ends_.fetch_sub(1, rt::relaxed);  // order: close() comes after, on this thread
      end->release_ref();
    }
    end->release_ref();
  }
  std::exception_ptr escaped;
  {
    const std::lock_guard guard(loop_.settings_mutex_);
    escaped = std::exchange(loop_.escaped_, nullptr);
  }
  if (escaped) std::rethrow_exception(escaped);
}

void loop_state::run_claim::until_done(future_core& f) {
  run(&f);
  if (!f.is_done()) throw RuntimeError("Event loop stopped before Future completed.");
}

void loop_state::stop() {
  if (is_closed()) return;
  // From elsewhere it takes its turn, like everything that comes from other threads. In the parallel door, so that the
  // callbacks that were queued before it run first.
  const std::uint64_t now = run_number(), wanted = now % 2 != 0 ? now : now + 1;
  if (home().is_serial() && home().runs_here()) return stop_now(wanted);
  (void)try_call_soon([this, wanted] { stop_now(wanted); });
}

std::uint64_t loop_state::note_escape(std::exception_ptr e) noexcept {
  const std::lock_guard guard(settings_mutex_);
  if (!escaped_) escaped_ = std::move(e);
  const std::uint64_t now = run_number();
  return now % 2 != 0 ? now : now + 1;
}

void loop_state::stop_for(std::uint64_t run) noexcept {
  try {
    if (home().is_serial() && home().runs_here()) return stop_at_once(run);
    (void)try_call_soon([this, run] { stop_now(run); });
  } catch (...) {
    // Memory is out: the run throws it when it ends.
  }
}

void loop_state::stopping_run::end(void* self) {
  auto& run = *static_cast<stopping_run*>(self);
  run.loop.hold_clock();
  run.stopped.set();  // the last touch: the waiting thread may leave at once
}

// With callbacks_mutex_. The list holds a reference.
void loop_state::list(callback& c) noexcept {
  c.add_ref();
  callbacks_.push_back(c);
  c.is_listed_.store(true, rt::relaxed);  // order: a handle's owner comes after, or looks at cancelled_ later
}

// With callbacks_mutex_. The caller takes the reference.
void loop_state::unlist(callback& c) noexcept {
  callbacks_.erase(c);
  c.is_listed_.store(false, rt::release);  // order: C3: the loop may be gone; pairs with the acquire in cancel()
}

std::size_t loop_state::callback_count() const noexcept {
  const std::lock_guard guard(callbacks_mutex_);
  return callbacks_.size();
}

// A virtual clock stands while the loop does: what is pending then must not run on between two calls.
void loop_state::hold_clock() noexcept {
  if (sched_->has_virtual_clock()) sched_->hold_virtual_time();
}

void loop_state::release_clock() noexcept {
  if (sched_->has_virtual_clock()) sched_->release_virtual_time();
}

std::shared_ptr<const ThreadPoolExecutor> loop_state::default_executor() const {
  const std::lock_guard guard(makers_mutex_);
  return default_executor_;
}

void loop_state::set_default_executor(std::shared_ptr<const ThreadPoolExecutor> executor) {
  const std::lock_guard guard(makers_mutex_);
  default_executor_.swap(executor);
}

bool loop_state::uses_default_executor() const noexcept {
  const std::lock_guard guard(makers_mutex_);
  return default_calls_ || default_executor_;
}

rt::counted_ptr<task_scope> loop_state::enter_default_calls() {
  const std::lock_guard guard(makers_mutex_);
  if (default_executor_is_shut_) throw RuntimeError("Executor shutdown has been called");
  if (!default_calls_) {
    // Its future belongs to no loop: it would hold this one.
    const Future<> empty(rt::counted_ptr<future_state<void>>::adopt(new future_state<void>(nullptr)));
    default_calls_ = rt::counted_ptr<task_scope>::adopt(new task_scope(empty));
    default_calls_->enter();  // until the shutdown
  }
  default_calls_->enter();
  return default_calls_;
}

void loop_state::check_default_executor() const {
  const std::lock_guard guard(makers_mutex_);
  if (default_executor_is_shut_) throw RuntimeError("Executor shutdown has been called");
}

rt::counted_ptr<task_scope> loop_state::end_default_calls() noexcept {
  rt::counted_ptr<task_scope> calls;
  bool is_first = false;
  {
    const std::lock_guard guard(makers_mutex_);
    is_first = !std::exchange(default_executor_is_shut_, true);
    calls = default_calls_;
  }
  if (calls && is_first) calls->leave();
  return calls;
}

std::shared_ptr<const TaskFactory> loop_state::locked_task_factory() const {
  const std::lock_guard guard(makers_mutex_);
  return task_factory_;
}

void loop_state::set_task_factory(std::shared_ptr<const TaskFactory> factory) {
  const std::lock_guard guard(makers_mutex_);
  task_factory_.swap(factory);
  has_task_factory_.store(task_factory_ != nullptr, rt::relaxed);  // order: a hint
}

// --- tasks ---

// Spread by id: the registry is touched at every task's begin and end, by every worker.
loop_state::registry_shard& loop_state::shard_of(const task_core& t) noexcept { return shards_[t.id() % shard_count]; }

bool loop_state::add_task(task_core& t) noexcept {
  auto& shard = shard_of(t);
  const std::lock_guard guard(shard.mutex);
  if (shard.takes != intake::all && (shard.takes == intake::none || !is_insider())) [[unlikely]]
    return false;
  t.add_first_ref();  // it is not scheduled yet
  if (debug()) t.begin_debug();
  shard.tasks.push_back(t);
  return true;
}

// A task that is listed from now on looks for itself, by the mutex.
void loop_state::set_debug(bool on) {
  if (debug_.exchange(on, rt::relaxed) == on) return;  // order: as debug()
  on ? rt::origins::begin() : rt::origins::end();
  if (!on) return;
  for (const auto& shard : shards_) {
    const std::lock_guard guard(shard.mutex);
    for (task_core* t = shard.tasks.front(); t; t = shard.tasks.next(*t)) t->observe();
  }
}

void loop_state::remove_task(task_core& t) noexcept {
  auto& shard = shard_of(t);
  const std::lock_guard guard(shard.mutex);
  shard.tasks.erase(t);
}

std::vector<rt::counted_ptr<task_core>> loop_state::tasks() const {
  std::vector<rt::counted_ptr<task_core>> all;
  for (const auto& shard : shards_) {
    const std::lock_guard guard(shard.mutex);
    for (task_core* t = shard.tasks.front(); t; t = shard.tasks.next(*t)) {
      if (!t->is_done()) all.emplace_back(t);
    }
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->id() < b->id(); });
  return all;
}

std::size_t loop_state::task_count() const noexcept {
  std::size_t n = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard guard(shard.mutex);
    n += shard.tasks.size();
  }
  return n;
}

void loop_state::dump_tasks(std::FILE* out, void* self) {
  const auto& loop = *static_cast<loop_state*>(self);
  const auto tasks = loop.tasks();
  std::fprintf(out, "loop %p: %zu tasks\n", self, tasks.size());
  constexpr std::size_t most = 100;
  for (std::size_t i = 0; i < std::min(most, tasks.size()); ++i) {
    std::fprintf(out, "  %s at %s:%u, phase %u\n", tasks[i]->repr().c_str(), tasks[i]->where().file_name(),
                 static_cast<unsigned>(tasks[i]->where().line()), static_cast<unsigned>(tasks[i]->phase()));
  }
  if (tasks.size() > most) std::fprintf(out, "  and %zu more\n", tasks.size() - most);
  if (tasks.empty()) return;
  std::string tree = format_task_tree(loop) + '\n';
  constexpr std::size_t most_lines = 500;
  std::size_t end = 0;
  for (std::size_t lines = 0; lines < most_lines && end < tree.size(); ++lines) end = tree.find('\n', end) + 1;
  if (end < tree.size()) tree.replace(end, std::string::npos, "...\n");
  std::fprintf(out, "who awaits whom:\n%s", tree.c_str());
}

// --- callbacks ---

namespace {

// "12.5": Python's repr of a float, as far as times go.
std::string seconds_text(rt::nanos t) {
  char text[40];
  std::snprintf(text, sizeof text, "%.12g", static_cast<double>(t) * 1e-9);
  return std::string(text).find_first_of(".e") == std::string::npos ? std::string(text) + ".0" : text;
}

// "<lambda>() at file.cpp:12" out of "<Handle <lambda>() at file.cpp:12 created at file.cpp:12>".
std::string bare_callback(const std::string& handle) {
  auto at = handle.find(' ');
  if (at == std::string::npos) return handle;
  if (handle.compare(at, 6, " when=") == 0) at = handle.find(' ', at + 1);
  if (at == std::string::npos) return handle;
  return handle.substr(at + 1, std::min(handle.find(" created at "), handle.size() - 1) - at - 1);
}

}  // namespace

callback::callback(loop_state& loop, std::function<void()> fn, std::source_location where,
                   std::optional<rt::nanos> when, rt::counted_ptr<context_state> context)
    : loop_(loop),
      fn_(std::move(fn)),
      where_(where),
      type_(&fn_.target_type()),
      when_(when),
      has_origin_(loop.debug()) {
  if (has_origin_) rt::origins::note(this);
  if (!context) context = copy_of_current_context();
  if (context) context_.use(std::move(context));
}

std::string callback_text(const std::type_info& type, const std::source_location& where) {
  std::string name = demangled_name(type);
  if (name.find("lambda") != std::string::npos || name.find("$_") != std::string::npos) {
    name = "<lambda>";
  } else if (name.find('(') != std::string::npos) {
    name = "<function>";
  }
  return name + "() at " + where.file_name() + ":" + std::to_string(where.line());
}

std::string created_text(const std::source_location& where) {
  return std::string(" created at ") + where.file_name() + ":" + std::to_string(where.line());
}

std::string callback::repr() const {
  std::string text = when_ ? "<TimerHandle" : "<Handle";
  if (cancelled()) text += " cancelled";
  if (when_) text += " when=" + seconds_text(*when_);
  if (!cancelled()) text += " " + callback_text(*type_, where_);
  if (has_origin_) text += created_text(where_);
  return text + ">";
}

void callback::release_ref() const noexcept {
  // order: C2: all use happens before the end; pairs with itself.
  if (refs_.fetch_sub(1, rt::acq_rel) == 1) delete this;
}

// Both when it is due and when its turn comes. It runs where callbacks run. It is listed until it was called, for a
// loop waits at its end for what is listed.
void callback::run() noexcept {
  rt::task_home& home = loop_.callback_home();
  if (!home.runs_here()) {
    home.post(*this);
    return;
  }
  if (!cancelled()) {
    const context_scope scope(context_);
    loop_.call_as_callback(fn_, [this] { return repr(); }, has_origin_ ? this : nullptr);
  }
  fn_ = nullptr;
  {
    const std::lock_guard guard(loop_.callbacks_mutex_);
    loop_.unlist(*this);
  }
  release_ref();
}

void loop_state::call_as_callback(const std::function<void()>& fn, const std::function<std::string()>& handle_repr,
                                  const void* noted) noexcept {
  rt::thread_context& context = rt::this_thread();
  void* const outer = std::exchange(context.loop, this);
  std::optional<step_time> time;
  if (debug()) time.emplace(*sched_);
  try {
    fn();
  } catch (const KeyboardInterrupt&) {
    escape(std::current_exception());
  } catch (const SystemExit&) {
    escape(std::current_exception());
  } catch (...) {
    const std::string handle = handle_repr();
    ExceptionContext problem("Exception in callback " + bare_callback(handle), std::current_exception(),
                             {{"handle", handle}});
    std::string calls = noted ? source_traceback(noted) : std::string();
    if (!calls.empty()) problem.details.emplace("source_traceback", std::move(calls));
    call_exception_handler(problem);
  }
  if (time) {
    if (const rt::nanos took = time->so_far(); took >= slow_callback_duration()) report_slow(handle_repr(), took);
  }
  context.loop = outer;
}

void callback::cancel() noexcept {
  cancelled_.store(true, rt::release);  // order: C1: pairs with the acquire in cancelled()
  // order: C3: one that was called, or dropped, may outlive its loop.
  if (!is_listed_.load(rt::acquire)) return;
  rt::task_home& home = loop_.callback_home();
  if (home.is_serial() && !home.runs_here()) return;  // it stays in the heap, and does nothing when it is due
  if (!home.cancel(*this)) return;
  {
    const std::lock_guard guard(loop_.callbacks_mutex_);
    loop_.unlist(*this);
  }
  release_ref();
}

rt::counted_ptr<callback> loop_state::try_call_soon(std::function<void()> fn, std::source_location where,
                                                    rt::counted_ptr<context_state> context) {
  auto c =
      rt::counted_ptr<callback>::adopt(new callback(*this, std::move(fn), where, std::nullopt, std::move(context)));
  {
    const std::lock_guard guard(callbacks_mutex_);
    if (is_closed() || !takes_callbacks_) return nullptr;
    list(*c);
  }
  callback_home().post(*c);
  return c;
}

rt::counted_ptr<callback> loop_state::call_soon(std::function<void()> fn, std::source_location where,
                                                rt::counted_ptr<context_state> context) {
  auto c = try_call_soon(std::move(fn), where, std::move(context));
  if (!c) throw RuntimeError("Event loop is closed");
  return c;
}

rt::counted_ptr<callback> loop_state::call_at(rt::nanos when, std::function<void()> fn, std::source_location where) {
  check_closed();
  auto c = rt::counted_ptr<callback>::adopt(new callback(*this, std::move(fn), where, when));
  if (!try_arm(*c)) {
    // From another thread: the heap is the turns' own, so the loop arms it.
    call_soon([this, c] { (void)try_arm(*c); });
  }
  return c;
}

// False while a serial loop turns and the caller is not in the turn. While it stands, callbacks_mutex_ guards its heap.
bool loop_state::try_arm(callback& c) {
  const std::lock_guard guard(callbacks_mutex_);
  if (callback_home().is_turning_elsewhere()) return false;
  if (!takes_callbacks_) throw RuntimeError("Event loop is closed");
  callback_home().arm(c, *c.when());
  list(c);
  return true;
}

}  // namespace hocket
