#include <hocket/loop/interrupts.hpp>

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <mutex>
#include <utility>

#include <hocket/loop/signal_watch.hpp>

namespace hocket {
namespace {

constexpr std::uint32_t stopped = 1, interrupted = 2;

std::atomic<int> interrupts{0};
std::atomic<std::atomic<std::uint32_t>*> waiting_word{nullptr};  // of the main thread
std::atomic<interrupt_guard*> guard_of_main{nullptr};            // changed by the main thread, with the mutex

bool is_main_thread() noexcept { return ::getpid() == ::syscall(SYS_gettid); }

// Async-signal-safe: atomics, sigaction, raise and the futex call only.
void on_sigint(int) {
  if (interrupts.fetch_add(1, rt::relaxed) > 0) {  // order: a count
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    ::sigaction(SIGINT, &standard, nullptr);
    ::raise(SIGINT);
    return;
  }
  // order: I1: pairs with the stores in wait(): the word outlives its being published.
  if (auto* word = waiting_word.load(rt::acquire)) {
    word->fetch_or(interrupted, rt::release);  // order: I2: pairs with the loads in wait()
    rt::futex_wake(*word);
  }
}

}  // namespace

void stop_signal::set() noexcept {
  const std::atomic<std::uint32_t>& word = word_;
  // order: I2: publishes everything the loop did; pairs with the loads in wait(), after which the word may be gone.
  word_.fetch_or(stopped, rt::release);
  rt::futex_wake(word);
}

void stop_signal::wait() {
  interrupt_guard* const guard = is_main_thread() ? guard_of_main.load(rt::relaxed) : nullptr;  // order: its own
  const bool listens = guard != nullptr;
  if (listens) {
    waiting_word.store(&word_, rt::release);  // order: I1
    if (interrupts.load(rt::relaxed) == 1)
      word_.fetch_or(interrupted, rt::relaxed);  // it came before the word was there
  }
  for (;;) {
    const std::uint32_t seen = word_.load(rt::acquire);  // order: I2
    if (seen & stopped) break;
    if (seen & interrupted) {
      word_.fetch_and(~interrupted, rt::relaxed);  // order: this thread's own flag
      if (listens && guard->first_) std::exchange(guard->first_, nullptr)();
      continue;
    }
    rt::futex_wait(word_, seen);
  }
  if (listens) waiting_word.store(nullptr, rt::release);  // order: I1
}

namespace {

void (*sigint_handler())(int) {
  struct sigaction now{};
  return ::sigaction(SIGINT, nullptr, &now) == 0 ? now.sa_handler : SIG_IGN;
}

void handle_sigint_by(void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
}

}  // namespace

rt::futex_mutex& signal_actions_mutex() noexcept {
  static constinit rt::futex_mutex mutex;
  return mutex;
}

interrupt_guard::interrupt_guard(std::function<void()> first) : first_(std::move(first)) {
  if (!is_main_thread()) return;
  const std::lock_guard guard(signal_actions_mutex());
  const auto handler = sigint_handler();
  if (guard_of_main.load(rt::relaxed) || (handler != SIG_DFL && handler != &on_loop_signal)) return;  // order: mutex
  interrupts.store(0, rt::relaxed);        // order: nobody counts
  guard_of_main.store(this, rt::relaxed);  // order: its own, or with the mutex
  if (handler == SIG_DFL) handle_sigint_by(&on_sigint);
  is_in_charge_ = true;
}

interrupt_guard::~interrupt_guard() {
  if (!is_in_charge_) return;
  const std::lock_guard guard(signal_actions_mutex());
  guard_of_main.store(nullptr, rt::relaxed);  // order: as above
  // A loop's add_signal_handler() may have taken the signal meanwhile.
  if (sigint_handler() == &on_sigint) handle_sigint_by(SIG_DFL);
}

void restore_interrupts() noexcept {
  handle_sigint_by(guard_of_main.load(rt::relaxed) ? &on_sigint : SIG_DFL);  // order: with the mutex
}

int interrupt_guard::count() const noexcept { return is_in_charge_ ? interrupts.load(rt::relaxed) : 0; }

}  // namespace hocket
