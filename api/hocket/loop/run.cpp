#include <hocket/loop/run.hpp>

#include <atomic>
#include <cstdio>

#include <hocket/loop/exception_group.hpp>

namespace hocket {

EventLoop Runner::get_loop() {
  if (closed_) throw RuntimeError("Runner is closed");
  if (!loop_) loop_ = EventLoop(parallel_ ? loop_state::make_parallel(options_) : loop_state::make_serial(options_));
  return loop_;
}

const Context& Runner::get_context() {
  if (!context_) context_ = copy_context();
  return *context_;
}

Runner::~Runner() {
  try {
    close();
  } catch (...) {
    write_default_report(
        ExceptionContext("unhandled exception during asyncio.run() shutdown", std::current_exception()));
  }
}

void Runner::close() {
  constexpr rt::nanos thread_join_timeout = 300 * rt::nanos_per_second;
  if (std::exchange(closed_, true) || !loop_) return;
  const EventLoop loop = std::exchange(loop_, EventLoop());
  loop.state().close(thread_join_timeout);
}

// What Ctrl-C does. A task of a serial loop is asked in its turn; only a request that it accepted is taken back.
struct Runner::main_run::interrupted_main {
  rt::counted_ptr<task_core> task;  // set before the thread waits, which is when Ctrl-C is answered
  std::atomic<bool> was_asked{false};

  static void ask(const std::shared_ptr<interrupted_main>& main, loop_state& loop) {
    if (!main->task) return;
    const auto cancel = [main] {
      if (main->task->cancel("")) main->was_asked.store(true, rt::relaxed);  // order: the run's end publishes it
    };
    if (!loop.home().is_serial()) return cancel();
    (void)loop.try_call_soon(cancel);
  }
};

Runner::main_run::main_run(loop_state& loop)
    : claim_(loop),
      main_(std::make_shared<interrupted_main>()),
      guard_([main = main_, &loop] { interrupted_main::ask(main, loop); }) {}

void Runner::main_run::until_done(task_core& main) {
  main_->task = rt::counted_ptr<task_core>(&main);
  try {
    claim_.until_done(main);
  } catch (...) {
    // What ended the run goes before what the coroutine may have ended with.
    if (main.is_done() && !main.is_cancelled()) main.mark_seen();
    throw;
  }
  if (main_->was_asked.load(rt::relaxed) && main.is_cancelled() && main.uncancel() == 0) throw KeyboardInterrupt();
}

void refuse_nested_run() {
  if (loop_state::running_here()) throw RuntimeError("asyncio.run() cannot be called from a running event loop");
}

int report_escaped() noexcept {
  constexpr int failed = 1, interrupted = 130;
  std::fflush(stdout);
  try {
    throw;
  } catch (const SystemExit& e) {
    return e.code();
  } catch (const KeyboardInterrupt&) {
    std::fputs("KeyboardInterrupt\n", stderr);
    return interrupted;
  } catch (...) {
    std::fprintf(stderr, "%s\n", format_exception(std::current_exception()).c_str());
    return failed;
  }
}

}  // namespace hocket
