#include <hocket/loop/signal_watch.hpp>

#include <fcntl.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <hocket/loop/context.hpp>
#include <hocket/loop/fd_watch.hpp>
#include <hocket/loop/interrupts.hpp>
#include <hocket/loop/loop_state.hpp>
#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/sanitizers.hpp>

namespace hocket {
namespace {

// Where each signal's number goes, and whose it is. A handler that is on its way when its pipe is to be closed is
// waited for.
struct route {
  std::atomic<int> fd{-1};
  std::atomic<bool> is_noted{false};  // it came while the pipe was full
  signal_watches* owner = nullptr;    // guarded by signal_actions_mutex()

  void lead_to(signal_watches* to, int end) noexcept {
    owner = to;
    is_noted.store(false, rt::seq_cst);  // order: S2: none of the new owner's
    fd.store(end, rt::seq_cst);          // order: S1
  }
};
std::array<route, NSIG> routes;
std::atomic<int> on_their_way{0};

route& route_of(int signal) noexcept { return routes[static_cast<std::size_t>(signal)]; }

void wait_for_handlers() noexcept {
  while (on_their_way.load(rt::seq_cst) > 0) std::this_thread::yield();  // order: S1: after the route was taken away
}

void check_signal(int signal) {
  if (signal < 1 || signal >= NSIG) throw ValueError("invalid signal number " + std::to_string(signal));
}

// As CPython: a call that a signal interrupts goes on. Not under ThreadSanitizer: it puts a handler off until the
// thread's next atomic operation, and a wait that goes on would keep it waiting.
constexpr int action_flags = HOCKET_TSAN ? 0 : SA_RESTART;

void set_action(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = action_flags;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(signal, &action, nullptr) == 0) return;
  throw RuntimeError("sig " + std::to_string(signal) + " cannot be caught");
}

}  // namespace

// Atomics and write only.
void on_loop_signal(int signal) noexcept {
  const int saved = errno;
  // order: S1: each side announces itself, then looks for the other; see wait_for_handlers().
  on_their_way.fetch_add(1, rt::seq_cst);
  route& r = route_of(signal);
  if (const int fd = r.fd.load(rt::seq_cst); fd >= 0) {
    const auto number = static_cast<unsigned char>(signal);
    if (::write(fd, &number, 1) < 0) {
      // order: S2: noted before the second write, whose byte says nothing: either that finds room, because the loop has
      // emptied the pipe meanwhile, and wakes it, or the loop has not, and looks here when it did.
      r.is_noted.store(true, rt::seq_cst);
      constexpr unsigned char nothing = 0;
      (void)!::write(fd, &nothing, 1);
    }
  }
  on_their_way.fetch_sub(1, rt::seq_cst);  // order: S1
  errno = saved;
}

void signal_watches::add(int signal, std::function<void()> fn, std::source_location where) {
  check_signal(signal);
  // Called in a copy of the context that is here now; the call_soon below is made elsewhere.
  if (const auto context = copy_of_current_context()) fn = in_context(Context(context), std::move(fn));
  auto fresh = std::make_shared<const handler>(handler{std::move(fn), where});  // the old one ends outside the locks
  const std::lock_guard all(signal_actions_mutex());
  const std::lock_guard guard(mutex_);
  if (is_closed_) throw RuntimeError("Event loop is closed");
  open_pipe();
  route& r = route_of(signal);
  try {
    handlers_[signal].swap(fresh);
    if (r.owner == this) return;
    const bool is_new = r.owner == nullptr;
    r.lead_to(this, write_end_.get());  // before the first one comes
    if (is_new) set_action(signal, &on_loop_signal);
  } catch (...) {
    if (r.owner == this) r.lead_to(nullptr, -1);
    handlers_.erase(signal);
    if (handlers_.empty()) close_pipe();
    throw;
  }
}

bool signal_watches::remove(int signal) {
  check_signal(signal);
  std::shared_ptr<const handler> old;  // ends outside the locks
  const std::lock_guard all(signal_actions_mutex());
  const std::lock_guard guard(mutex_);
  const auto at = handlers_.find(signal);
  if (at == handlers_.end()) return false;
  old = std::move(at->second);
  handlers_.erase(at);
  route& r = route_of(signal);
  const bool was_owner = r.owner == this;
  if (was_owner) {
    if (signal == SIGINT) {
      restore_interrupts();
    } else {
      set_action(signal, SIG_DFL);
    }
    r.lead_to(nullptr, -1);
  }
  if (handlers_.empty()) close_pipe();
  return was_owner;
}

void signal_watches::close() noexcept {
  std::vector<int> left;
  {
    const std::lock_guard guard(mutex_);
    is_closed_ = true;
    for (const auto& [signal, unused] : handlers_) left.push_back(signal);
  }
  for (const int signal : left) remove(signal);
}

// With the mutex.
void signal_watches::open_pipe() {
  if (read_end_) return;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw OSError(errno, std::generic_category().message(errno));
  read_end_ = rt::unique_fd(ends[0]);
  write_end_ = rt::unique_fd(ends[1]);
  try {
    loop_.descriptors().add(ends[0], rt::io_direction::read, [this] { read_pipe(); }, std::source_location::current());
  } catch (...) {
    read_end_.reset();
    write_end_.reset();
    throw;
  }
}

// With the mutex.
void signal_watches::close_pipe() noexcept {
  wait_for_handlers();
  loop_.descriptors().remove(read_end_.get(), rt::io_direction::read);
  read_end_.reset();
  write_end_.reset();
}

// A callback of the loop.
void signal_watches::read_pipe() {
  std::vector<std::shared_ptr<const handler>> due;
  {
    const std::lock_guard guard(mutex_);
    if (!read_end_) return;
    unsigned char numbers[64];
    for (;;) {
      const ssize_t n = ::read(read_end_.get(), numbers, sizeof numbers);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      for (ssize_t i = 0; i < n; ++i) {
        if (const auto at = handlers_.find(numbers[i]); at != handlers_.end()) due.push_back(at->second);
      }
    }
    for (const auto& [signal, h] : handlers_) {
      route& r = route_of(signal);
      if (r.fd.load(rt::seq_cst) != write_end_.get()) continue;       // another loop's now
      if (r.is_noted.exchange(false, rt::seq_cst)) due.push_back(h);  // order: S2
    }
  }
  for (const auto& h : due) {
    if (!loop_.try_call_soon([h] { h->fn(); }, h->where)) return;
  }
}

}  // namespace hocket
