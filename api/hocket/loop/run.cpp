#include <hocket/loop/run.hpp>

#include <cstdio>

#include <hocket/loop/exception_group.hpp>
#include <hocket/loop/interrupts.hpp>

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

void Runner::close() {
  if (std::exchange(closed_, true) || !loop_) return;
  loop_.close();
  loop_ = EventLoop();
}

void Runner::run_main(loop_state::run_claim& claim, task_core& main) {
  const rt::counted_ptr<task_core> held(&main);
  const interrupt_guard guard([held] { held->cancel(""); });
  claim.until_done(main);
  if (guard.count() > 0 && main.is_cancelled() && main.uncancel() == 0) throw KeyboardInterrupt();
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
