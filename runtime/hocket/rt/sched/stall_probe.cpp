#include <hocket/rt/sched/stall_probe.hpp>

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <unwind.h>

#include <atomic>
#include <cerrno>
#include <mutex>

#include <hocket/rt/base/atomics.hpp>
#include <hocket/rt/base/clock.hpp>
#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/worker.hpp>

namespace hocket::rt {
namespace {

constexpr nanos longest_wait = nanos_per_second;
constexpr nanos between_looks = 50 * nanos_per_us;

// Who is asked, and how far that is: the thread's number and a phase in one word, so that a signal that comes late
// answers nobody else's question.
enum phase : std::uint64_t { idle = 0, asked = 1, answering = 2, answered = 3 };
constexpr std::uint64_t word_of(pid_t thread, phase p) noexcept { return static_cast<std::uint64_t>(thread) << 2 | p; }

constinit std::atomic<std::uint64_t> question{idle};
constinit std::atomic<stall_probe::describer> describe{nullptr};
constinit stall_shot shot;  // written by the handler between `answering` and `answered`; read by the asker after that
constinit futex_mutex askers;
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

struct walk {
  stall_shot& out;
  bool is_past_handler = false;
};

_Unwind_Reason_Code note_frame(_Unwind_Context* frame, void* argument) noexcept {
  walk& w = *static_cast<walk*>(argument);
  int is_interrupted = 0;  // the address is the next instruction itself, not one after a call
  const auto at = _Unwind_GetIPInfo(frame, &is_interrupted);
  if (at == 0) return _URC_END_OF_STACK;
  if (is_interrupted && !w.is_past_handler) {
    w.is_past_handler = true;
    w.out.depth = 0;
  }
  if (w.out.depth == stall_shot::deepest) return _URC_END_OF_STACK;
  w.out.at[w.out.depth++] = reinterpret_cast<const void*>(at);
  return _URC_NO_REASON;
}

void walk_stack(stall_shot& out) noexcept {
  walk w{.out = out};
  out.depth = 0;
  _Unwind_Backtrace(note_frame, &w);
  if (!w.is_past_handler) out.depth = 0;  // ThreadSanitizer calls the handler later, from somewhere else
}

void answer(stall_shot& out) noexcept {
  const worker* const self = this_thread().self;
  out.runs = self ? self->counters().runs.read() : 0;
  out.is_declared = self && self->is_declared_hog();
  out.task = {};
  void* const task = self ? self->runs_task() : nullptr;
  out.task_address = task;
  const auto d = describe.load(relaxed);  // order: written before the first thread
  if (task && d) d(task, out.task);
  walk_stack(out);
}

void on_signal(int, siginfo_t* info, void*) noexcept {
  const int error = errno;
  if (info->si_code == SI_QUEUE && info->si_value.sival_ptr == &question) {
    const pid_t self = ::gettid();
    std::uint64_t expected = word_of(self, asked);
    // order: P1: the shot is this thread's from here on.
    if (question.compare_exchange_strong(expected, word_of(self, answering), acquire, relaxed)) {
      answer(shot);
      question.store(word_of(self, answered), release);  // order: P1: publishes the shot
    }
  }
  errno = error;
}

bool is_ours() noexcept {
  struct sigaction now{};
  return sigaction(stall_probe::signal(), nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) &&
         now.sa_sigaction == on_signal;
}

bool ask(pid_t thread) noexcept {
  siginfo_t info{};
  info.si_signo = stall_probe::signal();
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value.sival_ptr = &question;
  return ::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), thread, stall_probe::signal(), &info) == 0;
}

}  // namespace

bool stall_probe::install() noexcept {
  static const bool installed = [] {
    struct sigaction before{};
    if (sigaction(signal(), nullptr, &before) != 0 || before.sa_handler != SIG_DFL) return false;
    stall_shot warm;  // what the unwinder prepares at its first use is not to be done in the handler
    walk_stack(warm);
    struct sigaction ours{};
    ours.sa_sigaction = on_signal;
    ours.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&ours.sa_mask);
    return sigaction(signal(), &ours, nullptr) == 0;
  }();
  return installed && is_ours();
}

void stall_probe::begin_thread() noexcept {
  if (!install()) return;  // another's signal stays away from our threads
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal());
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void stall_probe::describe_by(describer d) noexcept { describe.store(d, relaxed); }  // order: as in answer()

bool stall_probe::take(pid_t thread, stall_shot& out) noexcept {
  const std::lock_guard alone(askers);
  if (!is_ours()) return false;
  // order: P1: nobody answers before the signal.
  question.store(word_of(thread, asked), release);
  const bool sent = ask(thread);
  const nanos until = steady_now() + longest_wait;
  const timespec pause{.tv_sec = 0, .tv_nsec = between_looks};
  while (question.load(acquire) != word_of(thread, answered)) {  // order: P1
    std::uint64_t expected = word_of(thread, asked);
    if ((!sent || steady_now() >= until) && question.compare_exchange_strong(expected, idle, relaxed)) return false;
    ::nanosleep(&pause, nullptr);
  }
  out = shot;
  question.store(idle, relaxed);  // order: the next question's store
  return true;
}

}  // namespace hocket::rt
